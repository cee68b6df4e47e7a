// The document, as a generator of clients reads it; and that the server answers as it says.
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { startTestServer } from '../app.testing.ts';
import { namespaceOf } from '../tenancy.ts';
import { archiveTypes } from './content-type.ts';
import { openApi } from './openapi.ts';

type Json = Record<string, unknown>;
interface Operation {
  operationId: string;
  tags: string[];
  parameters?: { name: string; in: string; required: boolean; schema?: Json; content?: Json }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, Json>;
}

const document = openApi('https://vibed.example.com') as {
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; responses: Record<string, { content: Json }> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation, id: operation.operationId })),
);

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref } = value as Json;
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value).flatMap(refsIn)];
}

it('refers to nothing that is not in it', () => {
  for (const ref of refsIn(document)) {
    const target = ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document);
    expect([ref, target]).toEqual([ref, expect.any(Object)]);
  }
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
});

describe.each(operations)('$id', ({ path, method, operation }) => {
  it('has a known tag, and its parameters are those of the path', () => {
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(operation.tags));
    expect(operation.tags).toHaveLength(1);
    const inPath = (operation.parameters ?? []).filter(parameter => parameter.in === 'path').map(({ name }) => name);
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]));
    for (const { schema, content } of operation.parameters ?? []) expect(schema ?? content).toBeDefined();
    if (method === 'get') expect(operation.requestBody).toBeUndefined();
  });

  it('answers with named schemas, and refuses with problems', () => {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (Number(status) >= 400) expect(response).toEqual({ $ref: `#/components/responses/Problem${status}` });
      else expect(Object.values(response.content as Json)).toHaveLength(1);
    }
    expect(Object.keys(operation.responses)).toEqual(
      expect.arrayContaining(['400', '401', '403', '429', '500', '503']),
    );
    const json = operation.requestBody?.content['application/json'];
    if (json !== undefined) expect(json.schema).toEqual({ $ref: expect.stringMatching(/Request$/) });
  });
});

it('says how files come: as JSON, as a form, and as an archive with the other fields in the query', () => {
  for (const { operation, id } of operations.filter(({ id }) => id === 'deploy_artifact' || id === 'update_artifact')) {
    const types = ['application/json', 'multipart/form-data', ...archiveTypes];
    expect([id, Object.keys(operation.requestBody?.content ?? {})]).toEqual([id, types]);
    const query = (operation.parameters ?? []).filter(parameter => parameter.in === 'query').map(({ name }) => name);
    expect(query).toEqual(expect.arrayContaining(['port']));
    for (const name of ['files', 'env', 'set_env']) expect(query).not.toContain(name);
  }
});

it('is right about archives: fields of every type may be in the query', async () => {
  await using server = await startTestServer();
  const query = new URLSearchParams({ name: 'todo', port: '3001', secrets: '{"A":"db/url"}', dry_run: 'false' });
  const zip = Buffer.from(zipSync({ 'index.html': strToU8('hi') }));
  const headers = { 'content-type': 'application/zip' };
  const sent = await server.call('alice', 'POST', `/api/artifacts?${query}`, zip, headers);
  expect(sent).toMatchObject({ status: 200, body: { name: 'todo' } });
  const { spec } = await server.store.get({ namespace: namespaceOf('alice'), name: 'todo' });
  expect(spec.run).toMatchObject({ port: 3001, env: [{ name: 'A' }] });
  const withSecret = await server.call(
    'alice',
    'POST',
    `/api/artifacts?name=x&env=${'%7B%22A%22:%22hunter2%22%7D'}`,
    zip,
    headers,
  );
  expect(withSecret).toMatchObject({ status: 400, body: { field: 'env' } });
  expect(JSON.stringify(withSecret.body)).not.toContain('hunter2');
});

it('lists every refusal that a route was seen to answer with', async () => {
  await using server = await startTestServer();
  const json = { 'content-type': 'application/json' };
  const seen = [
    [
      'post',
      '/api/artifacts',
      (await server.call('alice', 'POST', '/api/artifacts', 'x', { 'content-type': 'a/b' })).status,
    ],
    ['post', '/api/artifacts', (await server.call('alice', 'POST', '/api/artifacts', '{', json)).status],
    [
      'patch',
      '/api/artifacts/{name}',
      (await server.call('alice', 'PATCH', '/api/artifacts/none', { base_version: 1 })).status,
    ],
    ['put', '/api/uploads/{ticket}', (await server.call('alice', 'PUT', '/api/uploads/x', 'x')).status],
    ['get', '/api/events', (await server.call('alice', 'GET', '/api/events?ticket=x')).status],
  ] as const;
  for (const [method, path, status] of seen)
    expect(Object.keys(document.paths[path]?.[method]?.responses ?? {})).toContain(String(status));
});
