// The shipped process under requests that nobody sends by accident: whatever one holds, and wherever it is cut, the process
// lives, answers the next request, and has given back every place that the broken ones took.
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';
import { ApiServerProcess, ClusterDouble } from './process.testing.ts';

const crlf = (...lines: string[]) => Buffer.from(lines.join('\r\n'));
const form = 'multipart/form-data; boundary=X';
const part = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}`;
const goodForm = crlf(
  '--X',
  part('name'),
  '',
  'todo',
  '--X',
  part('f', '; filename="index.html"'),
  '',
  '<h1>',
  '--X--',
  '',
);
/** Its two parts have headers without a colon: the parser emits one error for each. */
const malformedForm = crlf(
  '--X',
  'Content-Disposition form-data',
  '',
  'a',
  '--X',
  'Content-Disposition form-data',
  '',
  'b',
  '--X--',
  '',
);
const zip = Buffer.from(zipSync({ 'index.html': strToU8('<h1>'), 'a/': new Uint8Array() }));
const json = Buffer.from('{"name":"todo","files":[{"path":"a","content":"x\\u00e9"}],"env":{"A":"b"}}');

async function tarball(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: `${'d/'.repeat(60)}index.html` }, '<h1>');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Sent {
  readonly type: string;
  readonly body: Buffer;
  /** More than the body has: the sender goes away half-way. */
  readonly declared?: number;
}

async function bodies(): Promise<Sent[]> {
  const tar = await tarball();
  const whole: Sent[] = [
    { type: form, body: goodForm },
    { type: form, body: malformedForm },
    { type: 'application/gzip', body: gzipSync(tar) },
    { type: 'application/x-tar', body: tar },
    { type: 'application/zip', body: zip },
    { type: 'application/json', body: json },
  ];
  return whole.flatMap(sent => [sent, ...cuts(sent), ...mutations(sent)]);
}

/** At every byte of a small body, and at 200 places of a larger one: as if that were all, and as if the sender were gone. */
function cuts({ type, body }: Sent): Sent[] {
  const step = Math.max(1, Math.floor(body.length / 200));
  const ends = Array.from({ length: Math.floor(body.length / step) }, (_, i) => i * step);
  return ends.flatMap(end => {
    const cut = body.subarray(0, end);
    return [
      { type, body: cut },
      { type, body: cut, declared: body.length },
    ];
  });
}

/** The same ones in every run. */
function mutations({ type, body }: Sent): Sent[] {
  let state = body.length;
  const next = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  return Array.from({ length: 60 }, () => {
    const mutated = Buffer.from(body);
    for (let left = 1 + next(6); left > 0; left -= 1)
      mutated[next(body.length)] = [0, 10, 13, 45, 58, 255][next(6)] ?? 0;
    return { type, body: mutated };
  });
}

/** Sends bytes on a connection of their own; resolves with the first line of the answer, '' when there is none. */
function exchange(port: number, bytes: Buffer, { cut = false } = {}): Promise<string> {
  return new Promise(resolve => {
    let heard = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.write(bytes, () => {
        if (cut) setTimeout(() => socket.destroy(), 5);
      });
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', chunk => {
      heard += chunk.toString('latin1');
      if (heard.includes('\r\n')) socket.destroy();
    });
    socket.on('error', error => {
      heard ||= error.message === 'no answer' ? error.message : '';
    });
    socket.on('close', () => resolve(heard.split('\r\n')[0] ?? ''));
  });
}

const requestOf = (
  key: string,
  line: string,
  headers: Record<string, string | number>,
  body: Buffer = Buffer.alloc(0),
) =>
  Buffer.concat([
    crlf(
      `${line} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${key}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      '',
    ),
    body,
  ]);

/** Calls `send` with each, some at a time. */
async function flood<T>(all: readonly T[], send: (each: T, index: number) => Promise<void>): Promise<void> {
  const queue = [...all.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await send(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

it('lives through every cut and broken form, archive and JSON', { timeout: 180_000 }, async () => {
  await using cluster = await ClusterDouble.start();
  const sent = await bodies();
  // A user may make 60 writes at once.
  const users = Array.from({ length: Math.ceil(sent.length / 50) }, (_, i) => `user${i}`);
  await using server = new ApiServerProcess(cluster, [...users, 'reader:read']);
  await server.start();
  const { pid, port } = server;
  const answers = new Map<string, number>();
  await flood(sent, async ({ type, body, declared = body.length }, index) => {
    const headers = { 'Content-Type': type, 'Content-Length': declared };
    const request = requestOf(server.keys[index % users.length] ?? '', 'POST /api/artifacts?name=todo', headers, body);
    const line = await exchange(port, request, { cut: declared > body.length });
    answers.set(line, (answers.get(line) ?? 0) + 1);
    expect(server.runs, `after ${type} ${body.toString('latin1').slice(0, 300)}`).toBe(true);
  });
  expect([...answers.keys()].filter(line => /^HTTP\/1.1 (500|429)|no answer/.test(line))).toEqual([]);
  expect(answers.get('HTTP/1.1 400 Bad Request')).toBeGreaterThan(100);

  const reader = server.keys.at(-1) ?? '';
  const byReader = requestOf(
    reader,
    'POST /api/artifacts',
    { 'Content-Type': form, 'Content-Length': malformedForm.length },
    malformedForm,
  );
  for (let left = 50; left > 0; left -= 1) expect(await exchange(port, byReader)).toBe('HTTP/1.1 403 Forbidden');
  expect([server.runs, server.pid]).toEqual([true, pid]);
  expect(server.output).not.toContain('a request failed');
});

it('gives back the places of senders who went away in the middle of a form, an archive or JSON', {
  timeout: 60_000,
}, async () => {
  await using cluster = await ClusterDouble.start();
  await using server = new ApiServerProcess(cluster, ['alice']);
  await server.start();
  const [key = ''] = server.keys;
  const half = [form, 'application/gzip', 'application/json'].flatMap(type =>
    Array.from({ length: 18 }, () => ({ 'Content-Type': type, 'Content-Length': 1_000_000 })),
  );
  await flood(half, async headers => {
    await exchange(server.port, requestOf(key, 'POST /api/artifacts?name=todo', headers, goodForm.subarray(0, 60)), {
      cut: true,
    });
  });
  const whole = requestOf(
    key,
    'POST /api/artifacts',
    { 'Content-Type': form, 'Content-Length': malformedForm.length },
    malformedForm,
  );
  expect(await exchange(server.port, whole)).toBe('HTTP/1.1 400 Bad Request');
});

it('lives through streams that are opened and cut, methods that no path has, and headers that cannot be', {
  timeout: 60_000,
}, async () => {
  await using cluster = await ClusterDouble.start();
  cluster.set('todo', { observedGeneration: 1, phase: 'running' }, 'alice');
  await using server = new ApiServerProcess(cluster, ['alice:read']);
  await server.start();
  const [key = ''] = server.keys;
  const paths = [
    '/api/events',
    '/api/artifacts/todo/logs/follow',
    '/api/artifacts/todo/wait?timeout_s=5',
    '/api/artifacts',
  ];
  const lines = paths.flatMap(path => ['GET', 'HEAD', 'OPTIONS', 'TRACE'].map(method => `${method} ${path}`));
  const headers: Record<string, string | number>[] = [
    {},
    { 'Content-Length': 100 },
    { Expect: '100-continue', 'Content-Length': 5 },
    { Expect: 'x' },
    { 'Content-Type': ';;;' },
    { 'Transfer-Encoding': 'chunked' },
    { Connection: 'upgrade', Upgrade: 'websocket' },
  ];
  const all = lines.flatMap(line => headers.map(each => requestOf(key, line, each)));
  await flood(all, async bytes => {
    await exchange(server.port, bytes, { cut: true });
  });
  await expect.poll(() => server.metric('vibed_api_event_readers'), { timeout: 10_000 }).toBe(0);
  expect(await exchange(server.port, requestOf(key, 'GET /api/artifacts', {}))).toBe('HTTP/1.1 200 OK');
  expect(server.output).not.toContain('a request failed');
});

it('lives through broken MCP messages, and clients that leave in the middle of an answer', {
  timeout: 120_000,
}, async () => {
  await using cluster = await ClusterDouble.start();
  cluster.set('todo', { observedGeneration: 1, phase: 'building' }, 'alice');
  await using server = new ApiServerProcess(cluster, ['alice', 'bob']);
  await server.start();
  const [key = ''] = server.keys;
  const call = (method: string, params: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const meta = { progressToken: 1, 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  const waiting = { name: 'wait_for_artifact', arguments: { name: 'todo', timeout_s: 5 }, _meta: meta };
  const wait = call('tools/call', waiting);
  const bodies = [
    ...['', 'null', 'true', '"x"', '[]', '[1]', '{}', '[[]]', '{"jsonrpc":"2.0"}', `[${wait},${wait}]`],
    call('tools/call', null),
    call('tools/call', { name: 1 }),
    call('tools/call', { name: '__proto__', arguments: [] }),
    call('prompts/get', { name: 'x'.repeat(1_000), arguments: { app: {} } }),
    call('initialize', { protocolVersion: {}, capabilities: [] }),
    call('x', 'y'),
    wait,
  ];
  const eras: Record<string, string>[] = [
    {},
    { 'MCP-Protocol-Version': '2026-07-28', 'MCP-Method': 'tools/call', 'MCP-Name': 'wait_for_artifact' },
    { 'MCP-Protocol-Version': 'x', 'MCP-Method': '\u00ff' },
    { 'MCP-Session-Id': 'x', 'Last-Event-ID': 'y' },
  ];
  const accepts = ['application/json, text/event-stream', '*/*', ';;', 'text/event-stream'];
  const all = bodies.flatMap(body => eras.flatMap(era => accepts.map(accept => ({ body, era, accept }))));
  const lines = new Map<string, number>();
  await flood(all, async ({ body, era, accept }, index) => {
    const length = Buffer.byteLength(body);
    const headers = { ...era, Accept: accept, 'Content-Type': 'application/json', 'Content-Length': length };
    const line = await exchange(
      server.port,
      requestOf(server.keys[index % 2] ?? '', 'POST /mcp', headers, Buffer.from(body)),
      {
        cut: body === wait,
      },
    );
    lines.set(line, (lines.get(line) ?? 0) + 1);
  });
  for (let left = 20; left > 0; left -= 1)
    cluster.set('todo', { observedGeneration: 1, phase: left > 1 ? 'building' : 'running' }, 'alice');
  expect([...lines.keys()].filter(line => /^HTTP\/1.1 (5|429)|no answer/.test(line))).toEqual([]);
  expect(await exchange(server.port, requestOf(key, 'GET /api/artifacts', {}))).toBe('HTTP/1.1 200 OK');
  expect(server.runs).toBe(true);
  expect(server.output).not.toMatch(/a request failed|an action failed|MCP failed/);
});
