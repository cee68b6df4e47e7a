// Streams and tickets end with the key that opened them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { versionLabel } from '@vibed/operator/identity';
import type { KubeObject } from '@vibed/store/kube';
import { EventSource } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../app.testing.ts';
import { ApiServerProcess, ClusterDouble } from '../process.testing.ts';
import { namespaceOf } from '../tenancy.ts';
import { Callers } from './callers.ts';
import { KeyRing, mintKey } from './keys.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const files = [{ path: 'index.html', content: 'hi' }];
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

/** A server over keys in a folder, as they are mounted. */
async function withKeys() {
  const folder = mkdtempSync(join(tmpdir(), 'vibed-streams-'));
  const server = await startTestServer({ keys: new KeyRing(folder, log) });
  const { id, key, entry } = mintKey('alice', 'write');
  const write = (more: object = {}) => writeFileSync(join(folder, id), JSON.stringify({ ...entry, ...more }));
  write();
  return { server, key, write, revoke: () => rmSync(join(folder, id)) };
}

/** Resolves with everything that a stream said until it ended. */
const untilEnd = (answer: Response) => answer.text().catch(() => 'broken off');

async function withLog({ server, key }: { server: TestServer; key: string }): Promise<Response> {
  const { name } = (await server.call(key, 'POST', '/api/artifacts', { name: 'todo', files })).body;
  const namespace = namespaceOf('alice');
  server.store.report(namespace, String(name), { phase: 'running', desired: { version: 1, hash: 'h' } });
  const pod = { metadata: { name: 'p', namespace, uid: 'u', labels: { [versionLabel]: 'h' } } };
  const status = { containerStatuses: [{ name: 'app', restartCount: 0, state: { running: {} } }] };
  server.client.pods.push({ ...pod, status } as unknown as KubeObject);
  return await fetch(`${server.url}/api/artifacts/todo/logs/follow`, bearer(key));
}

describe('a stream', () => {
  afterEach(() => vi.restoreAllMocks());
  const ends: Record<string, (keys: Awaited<ReturnType<typeof withKeys>>) => void> = {
    'is revoked': ({ revoke }) => revoke(),
    expires: ({ write }) => write({ expiresAt: new Date(Date.now() + 1_000).toISOString() }),
    'is given to somebody else': ({ write }) => write({ user: 'bob' }),
    'cannot be read any more': ({ write }) => write({ sha256: 'none' }),
  };
  it.each(Object.entries(ends))('ends within seconds when its key %s', { timeout: 20_000 }, async (_, end) => {
    const keys = await withKeys();
    await using server = keys.server;
    const { ticket } = (await server.call(keys.key, 'POST', '/api/events/ticket')).body;
    const byTicket = `${server.url}/api/events?ticket=${String(ticket)}`;
    const open = [
      await fetch(`${server.url}/api/events`, bearer(keys.key)),
      await fetch(byTicket),
      await withLog(keys),
    ];
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
    const started = performance.now();
    end(keys);
    await Promise.all(open.map(untilEnd));
    expect(performance.now() - started).toBeLessThan(10_000);
    const again = await fetch(byTicket);
    expect([again.status, await again.json()]).toMatchObject([401, { code: 'TicketExpired' }]);
  });

  it('ends when the scope of its key is too narrow now', async () => {
    const keys = await withKeys();
    await using server = keys.server;
    const callers = new Callers({
      keys: { callerOf: async () => undefined, callerById: async () => ({ user: 'alice', scope: 'read', keyId: 'k' }) },
      strangers: server.services.limits.stranger,
      log,
    });
    const caller = { user: 'alice', scope: 'write', keyId: 'k' } as const;
    const narrowed = callers.whileMay(caller, 'write', new AbortController().signal);
    const enough = callers.whileMay(caller, 'read', new AbortController().signal);
    await expect.poll(() => narrowed.aborted, { timeout: 5_000 }).toBe(true);
    expect(enough.aborted).toBe(false);
  });
});

describe('a ticket for events', () => {
  it('opens the stream again after it broke, and says when to come back', async () => {
    await using server = await startTestServer();
    const { ticket } = (await server.call('alice', 'POST', '/api/events/ticket')).body;
    for (let left = 3; left > 0; left -= 1) {
      const stream = await fetch(`${server.url}/api/events?ticket=${String(ticket)}`);
      expect(stream.status).toBe(200);
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
      let heard = '';
      while (!/^retry: [0-9]+\n\n/m.test(heard)) heard += (await reader?.read())?.value ?? '';
      await reader?.cancel();
    }
  });

  it('is refused in its own words', async () => {
    await using server = await startTestServer();
    const { upload_url } = (await server.call('alice', 'POST', '/api/uploads')).body;
    const forUpload = String(upload_url).split('/').at(-1);
    for (const ticket of ['', 'x', 'a.b', forUpload]) {
      const answer = await fetch(`${server.url}/api/events?ticket=${ticket}`);
      expect([answer.status, await answer.json()]).toMatchObject([
        401,
        { code: 'TicketExpired', hint: expect.stringContaining('/api/events/ticket') },
      ]);
    }
  });
});

it('a stopping server tells its readers to wait for its successor', async () => {
  await using server = await startTestServer();
  const stream = await fetch(`${server.url}/api/events`, bearer('alice'));
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  while (!heard.includes('retry: ')) heard += (await reader?.read())?.value ?? '';
  server.services.feed.stop();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) heard += part.value;
  expect(Number(/retry: ([0-9]+)\n\n$/.exec(heard)?.[1])).toBeGreaterThanOrEqual(10_000);
});

it('an EventSource comes back by itself after the server was killed', { timeout: 60_000 }, async () => {
  await using cluster = await ClusterDouble.start();
  cluster.set('todo', { observedGeneration: 1, phase: 'running' }, 'alice');
  await using process = new ApiServerProcess(cluster, ['alice:read']);
  await process.start();
  const url = `http://127.0.0.1:${process.port}`;
  const made = await fetch(`${url}/api/events/ticket`, { method: 'POST', ...bearer(process.keys[0] ?? '') });
  const { ticket } = (await made.json()) as { ticket: string };
  const source = new EventSource(`${url}/api/events?ticket=${ticket}`);
  const snapshots: unknown[] = [];
  source.addEventListener('snapshot', event => snapshots.push(JSON.parse(String((event as MessageEvent).data))));
  try {
    await expect.poll(() => snapshots.length, { timeout: 10_000 }).toBe(1);
    await process.kill();
    await process.start();
    await expect.poll(() => snapshots.length, { timeout: 20_000 }).toBe(2);
    expect(snapshots).toEqual(snapshots.map(() => ({ type: 'snapshot', artifacts: [expect.anything()] })));
  } finally {
    source.close();
  }
});
