// Input that nobody sends by accident, through every door: a clear refusal, nothing written, and no secret told to anybody.
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { startTestServer, type TestServer } from './app.testing.ts';
import { jsonLimitBytes } from './http/json.ts';
import { sourceLimits } from './storage/tree.ts';

const files = [{ path: 'index.html', content: 'hi' }];
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const mcpHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'deploy_artifact' };
const envelope = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`;

const doors: Record<string, (server: TestServer, args: string) => Promise<{ status: number; text: string }>> = {
  REST: async (server, args) => {
    const answer = await server.call('alice', 'POST', '/api/artifacts', args, { 'content-type': 'application/json' });
    return { status: answer.status, text: JSON.stringify(answer.body) };
  },
  'MCP 2025-11-25': (server, args) => throughMcp(server, `{"name":"deploy_artifact","arguments":${args}}`, {}),
  'MCP 2026-07-28': (server, args) =>
    throughMcp(server, `{"name":"deploy_artifact","arguments":${args},${envelope}}`, modern),
};

async function throughMcp(server: TestServer, params: string, headers: Record<string, string>) {
  const message = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const answer = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { authorization: 'Bearer alice', ...mcpHeaders, ...headers },
    body: message,
  });
  const text = await answer.text();
  const isRefused = answer.status >= 400 || /"isError":true|"error":\{/.test(text);
  return { status: isRefused && answer.status < 400 ? 400 : answer.status, text };
}

const hostile: Record<string, string> = {
  'a million members': `{"name":"todo","files":[${'0,'.repeat(1_000_000)}0]}`,
  'a body that is too large': JSON.stringify({
    name: 'todo',
    files: [{ path: 'a', content: 'x'.repeat(jsonLimitBytes) }],
  }),
  'deep nesting': `{"name":"todo","env":${nested(5_000)}}`,
  __proto__: '{"name":"todo","__proto__":{"x":1},"files":[{"path":"a","content":""}]}',
  '__proto__ inside': '{"name":"todo","env":{"__proto__":"x"},"files":[{"path":"a","content":""}]}',
  'a lone surrogate': '{"name":"todo","files":[{"path":"a","content":"\\ud800"}]}',
  'a lone surrogate in a name': '{"name":"todo","files":[{"path":"a\\udc00","content":""}]}',
  'a NUL in a variable': '{"name":"todo","env":{"A":"x\\u0000"},"files":[{"path":"a","content":""}]}',
  'a path that leaves': '{"name":"todo","files":[{"path":"a/../../b","content":""}]}',
  'names that collide': '{"name":"todo","files":[{"path":"a","content":""},{"path":"A","content":""}]}',
  'a variable that steers': '{"name":"todo","env":{"LD_PRELOAD":"x"},"files":[{"path":"a","content":""}]}',
  'an unknown field': '{"name":"todo","foo":1,"files":[{"path":"a","content":""}]}',
};
const cases = Object.keys(doors).flatMap(door => Object.entries(hostile).map(([what, args]) => ({ door, what, args })));

it.each(cases)('$door: $what is refused, and nothing is written', async ({ door, what, args }) => {
  await using server = await startTestServer();
  const { status, text } = (await doors[door]?.(server, args)) ?? { status: 0, text: '' };
  expect(status).toBe(what === 'a body that is too large' ? 413 : 400);
  if (status === 413) expect(text).toContain(String(jsonLimitBytes));
  expect(text).not.toContain('Internal');
  expect(server.store.objects.size).toBe(0);
  expect(server.client.created.size).toBe(0);
});

it('takes no JSON that grows when it is unpacked', async () => {
  await using server = await startTestServer();
  const body = gzipSync(
    JSON.stringify({ name: 'todo', files: [{ path: 'a', content: 'x'.repeat(2 * jsonLimitBytes) }] }),
  );
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  expect(await server.call('alice', 'POST', '/api/artifacts', body, headers)).toMatchObject({
    status: 413,
    body: { code: 'TooLarge' },
  });
});

it.each(['%ff', '%00', 'a%00b', '..%2f..%2fetc', '%ed%a0%80'])('the name %s in a path finds nothing', async name => {
  await using server = await startTestServer();
  for (const path of ['', '/logs', '/logs/follow', '/source.tar.gz']) {
    const { status, body } = await server.call('alice', 'GET', `/api/artifacts/${name}${path}`);
    expect([path, status === 400 || status === 404, body.code]).toEqual([
      path,
      true,
      expect.stringMatching(/InvalidInput|NotFound/),
    ]);
  }
});

it('a form with too many files, too long a field or __proto__ is refused, and none of it is kept', async () => {
  await using server = await startTestServer();
  const send = (fill: (form: FormData) => void) => {
    const form = new FormData();
    form.set('name', 'todo');
    fill(form);
    return server.call('alice', 'POST', '/api/artifacts', form);
  };
  const withFile = (form: FormData, path = 'index.html') => form.append('file', new Blob(['x']), path);
  const tooMany = await send(form => {
    for (let i = 0; i <= sourceLimits.files; i += 1) withFile(form, `f${i}`);
  });
  const leaving = await send(form => withFile(form, '../../etc/passwd'));
  const tooLong = await send(form => {
    withFile(form);
    form.set('env', JSON.stringify({ A: 'x'.repeat(300 * 1024) }));
  });
  const prototype = await send(form => {
    withFile(form);
    form.set('__proto__', '{"x":1}');
  });
  expect(tooMany).toMatchObject({
    status: 413,
    body: { message: expect.stringContaining(String(sourceLimits.files)) },
  });
  for (const answer of [leaving, tooLong, prototype])
    expect(answer).toMatchObject({ status: 400, body: { code: 'InvalidInput', message: expect.any(String) } });
  expect(server.store.objects.size).toBe(0);
});

it('a cursor of another list is refused', async () => {
  await using server = await startTestServer();
  await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files });
  const foreign = Buffer.from('after:todo').toString('base64url');
  expect(await server.call('alice', 'GET', `/api/artifacts/todo/logs?cursor=${foreign}`)).toMatchObject({
    status: 400,
    body: { field: 'cursor' },
  });
});

it('tells no secret in any answer, event, log line or metric', async () => {
  await using server = await startTestServer();
  const canary = (where: string) => `canary-${where}-8d2f`;
  const { ticket } = (await server.call('alice', 'POST', '/api/events/ticket')).body;
  const stream = await fetch(`${server.url}/api/events?ticket=${String(ticket)}`);
  const told: unknown[] = [];
  const rest = async (method: string, path: string, body?: unknown) =>
    void told.push((await server.call('alice', method, path, body)).body);
  await rest('POST', '/api/artifacts', { name: 'todo', files, env: { TOKEN: canary('env') } });
  await rest('POST', '/api/artifacts', { name: 'todo', files, env: { TOKEN: canary('taken') } });
  await rest('POST', '/api/artifacts', { name: 'dry', files, env: { TOKEN: canary('dry') }, dry_run: true });
  await rest('POST', '/api/artifacts', { name: 'git', git_url: `https://u:${canary('git')}@example.com/x` });
  await rest('POST', '/api/artifacts', { name: 'wrong', files, env: { TOKEN: [canary('type')] } });
  await rest('PATCH', '/api/artifacts/todo', { base_version: 1, set_env: { TOKEN: canary('set') } });
  await rest('PATCH', '/api/artifacts/todo', { base_version: 9, set_env: { TOKEN: canary('stale') } });
  await rest('POST', '/api/artifacts/todo/invoke', {
    headers: { authorization: canary('header') },
    body: canary('body'),
  });
  for (const path of ['', '/versions', '/diff?from=1', '/source', '/logs'])
    await rest('GET', `/api/artifacts/todo${path}`);
  for (const [door, call] of Object.entries(doors))
    told.push(
      await call(server, JSON.stringify({ name: 'mcp', files, env: { TOKEN: canary(door), PATH: canary(door) } })),
    );
  server.store.down = true;
  await rest('POST', '/api/artifacts', { name: 'down', files, env: { TOKEN: canary('down') } });
  server.store.down = false;
  const upload = await server.call('alice', 'POST', '/api/uploads');
  await fetch(new URL(String(upload.body.upload_url)).pathname.replace(/^/, server.url), {
    method: 'PUT',
    body: 'junk',
  });
  const wrongKey = await fetch(`${server.url}/api/artifacts`, { headers: { authorization: `Basic ${canary('key')}` } });
  told.push(await wrongKey.text());
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  while (!heard.includes('"todo"')) heard += (await reader?.read())?.value ?? '';
  await reader?.cancel();
  const everything = [JSON.stringify(told), heard, server.logged(), await server.services.metrics.registry.metrics()];
  for (const text of everything) {
    expect(text).not.toContain('canary-');
    expect(text).not.toContain(String(ticket));
  }
  const capability = String(upload.body.upload_url).split('/').at(-1) ?? '';
  expect(server.logged()).not.toContain(capability);
  // They are where they belong, or this test would prove nothing.
  expect(JSON.stringify([...server.client.created])).toContain(canary('set'));
});
