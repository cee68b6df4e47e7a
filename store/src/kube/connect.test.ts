import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultingApiserver, type RecordedRequest } from '../testing/faulting-apiserver.ts';
import type { KubeClient } from './client.ts';
import { connect } from './connect.ts';
import { KubeError } from './errors.ts';
import { kinds } from './kinds.ts';

let server: FaultingApiserver;
let client: KubeClient;

beforeEach(async () => {
  server = await FaultingApiserver.start();
  client = connect({
    kubeconfig: server.kubeconfig,
    fieldManager: 'vibed',
    userAgent: 'vibed-test/1',
    requestTimeoutMs: 300,
  });
});

afterEach(() => server.close());

const job = { metadata: { namespace: 'ns', name: 'build', uid: 'u1', resourceVersion: '7' }, spec: { suspend: true } };
const ref = { namespace: 'ns', name: 'build' };

const answer = (status: number, body: unknown = {}, headers: Record<string, string> = {}) => {
  server.answer = () => ({ status, body, headers });
};

function lastRequest(): RecordedRequest & { path: string; query: Record<string, string>; json: unknown } {
  const request = server.requests.at(-1);
  if (request === undefined) throw new Error('nothing was requested');
  const url = new URL(request.url, 'http://double');
  const json: unknown = request.body === '' ? undefined : JSON.parse(request.body);
  return { ...request, path: url.pathname, query: Object.fromEntries(url.searchParams), json };
}

async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('requests', () => {
  test('get names itself, authenticates and says what it accepts', async () => {
    answer(200, { ...job, kind: 'Job' });
    expect(await client.get(kinds.job, ref)).toMatchObject({ kind: 'Job', spec: { suspend: true } });
    expect(lastRequest()).toMatchObject({ method: 'GET', path: '/apis/batch/v1/namespaces/ns/jobs/build', body: '' });
    expect(lastRequest().headers).toMatchObject({
      authorization: 'Bearer token-of-the-double',
      'user-agent': 'vibed-test/1',
      accept: 'application/json',
    });
  });

  test('a cluster-wide kind has no namespace in its path', async () => {
    answer(200, { metadata: { name: 'a' } });
    await client.get(kinds.namespace, { name: 'a' });
    expect(lastRequest().path).toBe('/api/v1/namespaces/a');
  });

  test('create posts the object with its type', async () => {
    answer(201, job);
    await client.create(kinds.job, job);
    expect(lastRequest()).toMatchObject({
      method: 'POST',
      path: '/apis/batch/v1/namespaces/ns/jobs',
      query: { fieldManager: 'vibed-create' },
      json: { apiVersion: 'batch/v1', kind: 'Job', spec: { suspend: true } },
    });
  });

  test('apply is a server-side apply that keeps preconditions and drops managedFields', async () => {
    answer(200, job);
    const read = { ...job, metadata: { ...job.metadata, managedFields: [{ manager: 'x' }] } };
    await client.apply(kinds.job, read);
    const { json, ...request } = lastRequest();
    expect(request).toMatchObject({ method: 'PATCH', query: { fieldManager: 'vibed', force: 'true' } });
    expect(request.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(json).toEqual({ apiVersion: 'batch/v1', kind: 'Job', metadata: job.metadata, spec: job.spec });
    await client.apply(kinds.job, read, { force: false, subresource: 'status' });
    expect(lastRequest()).toMatchObject({
      query: { force: 'false' },
      path: '/apis/batch/v1/namespaces/ns/jobs/build/status',
    });
  });

  test('patches say which kind of patch they are', async () => {
    answer(200, job);
    const operations = [{ op: 'replace', path: '/spec/suspend', value: false }] as const;
    await client.jsonPatch(kinds.job, ref, operations, { subresource: 'status' });
    expect(lastRequest()).toMatchObject({ path: '/apis/batch/v1/namespaces/ns/jobs/build/status', json: operations });
    expect(lastRequest().headers['content-type']).toBe('application/json-patch+json');
    await client.mergePatch(kinds.job, ref, { spec: { suspend: null } });
    expect(lastRequest()).toMatchObject({ json: { spec: { suspend: null } } });
    expect(lastRequest().headers['content-type']).toBe('application/merge-patch+json');
    await client.replace(kinds.job, job, { subresource: 'status' });
    expect(lastRequest()).toMatchObject({ method: 'PUT', json: { metadata: { resourceVersion: '7' } } });
  });

  test('delete carries its preconditions', async () => {
    answer(200);
    await client.delete(kinds.job, ref, {
      uid: 'u1',
      resourceVersion: '7',
      propagation: 'Foreground',
      gracePeriodSeconds: 0,
    });
    expect(lastRequest()).toMatchObject({
      method: 'DELETE',
      json: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u1', resourceVersion: '7' },
        propagationPolicy: 'Foreground',
        gracePeriodSeconds: 0,
      },
    });
    await client.delete(kinds.job, ref);
    expect(lastRequest().json).toEqual({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
  });

  test('list gives items their type, and can be metadata only', async () => {
    for (const name of ['a', 'b', 'c']) server.set(name);
    const page = await client.list(kinds.configMap, { limit: 2, metadataOnly: true, labelSelector: 'a in (b,c)' });
    expect(page).toMatchObject({ resourceVersion: '103', continue: '2', remaining: 1 });
    expect(page.items).toMatchObject([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
      { kind: 'ConfigMap' },
    ]);
    expect(lastRequest().headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    expect(lastRequest().query).toEqual({ limit: '2', labelSelector: 'a in (b,c)' });
    const rest = await client.list(kinds.configMap, { namespace: 'default', continue: '2' });
    expect(rest.items).toHaveLength(1);
    expect(rest).not.toHaveProperty('continue');
  });

  test.each(['', '.', '..'])('the name "%s" never becomes a request on the whole collection', async name => {
    expect(await failureOf(client.delete(kinds.job, { namespace: 'ns', name }))).toMatchObject({ code: 'Invalid' });
    expect(await failureOf(client.delete(kinds.job, { namespace: name, name: 'x' }))).toMatchObject({
      code: 'Invalid',
    });
    expect(server.requests).toEqual([]);
  });

  test('a namespaced object without a namespace is refused', async () => {
    expect(await failureOf(client.get(kinds.job, { name: 'x' }))).toMatchObject({ code: 'Invalid' });
    expect(server.requests).toEqual([]);
  });

  test('a name can not leave its segment', async () => {
    answer(200, job);
    await client.get(kinds.job, { namespace: 'ns', name: 'a/../../b?c' });
    expect(lastRequest().url).toBe('/apis/batch/v1/namespaces/ns/jobs/a%2F..%2F..%2Fb%3Fc');
  });

  test('logs are text, with their options', async () => {
    answer(200, 'one\ntwo\n');
    expect(await client.logs(ref, { container: 'build', tailLines: 5, previous: true })).toBe('one\ntwo\n');
    expect(lastRequest()).toMatchObject({
      path: '/api/v1/namespaces/ns/pods/build/log',
      query: { container: 'build', tailLines: '5', previous: 'true' },
    });
  });

  test('of a long log both ends are read', async () => {
    answer(200, 'one\ntwo\nthree\nfour\n');
    expect(await client.logEnds(ref, { container: 'app' }, { head: 5, tail: 6 })).toEqual({
      head: 'one\n',
      leftOut: { bytes: 10, lines: 2 },
      tail: 'four\n',
    });
    expect(lastRequest()).toMatchObject({ path: '/api/v1/namespaces/ns/pods/build/log', query: { container: 'app' } });
  });

  test('raw speaks JSON, or plain text', async () => {
    answer(200, { groups: [] });
    expect(await client.raw('GET', '/apis')).toEqual({ groups: [] });
    answer(200, 'ok');
    expect(await client.raw('GET', '/readyz')).toBe('ok');
  });

  test('requests share connections', async () => {
    answer(200, job);
    for (let round = 0; round < 10; round += 1) await client.get(kinds.job, ref);
    expect(server.connections).toBeLessThan(4);
  });
});

describe('the first apply to an object that this client created', () => {
  const books = (...entries: [string, string, string?][]) => ({
    ...job,
    metadata: {
      ...job.metadata,
      managedFields: entries.map(([manager, operation, subresource]) => ({ manager, operation, subresource })),
    },
  });
  const created = books(
    ['vibed', 'Apply'],
    ['vibed-create', 'Update'],
    ['kube-controller-manager', 'Update', 'status'],
  );
  const settled = books(['vibed', 'Apply'], ['kube-controller-manager', 'Update', 'status']);
  const methods = () =>
    server.requests.map(request => `${request.method} ${request.headers['content-type']?.split('/')[1]}`);

  test('takes over what was created, and applies again so that dropped fields go', async () => {
    const answers = [created, settled, settled];
    server.answer = () => ({ status: 200, body: answers.shift() });
    await client.apply(kinds.job, job);
    expect(methods()).toEqual(['PATCH apply-patch+yaml', 'PATCH json-patch+json', 'PATCH apply-patch+yaml']);
    expect(JSON.parse(server.requests[1]?.body ?? '')).toEqual([
      { op: 'test', path: '/metadata/managedFields/1/manager', value: 'vibed-create' },
      { op: 'replace', path: '/metadata/managedFields/1/manager', value: 'vibed' },
      { op: 'replace', path: '/metadata/managedFields/1/operation', value: 'Apply' },
      { op: 'test', path: '/metadata/managedFields/0/manager', value: 'vibed' },
      { op: 'test', path: '/metadata/managedFields/0/operation', value: 'Apply' },
      { op: 'remove', path: '/metadata/managedFields/0' },
    ]);
    const { metadata } = JSON.parse(server.requests[2]?.body ?? '');
    expect(metadata).toEqual({ namespace: 'ns', name: 'build', uid: 'u1' });
  });

  test('reads the books again when they changed meanwhile', async () => {
    const conflict = {
      kind: 'Status',
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
    };
    const answers = [
      { status: 200, body: created },
      { status: 422, body: conflict },
    ];
    server.answer = () => answers.shift() ?? { status: 200, body: settled };
    await client.apply(kinds.job, job);
    expect(methods().slice(2)).toEqual(['GET undefined', 'PATCH apply-patch+yaml']);
  });

  test('is the only one that costs more than one request', async () => {
    answer(200, settled);
    await client.apply(kinds.job, job);
    expect(server.requests).toHaveLength(1);
  });
});

const status = (code: number, reason: string, message = 'words', details: object = {}) => ({
  kind: 'Status',
  code,
  reason,
  message,
  details,
});

describe('errors', () => {
  const table: [number, string, string][] = [
    [400, 'BadRequest', 'Invalid'],
    [401, 'Unauthorized', 'Unavailable'],
    [403, 'Forbidden', 'Forbidden'],
    [404, 'NotFound', 'NotFound'],
    [409, 'AlreadyExists', 'AlreadyExists'],
    [409, 'Conflict', 'Conflict'],
    [410, 'Expired', 'Gone'],
    [415, 'UnsupportedMediaType', 'Invalid'],
    [422, 'Invalid', 'Invalid'],
    [429, 'TooManyRequests', 'TooManyRequests'],
    [500, 'InternalError', 'Unavailable'],
    [503, 'ServiceUnavailable', 'Unavailable'],
    [504, 'Timeout', 'Unavailable'],
  ];

  test.each(table)('%i %s is %s', async (code, reason, expected) => {
    answer(code, status(code, reason));
    const error = await failureOf(client.get(kinds.job, ref));
    expect(error).toMatchObject({ code: expected, status: code, reason, message: 'get jobs.batch ns/build: words' });
  });

  test('a quota that is used up can be told from missing rights', async () => {
    const message = 'pods "x" is forbidden: exceeded quota: guard, requested: pods=1, used: pods=5, limited: pods=5';
    answer(403, status(403, 'Forbidden', message));
    expect((await failureOf(client.create(kinds.job, job))).message).toContain('exceeded quota: guard');
  });

  test('Retry-After comes from the header, else from the status', async () => {
    answer(429, status(429, 'TooManyRequests'), { 'retry-after': '4' });
    expect(await failureOf(client.get(kinds.job, ref))).toMatchObject({ retryAfterSeconds: 4 });
    answer(500, status(500, 'ServerTimeout', '', { retryAfterSeconds: 2 }));
    expect(await failureOf(client.get(kinds.job, ref))).toMatchObject({ retryAfterSeconds: 2 });
  });

  test('refused values are never quoted', async () => {
    const causes = [
      { field: 'spec.env[0].value', message: 'Invalid value: "hunter2: \\"x\\"": must be shorter' },
      { field: 'data', message: 'Invalid value: {"password":"hunter2"}: is not a string' },
      { field: 'spec.mode', message: 'Unsupported value: "z": supported values: "a", "b"' },
    ];
    answer(422, status(422, 'Invalid', 'Secret "s" is invalid: data: Invalid value: "hunter2": bad', { causes }));
    const { message } = await failureOf(client.create(kinds.secret, { metadata: { namespace: 'ns', name: 's' } }));
    expect(message).toBe(
      'create secrets ns/s: spec.env[0].value: Invalid value: must be shorter; data: Invalid value: is not a string; ' +
        'spec.mode: Unsupported value: "z": supported values: "a", "b"',
    );
    answer(422, status(422, 'Invalid', 'Secret "s" is invalid: data: Invalid value: "hunter2": bad'));
    expect((await failureOf(client.get(kinds.job, ref))).message).not.toContain('hunter2');
    answer(
      422,
      status(422, 'Invalid', 'data: Invalid value: "": "data" must match; password: Invalid value: "hunt": bad'),
    );
    const summary = (await failureOf(client.get(kinds.job, ref))).message;
    expect(summary).toContain('data: Invalid value: "data" must match; password: Invalid value: bad');
    answer(422, status(422, 'Invalid', 'data: Invalid value: "hunter2, and no end'));
    expect((await failureOf(client.get(kinds.job, ref))).message).not.toContain('hunter2');
  });

  test('a page of HTML is not repeated', async () => {
    answer(502, '<html>bad gateway</html>');
    expect(await failureOf(client.get(kinds.job, ref))).toMatchObject({
      code: 'Unavailable',
      message: 'get jobs.batch ns/build: HTTP 502',
    });
  });

  test.each(['reset', 'hang'] as const)('a connection that suffers %s is Unavailable, with its cause', async fault => {
    server.failNext('other', fault);
    const error = await failureOf(client.get(kinds.job, ref));
    expect(error).toMatchObject({ code: 'Unavailable', status: undefined });
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('an answer that is not JSON is Unavailable', async () => {
    answer(200, '<html>');
    expect(await failureOf(client.get(kinds.job, ref))).toMatchObject({ code: 'Unavailable' });
  });

  test('a failed test of a JSON Patch is a Conflict, an invalid patch stays Invalid', async () => {
    const bare = status(422, 'Invalid', 'the server rejected our request due to an error in our request');
    const operations = [{ op: 'test', path: '/metadata/uid', value: 'u' }] as const;
    answer(422, bare);
    expect(await failureOf(client.jsonPatch(kinds.job, ref, operations))).toMatchObject({ code: 'Conflict' });
    expect(await failureOf(client.jsonPatch(kinds.job, ref, [{ op: 'remove', path: '/x' }]))).toMatchObject({
      code: 'Invalid',
    });
    answer(422, status(422, 'Invalid', 'Job is invalid', { causes: [{ field: 'spec', message: 'Required value' }] }));
    expect(await failureOf(client.jsonPatch(kinds.job, ref, operations))).toMatchObject({ code: 'Invalid' });
  });

  test('an apply to another incarnation is a Conflict', async () => {
    const message = 'Invalid value: "old": field is immutable';
    answer(422, status(422, 'Invalid', 'ConfigMap "a" is invalid', { causes: [{ field: 'metadata.uid', message }] }));
    expect(await failureOf(client.apply(kinds.job, job))).toMatchObject({ code: 'Conflict' });
  });

  test('what an apply does not fit into is Invalid, though the server says 500', async () => {
    const message =
      'failed to create typed patch object (ns/a; /v1, Kind=ConfigMap): .dato: field not declared in schema';
    answer(500, { kind: 'Status', code: 500, message });
    expect(await failureOf(client.apply(kinds.job, job))).toMatchObject({ code: 'Invalid', status: 500 });
    answer(500, { kind: 'Status', code: 500, message: 'etcdserver: request timed out' });
    expect(await failureOf(client.apply(kinds.job, job))).toMatchObject({ code: 'Unavailable' });
  });

  test('a configuration that names no cluster fails at once, with a hint', () => {
    const options = { fieldManager: 'vibed', userAgent: 'test' };
    expect(() => connect({ ...options, kubeconfig: '/nowhere' })).toThrow(KubeError);
    expect(() => connect({ ...options, kubeconfig: server.kubeconfig, context: 'other' })).toThrow(
      'has no such context',
    );
  });
});

describe('a followed log', () => {
  const followed = async (signal: AbortSignal) => {
    let text = '';
    for await (const chunk of client.followLogs(ref, { container: 'c' }, signal)) text += Buffer.from(chunk).toString();
    return text;
  };

  test('comes as it grows and ends with the container', async () => {
    answer(200, 'line\n');
    expect(await followed(new AbortController().signal)).toBe('line\n');
    expect(lastRequest().query).toEqual({ container: 'c', follow: 'true' });
  });

  test('may be silent for longer than a request may take, and ends with its signal', async () => {
    server.failNext('other', 'hang');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 450);
    expect(await followed(stop.signal)).toBe('');
  });

  test('rejects when the connection breaks', async () => {
    server.failNext('other', 'reset-halfway');
    expect(await failureOf(followed(new AbortController().signal))).toMatchObject({ code: 'Unavailable' });
  });

  test('rejects when there is none', async () => {
    answer(404, status(404, 'NotFound'));
    expect(await failureOf(followed(new AbortController().signal))).toMatchObject({ code: 'NotFound' });
  });
});
