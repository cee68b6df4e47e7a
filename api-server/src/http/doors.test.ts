// What is judged before a body is read, on every route; what a header that cannot be read gets; and how long a stream may live.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../app.testing.ts';
import { RateLimiter } from '../auth/rate-limit.ts';
import { sourceLimits } from '../storage/tree.ts';
import { jsonLimitBytes } from './json.ts';
import { openApi } from './openapi.ts';

const files = [{ path: 'index.html', content: 'hi' }];
const operations = Object.entries(openApi('http://localhost').paths as Record<string, Record<string, object>>).flatMap(
  ([path, methods]) =>
    Object.keys(methods).map(method => ({
      method: method.toUpperCase(),
      path: path.replace('{name}', 'todo').replace('{ticket}', 'x'),
    })),
);
const withBody = [...operations.filter(({ method }) => method !== 'GET'), { method: 'POST', path: '/mcp' }];
const closed = withBody.filter(({ path }) => path !== '/api/uploads/x');

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

/** Sends headers that promise a body, and nothing of it. */
function withoutBody(
  server: TestServer,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(server.url + path, { method, agent: false, headers });
    sent.on('error', reject).on('response', async response => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      sent.destroy();
      const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    sent.flushHeaders();
  });
}

async function tarball(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'index.html' }, 'hi');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

describe('before a byte of the body is read', () => {
  const json = { 'content-type': 'application/json', 'content-length': '100' };

  it.each(closed)('$method $path needs a key', async ({ method, path }) => {
    await using server = await startTestServer();
    vi.spyOn(server.keys, 'callerOf').mockResolvedValue(undefined);
    for (const headers of [json, { ...json, authorization: 'Bearer wrong' }])
      expect(await withoutBody(server, method, path, headers)).toMatchObject({
        status: 401,
        body: { code: 'Unauthorized' },
      });
  });

  it.each(closed.filter(({ path }) => path !== '/mcp' && path !== '/api/events/ticket'))(
    '$method $path needs its scope, and the rate of its user',
    async ({ method, path }) => {
      await using server = await startTestServer();
      const send = (key: string) => withoutBody(server, method, path, { ...json, authorization: `Bearer ${key}` });
      if (!path.endsWith('/invoke'))
        expect(await send('alice:read')).toMatchObject({ status: 403, body: { code: 'ScopeMissing' } });
      for (const limit of ['read', 'write'] as const)
        vi.spyOn(server.services.limits[limit], 'take').mockImplementation(user =>
          new RateLimiter({ burst: 0, perSecond: 1 }).take(user),
        );
      expect(await send('alice')).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    },
  );

  it.each([
    ['POST', '/api/artifacts', 'application/json', jsonLimitBytes + 1],
    ['POST', '/mcp', 'application/json', jsonLimitBytes + 1],
    ['POST', '/api/artifacts', 'application/gzip', sourceLimits.archiveBytes + 1],
    ['POST', '/api/artifacts', 'multipart/form-data; boundary=X', 2 * sourceLimits.bytes],
    ['PATCH', '/api/artifacts/todo', 'application/zip', sourceLimits.archiveBytes + 1],
  ])('%s %s of %s may not declare too much', async (method, path, type, length) => {
    await using server = await startTestServer();
    const headers = { authorization: 'Bearer alice', 'content-type': type, 'content-length': String(length) };
    expect(await withoutBody(server, method, path, headers)).toMatchObject({ status: 413, body: { code: 'TooLarge' } });
  });

  it('an upload is judged by its ticket, the key behind it, and its declared size', async () => {
    await using server = await startTestServer();
    const offer = async () =>
      new URL(String((await server.call('alice', 'POST', '/api/uploads')).body.upload_url)).pathname;
    const put = (path: string, length = '100') => withoutBody(server, 'PUT', path, { 'content-length': length });
    expect(await put('/api/uploads/x')).toMatchObject({ status: 410 });
    expect(await put(await offer(), String(sourceLimits.archiveBytes + 1))).toMatchObject({ status: 413 });
    const path = await offer();
    server.keys.revoked.add('alice');
    expect(await put(path)).toMatchObject({ status: 410, body: { message: expect.stringContaining('is gone') } });
  });

  it('the client is not asked to go on', async () => {
    await using server = await startTestServer();
    const ask = (key: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { authorization: `Bearer ${key}`, ...json, expect: '100-continue' };
        const sent = httpRequest(`${server.url}/api/artifacts`, { method: 'POST', agent: false, headers });
        sent.on('error', reject);
        sent.on('continue', () => resolve('continue')).on('response', ({ statusCode }) => resolve(String(statusCode)));
        sent.flushHeaders();
      });
    expect(await ask('alice:read')).toBe('403');
    expect(await ask('alice')).toBe('continue');
  });
});

it('stores nothing of a form or an archive that was sent with a read key', async () => {
  await using server = await startTestServer();
  const save = vi.spyOn(server.services.storage, 'save');
  const form = new FormData();
  form.append('file', new Blob(['hi']), 'index.html');
  const archive = await tarball();
  const gzip = { 'content-type': 'application/gzip' };
  for (const [body, headers] of [
    [archive, gzip],
    [form, {}],
  ] as const)
    expect(await server.call('alice:read', 'POST', '/api/artifacts?name=todo', body, headers)).toMatchObject({
      status: 403,
    });
  expect(save).not.toHaveBeenCalled();
  expect(await server.call('alice', 'POST', '/api/artifacts?name=todo', archive, gzip)).toMatchObject({ status: 200 });
});

it('counts a body that declares no length while it is read', async () => {
  await using server = await startTestServer();
  const chunk = new Uint8Array(1024 * 1024).fill(32);
  const endless = new ReadableStream({ pull: controller => controller.enqueue(chunk) });
  const answer = await fetch(`${server.url}/api/artifacts`, {
    method: 'POST',
    body: endless,
    duplex: 'half',
    headers: { authorization: 'Bearer alice', 'content-type': 'application/json' },
  } as RequestInit);
  expect(answer.status).toBe(413);
});

describe('headers of a body', () => {
  it.each([
    ['multipart/form-data', 400],
    ['multipart/form-data; boundary=', 400],
    ['multipart/form-data; boundary=""', 400],
    [`multipart/form-data; boundary=${'a'.repeat(8_000)}`, 400],
    ['multipart/form-data; boundary="a\\"b"', 400],
    ['multipart/mixed; boundary=X', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json; charset=', 200],
    ['application/json;;;charset="utf-8', 200],
    ['application', 400],
    ['/', 400],
    [';', 400],
    ['text/html', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/vnd.api+json', 200],
  ])('the content type %s is a %i', async (type, status) => {
    await using server = await startTestServer();
    const body = JSON.stringify({ name: 'todo', files });
    const answer = await server.call('alice', 'POST', '/api/artifacts', body, { 'content-type': type });
    expect(answer).toMatchObject({ status });
    if (status !== 200)
      expect(answer.body).toMatchObject({ field: 'content-type', hint: expect.stringMatching(/^(send|let)/) });
  });

  it.each([
    ['br, gzip', 415],
    ['compress', 415],
    ['__proto__', 415],
    ['gzip', 400],
    ['br', 400],
    ['identity', 200],
  ])('the content encoding %s of plain JSON is a %i', async (encoding, status) => {
    await using server = await startTestServer();
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    expect(
      await server.call('alice', 'POST', '/api/artifacts', JSON.stringify({ name: 'todo', files }), headers),
    ).toMatchObject({
      status,
    });
  });

  it('JSON in gzip is read, and text that is not UTF-8 is not', async () => {
    await using server = await startTestServer();
    const json = { 'content-type': 'application/json' };
    const zipped = gzipSync(JSON.stringify({ name: 'todo', files }));
    const sent = await server.call('alice', 'POST', '/api/artifacts', zipped, { ...json, 'content-encoding': 'gzip' });
    expect(sent).toMatchObject({ status: 200, body: { name: 'todo' } });
    const latin = Buffer.from('{"name":"t\xfcr"}', 'latin1');
    expect(await server.call('alice', 'POST', '/api/artifacts', latin, json)).toMatchObject({
      status: 400,
      body: { message: 'the body is not UTF-8' },
    });
  });
});

describe('a form', () => {
  const send = async (text: string) => {
    await using server = await startTestServer();
    const body = Buffer.from(text.replaceAll('\n', '\r\n'));
    const headers = { 'content-type': 'multipart/form-data; boundary=X' };
    return await server.call('alice', 'POST', '/api/artifacts', body, headers);
  };

  it.each([
    [
      'two malformed parts',
      '--X\nContent-Disposition form-data\n\na\n--X\nContent-Disposition form-data\n\nb\n--X--\n',
    ],
    ['no end', '--X\nContent-Disposition: form-data; name="a"\n\n1'],
    ['an end within a file', '--X\nContent-Disposition: form-data; name="a"; filename="a"\n\n1'],
    ['nothing', ''],
    ['another boundary', '--Y\n\n--Y--\n'],
    ['a field without a name', '--X\nContent-Disposition: form-data\n\n1\n--X--\n'],
    [
      'brackets without end',
      `--X\nContent-Disposition: form-data; name="env"\n\n${'['.repeat(1000)}${']'.repeat(1000)}\n--X--\n`,
    ],
  ])('with %s is refused', async (_, text) => {
    expect(await send(text)).toMatchObject({ status: 400, body: { code: 'InvalidInput', hint: expect.any(String) } });
  });

  it('keeps the names of its files', async () => {
    await using server = await startTestServer();
    const form = new FormData();
    form.set('name', 'todo');
    form.append('file', new Blob(['x']), 'grüße/日本.txt');
    form.append('file', new Blob(['<h1>']), 'index.html');
    await server.call('alice', 'POST', '/api/artifacts', form);
    const { body } = await server.call('alice', 'GET', '/api/artifacts/todo/source');
    expect(body.files).toContainEqual({ path: 'grüße/日本.txt', bytes: 1 });
  });
});

describe('JSON made to block', () => {
  const most = 4 * 1024 * 1024 - 100;
  it.each([
    ['brackets', '['.repeat(most)],
    ['closed brackets', `${'['.repeat(most / 2)}${']'.repeat(most / 2)}`],
    ['objects', `[${'{},'.repeat(most / 3)}{}]`],
    ['numbers', `[${'1,'.repeat(most / 2)}1]`],
    ['brackets in a member', `{"name":"todo","env":${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}}`],
  ])('of %s is refused before it is parsed', async (_, text) => {
    await using server = await startTestServer();
    const parse = vi.spyOn(JSON, 'parse');
    const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    for (const path of ['/api/artifacts', '/mcp']) {
      const answer = await server.call('alice', 'POST', path, text, json);
      expect(answer).toMatchObject({ status: 400, body: { message: expect.stringMatching(/nested|values/) } });
    }
    expect(parse.mock.calls.filter(([given]) => given.length > 10_000)).toEqual([]);
    parse.mockRestore();
  });

  it('is told from brackets in a text', async () => {
    await using server = await startTestServer();
    const content = '[{",\\'.repeat(10_000);
    const deploy = { name: 'todo', files: [{ path: 'index.html', content }] };
    expect(await server.call('alice', 'POST', '/api/artifacts', deploy)).toMatchObject({ status: 200 });
  });
});

describe('a path that is known', () => {
  const paths = new Map<string, string[]>();
  for (const { method, path } of [
    ...operations,
    { method: 'POST', path: '/mcp' },
    ...['/healthz', '/readyz', '/cli/vibed', '/api/docs', '/api/openapi.json'].map(path => ({ method: 'GET', path })),
  ])
    paths.set(path, [...(paths.get(path) ?? []), method]);

  it.each([...paths])('%s refuses other methods than %j, and names those', async (path, methods) => {
    await using server = await startTestServer();
    const all = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
    for (const method of all.filter(each => !methods.includes(each))) {
      const answer = await server.call('alice', method, path);
      const allow = answer.headers.get('allow')?.split(', ') ?? [];
      expect([method, answer.status, answer.body.code]).toEqual([method, 405, 'MethodNotAllowed']);
      expect(allow.filter(each => all.includes(each))).toEqual([...methods].sort());
    }
    expect((await server.call('alice', 'OPTIONS', path)).status).toBe(204);
  });

  it('and streams does not answer a HEAD without end', async () => {
    await using server = await startTestServer();
    for (const path of ['/api/events', '/api/artifacts/todo/logs/follow'])
      expect(await server.call('alice', 'HEAD', path)).toMatchObject({ status: 405 });
  });
});

it('an address that sends many wrong keys has to wait, and a right key beside it has not', async () => {
  await using server = await startTestServer();
  server.services.limits.stranger.take = () => new RateLimiter({ burst: 0, perSecond: 1 }).take('');
  server.keys.revoked.add('mallory');
  expect(await server.call('mallory', 'GET', '/api/artifacts')).toMatchObject({ status: 429 });
  expect(await server.call('alice', 'GET', '/api/artifacts')).toMatchObject({ status: 200 });
});
