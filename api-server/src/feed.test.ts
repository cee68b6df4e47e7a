// Live events of the shipped process over real sockets: many readers, some of which never read, and a kill in the middle.
import { EventEmitter } from 'node:events';
import { type ClientRequest, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Artifact } from '@vibed/crds';
import { expect, it } from 'vitest';
import { startTestServer } from './app.testing.ts';
import { Feed, type FeedEvent } from './feed.ts';
import { ApiServerProcess, ClusterDouble } from './process.testing.ts';

const readers = 200;
const never = 20;
const names = Array.from({ length: 10 }, (_, i) => `app-${i}`);
const megabyte = 2 ** 20;

it(`${never} of ${readers} readers never read: the others see every final state, and after a kill a fresh list`, {
  timeout: 120_000,
}, async () => {
  await using cluster = await ClusterDouble.start();
  for (const name of names) cluster.set(name, statusAt(1));
  await using server = new ApiServerProcess(cluster);
  await server.start();
  const all = Array.from({ length: readers }, (_, i) => new Reader(server.port, i >= never));
  try {
    const reading = all.slice(never);
    await expect.poll(() => server.metric('vibed_api_event_readers'), patience).toBe(readers);
    const before = server.residentBytes;
    let peak = 0;
    const started = performance.now();
    // The kernel takes some megabytes for a reader before anybody can notice that it does not read.
    let version = 1;
    while ((await server.metric('vibed_api_event_readers')) > readers - never && performance.now() - started < 60_000) {
      for (let i = 0; i < 4; i += 1) {
        version += 1;
        for (const name of names) cluster.set(name, statusAt(version));
      }
      peak = Math.max(peak, server.residentBytes);
    }
    const seconds = (performance.now() - started) / 1000;
    expect(await server.metric('vibed_api_event_readers_cut_off_total')).toBe(never);
    expect(seconds).toBeLessThan(30);
    expect(peak - before).toBeLessThan(150 * megabyte);
    for (const reader of reading) await expect.poll(() => reader.versions, patience).toEqual(allAt(version));
    expect(reading.map(({ snapshots }) => snapshots)).toEqual(reading.map(() => 1));

    await server.kill();
    for (const name of names.slice(1)) cluster.set(name, statusAt(version + 1));
    cluster.artifacts.delete(names[0] ?? '');
    await server.start();
    const fresh = allAt(version + 1);
    delete fresh[names[0] ?? ''];
    for (const reader of reading) await expect.poll(() => reader.versions, patience).toEqual(fresh);
    console.log(
      `cut off within ${seconds.toFixed(1)} s, ${version} versions of ${names.length}, memory ${mb(before)} → ${mb(peak)}`,
    );
  } finally {
    for (const reader of all) reader.stop();
  }
});

it('closes a reader that leaves its buffer full, however little waits in it, and keeps one that empties it', async () => {
  const server = await startTestServer();
  const feed = new Feed(server.services, { keepAliveMs: 20, stuckMs: 100 });
  const closed: string[] = [];
  const responseThat = (name: string, keepsUp: () => boolean) => {
    const response = Object.assign(new EventEmitter(), {
      destroyed: false,
      writableLength: 100,
      writeHead: () => undefined,
      write: keepsUp,
      end: () => undefined,
      destroy: () => {
        response.destroyed = true;
        closed.push(name);
        response.emit('close');
      },
    });
    return response as unknown as ServerResponse;
  };
  const open = new AbortController().signal;
  let writes = 0;
  feed.serve(
    'a',
    responseThat('slow', () => writes++ % 3 === 0),
    open,
  );
  feed.serve(
    'a',
    responseThat('stuck', () => false),
    open,
  );
  await expect.poll(() => closed).toEqual(['stuck']);
  await sleep(300);
  expect(closed).toEqual(['stuck']);
  feed.stop();
  await server[Symbol.asyncDispose]();
});

const patience = { timeout: 20_000, interval: 100 };
const mb = (bytes: number) => `${Math.round(bytes / megabyte)} MB`;
const allAt = (version: number): Record<string, number> => Object.fromEntries(names.map(name => [name, version]));
const statusAt = (version: number): NonNullable<Artifact['status']> => ({
  observedGeneration: 1,
  phase: 'running',
  url: `http://${'x'.repeat(4_000)}.example.com`,
  desired: { version, hash: 'h' },
});

/** What a dashboard does: keeps the list, and comes back when the stream ends. */
class Reader {
  readonly #port: number;
  readonly #reads: boolean;
  #request: ClientRequest | undefined;
  #stopped = false;
  versions: Record<string, number> = {};
  snapshots = 0;

  constructor(port: number, reads: boolean) {
    this.#port = port;
    this.#reads = reads;
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    this.#request?.destroy();
  }

  #open(): void {
    if (this.#stopped) return;
    const again = () => void (this.#reads && setTimeout(() => this.#open(), 200 * (1 + Math.random())));
    this.#request = request({ host: '127.0.0.1', port: this.#port, path: '/api/events', agent: false })
      .on('error', again)
      .on('response', response => {
        if (!this.#reads) return void response.pause();
        let rest = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          const frames = (rest + text).split('\n\n');
          rest = frames.pop() ?? '';
          for (const frame of frames) this.#hear(frame);
        });
        response.on('end', again).on('error', again);
      });
    this.#request.end();
  }

  #hear(frame: string): void {
    const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
    if (data === undefined) return;
    const event = JSON.parse(data) as FeedEvent;
    if (event.type === 'delete') delete this.versions[event.name];
    else if (event.type === 'set') this.versions[event.artifact.name] = event.artifact.version ?? 0;
    else {
      this.snapshots += 1;
      this.versions = Object.fromEntries(event.artifacts.map(({ name, version }) => [name, version ?? 0]));
    }
  }
}
