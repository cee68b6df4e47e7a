import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type FakeObject,
  FaultingApiserver,
  identityOf,
  type RequestFault,
  type WatchFault,
} from '../testing/faulting-apiserver.ts';
import { connect } from './connect.ts';
import { kinds } from './kinds.ts';
import { ListWatch, type ListWatchEvent, type ListWatchOptions } from './list-watch.ts';

const timing = { backoffMs: 4, maxBackoffMs: 16, healthyAfterMs: 5, inactivityMs: 5_000 };

let server: FaultingApiserver;
let events: ListWatchEvent<FakeObject>[];
let warnings: { message: string; fields: Record<string, unknown> | undefined }[];
let running: ListWatch<FakeObject>[];

beforeEach(async () => {
  server = await FaultingApiserver.start();
  events = [];
  warnings = [];
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map(listWatch => listWatch.stop()));
  await server.close();
});

const note = (message: string, fields?: Record<string, unknown>) => warnings.push({ message, fields });
const log = { debug: () => undefined, info: () => undefined, warn: note, error: note };

function start(options: Partial<ListWatchOptions<FakeObject>> = {}): ListWatch<FakeObject> {
  const client = connect({
    kubeconfig: server.kubeconfig,
    fieldManager: 'test',
    userAgent: 'test',
    requestTimeoutMs: 200,
  });
  const onEvent = (event: ListWatchEvent<FakeObject>) => events.push(event);
  const listWatch = new ListWatch<FakeObject>({ client, kind: kinds.configMap, onEvent, log, timing, ...options });
  running.push(listWatch);
  listWatch.start();
  return listWatch;
}

/** What a reader of the events believes the state to be. */
function believed(): Record<string, string> {
  const view = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'snapshot') {
      view.clear();
      for (const item of event.items) view.set(item.metadata.name, identityOf(item));
    } else if (event.type === 'set') view.set(event.object.metadata.name, identityOf(event.object));
    else view.delete(event.object.metadata.name);
  }
  return Object.fromEntries([...view].sort());
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 4_000, interval: 2 });
const converges = () => eventually(() => expect(believed()).toEqual(server.state));
const watching = () => eventually(() => expect(server.openWatches).toBe(1));
const snapshots = () => events.filter(event => event.type === 'snapshot').length;

/** After whatever happened: three more changes arrive. */
async function staysAlive(): Promise<void> {
  server.set('a', { after: 'fault' });
  server.set('later');
  server.remove('b');
  await converges();
}

describe('a list-watch', () => {
  test('tells a snapshot of all pages, then changes', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) server.set(name);
    const listWatch = start({ pageSize: 2 });
    expect(listWatch.synced).toBe(false);
    await listWatch.whenSynced();
    expect(listWatch.synced).toBe(true);
    expect(events.map(event => event.type)).toEqual(['snapshot']);
    expect(server.count('list')).toBe(3);
    await watching();
    await staysAlive();
    expect(events.map(event => event.type)).toEqual(['snapshot', 'set', 'set', 'delete']);
    expect(events[1]).toMatchObject({ object: { data: { after: 'fault' } } });
    expect(listWatch.lastEventAgeMs()).toBeLessThan(4_000);
  });

  test('asks for bookmarks and a time limit spread over 240 to 480 s', async () => {
    start({ random: () => 0.5, labelSelector: 'a=b', namespace: 'default' });
    await watching();
    const url = new URL(server.requests.at(-1)?.url ?? '', 'http://double');
    expect(url.pathname).toBe('/api/v1/namespaces/default/configmaps');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '360',
      labelSelector: 'a=b',
      resourceVersion: '100',
    });
  });

  test('removes managedFields and the last-applied annotation, then strips', async () => {
    server.set('a', { big: 'value' });
    start({ strip: ({ data: _, ...rest }) => rest });
    await watching();
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' };
    server.tell('MODIFIED', {
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: 'uid-1',
        resourceVersion: '102',
        annotations,
        managedFields: [],
      },
      data: { big: 'value' },
    });
    await eventually(() => expect(events).toHaveLength(2));
    const [first] = events.flatMap(event => (event.type === 'snapshot' ? event.items : []));
    expect(first).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default', uid: 'uid-1', resourceVersion: '101' },
    });
    expect(events[1]).toMatchObject({ object: { metadata: { annotations: { keep: 'me' } } } });
    expect(JSON.stringify(events[1])).not.toMatch(/managedFields|last-applied|big/);
  });
});

describe('a list-watch survives, and converges after', () => {
  const refused: RequestFault[] = [
    { status: 500 },
    { status: 429 },
    { status: 503 },
    { status: 401 },
    { status: 403 },
    'reset',
    'hang',
  ];

  test.each(refused)('a first LIST that meets %j, twice', async fault => {
    server.set('a');
    server.set('b');
    server.failNext('list', fault, fault);
    start();
    await watching();
    await staysAlive();
    expect(server.count('list')).toBe(3);
  });

  test.each(refused)('a second page that meets %j', async fault => {
    for (const name of ['a', 'b', 'c']) server.set(name);
    server.failNext('list', 'none', fault);
    start({ pageSize: 2 });
    await watching();
    expect(server.count('list')).toBe(4);
    await staysAlive();
  });

  test.each([...refused, { status: 410 }])('a watch that is refused with %j', async fault => {
    server.set('a');
    server.set('b');
    server.failNext('watch', fault, fault);
    start();
    await watching();
    await staysAlive();
  });

  test.each(refused)('a relist that meets %j', async fault => {
    server.set('a');
    server.set('b');
    start();
    await watching();
    server.failNext('list', fault, fault);
    server.breakWatches('gone-event');
    await eventually(() => expect(snapshots()).toBe(2));
    await watching();
    await staysAlive();
  });

  const breaks: { fault: WatchFault; relists: boolean }[] = [
    { fault: 'end', relists: false },
    { fault: 'reset', relists: false },
    { fault: 'malformed', relists: true },
    { fault: 'half-line', relists: true },
    { fault: 'gone-event', relists: true },
    { fault: 'error-event', relists: true },
  ];

  test.each(breaks)('an open watch that suffers $fault (new snapshot: $relists)', async ({ fault, relists }) => {
    server.set('a');
    server.set('b');
    start();
    await watching();
    server.set('a', { before: 'fault' });
    await converges();
    server.breakWatches(fault);
    await eventually(() => expect(server.count('watch')).toBe(2));
    await watching();
    await staysAlive();
    expect(snapshots()).toBe(relists ? 2 : 1);
  });

  test('a broken connection whose resourceVersion is compacted meanwhile', async () => {
    server.set('a');
    server.set('b');
    start();
    await watching();
    server.failNext('watch', 'reset');
    server.breakWatches('reset');
    server.remove('a');
    server.compact();
    await eventually(() => expect(snapshots()).toBe(2));
    await converges();
    server.set('a');
    await watching();
    await staysAlive();
  });

  test('a 401 when it reconnects', async () => {
    server.set('a');
    server.set('b');
    start();
    await watching();
    server.failNext('watch', { status: 401 });
    server.failNext('list', { status: 401 });
    server.breakWatches('reset');
    await eventually(() => expect(server.count('watch')).toBeGreaterThan(2));
    await watching();
    await staysAlive();
  });

  test('a watch that falls silent without closing', async () => {
    server.set('a');
    server.set('b');
    start({ timing: { ...timing, inactivityMs: 60 } });
    await watching();
    server.stalled = true;
    server.set('a', { told: 'to nobody' });
    await eventually(() => expect(snapshots()).toBeGreaterThan(1));
    server.stalled = false;
    await converges();
    await staysAlive();
  });

  test('a handler that throws, or rejects', async () => {
    server.set('a');
    server.set('b');
    let failures = 0;
    start({
      onEvent: event => {
        events.push(event);
        failures += 1;
        if (failures === 1) throw new Error('handler');
        if (failures === 2) return Promise.reject(new Error('async handler'));
        return undefined;
      },
    });
    await watching();
    await staysAlive();
    expect(warnings.filter(warning => warning.message.includes('handler'))).toHaveLength(2);
  });
});

test('bookmarks count as a sign of life', async () => {
  server.set('a');
  start({ timing: { ...timing, inactivityMs: 120 } });
  await watching();
  for (let round = 0; round < 10; round += 1) {
    await new Promise(resolve => setTimeout(resolve, 25));
    server.bookmark();
  }
  expect(server.count('watch')).toBe(1);
});

test('an object that was deleted and recreated unseen is told with its new uid', async () => {
  server.set('a');
  start();
  await watching();
  server.recreateAsModified('a');
  await converges();
  expect(events.map(event => event.type)).toEqual(['snapshot', 'set']);
  expect(events[1]).toMatchObject({ object: { metadata: { uid: 'uid-2' } } });
});

test('a bookmark is where a broken watch goes on', async () => {
  server.set('a');
  start();
  await watching();
  server.set('other-kind-of-traffic');
  server.bookmark();
  await converges();
  server.breakWatches('reset');
  await eventually(() => expect(server.count('watch')).toBe(2));
  expect(server.requests.at(-1)?.url).toContain('resourceVersion=102');
});

describe('between attempts', () => {
  const recordSleeps = () => {
    const slept: number[] = [];
    const sleep = async (ms: number, signal: AbortSignal) => {
      // The inactivity guard sleeps as well, for longer than any backoff here.
      if (ms < 1_000_000) slept.push(ms);
      else await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
      await new Promise(resolve => setTimeout(resolve, 1));
    };
    return { slept, clock: { now: () => performance.now(), sleep } };
  };

  test('the wait doubles up to a ceiling, with full jitter', async () => {
    const { slept, clock } = recordSleeps();
    server.failNext('list', ...Array.from({ length: 7 }, () => ({ status: 500 })));
    const patience = { backoffMs: 800, maxBackoffMs: 10_000, inactivityMs: 10_000_000 };
    const listWatch = start({ clock, random: () => 0.5, timing: patience });
    await listWatch.whenSynced();
    expect(slept).toEqual([400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  test('Retry-After is honoured, within reason', async () => {
    const { slept, clock } = recordSleeps();
    server.failNext('list', { status: 429, retryAfter: 7 }, { status: 503, retryAfter: 86_400 });
    server.failNext('watch', { status: 429, retryAfter: 3 });
    start({ clock, random: () => 0, timing: { inactivityMs: 10_000_000 } });
    await watching();
    expect(slept).toEqual([7_000, 300_000, 3_000]);
    expect(server.count('list')).toBe(3);
  });

  test('a watch that is ended at once, again and again, is not a hot loop', async () => {
    const { slept, clock } = recordSleeps();
    start({ clock, random: () => 0.5, timing: { inactivityMs: 10_000_000, healthyAfterMs: 60_000 } });
    for (let round = 1; round <= 3; round += 1) {
      await eventually(() => expect(server.count('watch')).toBe(round));
      await watching();
      server.breakWatches('end');
      await eventually(() => expect(slept).toHaveLength(round));
    }
    expect(slept).toEqual([400, 800, 1600]);
  });
});

describe('stop()', () => {
  const requestsStay = async () => {
    // What was on its way to the server when stop() was called may still arrive; nothing after that.
    await new Promise(resolve => setTimeout(resolve, 40));
    const before = server.requests.length;
    const told = events.length;
    server.set('after-stop');
    await new Promise(resolve => setTimeout(resolve, 40));
    expect(server.requests).toHaveLength(before);
    expect(events).toHaveLength(told);
    expect(server.openWatches).toBe(0);
  };

  test('while it watches', async () => {
    const listWatch = start();
    await watching();
    await listWatch.stop();
    await eventually(() => expect(server.openWatches).toBe(0));
    await requestsStay();
  });

  test('while it waits to try again', async () => {
    server.failNext('list', ...Array.from({ length: 50 }, () => ({ status: 500 })));
    const listWatch = start({ timing: { backoffMs: 10_000, maxBackoffMs: 10_000 }, random: () => 0.9 });
    await eventually(() => expect(warnings).toHaveLength(1));
    const began = performance.now();
    await listWatch.stop();
    expect(performance.now() - began).toBeLessThan(1_000);
    await requestsStay();
    await expect(listWatch.whenSynced()).rejects.toThrow('stopped');
  });

  test.each(['list', 'watch'] as const)('while a %s has no answer yet', async operation => {
    server.failNext(operation, 'hang');
    const listWatch = start();
    await eventually(() => expect(server.count(operation)).toBe(1));
    await listWatch.stop();
    await requestsStay();
  });

  test('while it reconnects', async () => {
    const listWatch = start();
    await watching();
    server.failNext('watch', ...Array.from({ length: 50 }, () => 'reset' as const));
    server.breakWatches('reset');
    await eventually(() => expect(server.count('watch')).toBeGreaterThan(2));
    await listWatch.stop();
    await requestsStay();
  });
});

test('whenSynced gives up with its signal', async () => {
  server.failNext('list', 'hang');
  const listWatch = start();
  await expect(listWatch.whenSynced(AbortSignal.timeout(10))).rejects.toThrow('not listed in time');
});
