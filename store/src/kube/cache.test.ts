import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KubeCache } from './cache.ts';
import type { KubeClient, Page, WatchEvent } from './client.ts';
import type { KubeObject } from './kinds.ts';
import { kinds } from './kinds.ts';

interface Thing extends KubeObject {
  readonly owner?: string;
}

/** A test double of the two calls that a cache makes; the test says what the watch tells, and when. */
class ScriptedClient {
  items: Thing[] = [];
  #push: ((event: WatchEvent<Thing> | Error) => void) | undefined;
  watches = 0;

  get client(): KubeClient {
    const list = async (): Promise<Page<Thing>> => ({ items: structuredClone(this.items), resourceVersion: 'list' });
    return {
      list,
      watch: (_kind: unknown, _options: unknown, signal: AbortSignal) => this.#watch(signal),
    } as unknown as KubeClient;
  }

  async tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Thing): Promise<void> {
    this.#push?.({ type, object: structuredClone(object) });
    await turns();
  }

  /** The next LIST has these, and continuity breaks. */
  async relist(...items: Thing[]): Promise<void> {
    this.items = items;
    const before = this.watches;
    this.#push?.(new Error('broken'));
    await vi.waitFor(() => expect(this.watches).toBe(before + 1), { interval: 1 });
    await turns();
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<WatchEvent<Thing>> {
    this.watches += 1;
    const queued: (WatchEvent<Thing> | Error | undefined)[] = [];
    let wake: () => void = () => undefined;
    const push = (event: WatchEvent<Thing> | Error | undefined) => {
      queued.push(event);
      wake();
    };
    this.#push = push;
    signal.addEventListener('abort', () => push(undefined), { once: true });
    for (;;) {
      if (queued.length === 0) await new Promise<void>(resolve => (wake = resolve));
      const event = queued.shift();
      if (event === undefined) return;
      if (event instanceof Error) throw event;
      yield event;
    }
  }
}

const turns = () => new Promise(resolve => setImmediate(resolve));
const silent = () => undefined;

let script: ScriptedClient;
let cache: KubeCache<Thing>;
let changes: string[];
const error = vi.fn();

/** `thing('a', '1')`: the object a as it is at resourceVersion 1. */
function thing(name: string, resourceVersion: string, more: { uid?: string; owner?: string } = {}): Thing {
  const metadata = { name, namespace: 'ns', uid: more.uid ?? `uid-${name}`, resourceVersion };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...(more.owner === undefined ? {} : { owner: more.owner }) };
}

const versionOf = (name: string) => cache.get('ns', name)?.metadata.resourceVersion;

beforeEach(() => {
  script = new ScriptedClient();
  changes = [];
  error.mockReset();
});

afterEach(() => cache.stop());

async function startWith(...items: Thing[]): Promise<void> {
  script.items = items;
  cache = new KubeCache<Thing>({
    client: script.client,
    kind: kinds.configMap,
    log: { debug: silent, info: silent, warn: silent, error },
    timing: { backoffMs: 1, maxBackoffMs: 1 },
    indexBy: { owner: object => object.owner },
  });
  cache.subscribe((object, change) =>
    changes.push(`${change} ${object.metadata.name} ${object.metadata.resourceVersion}`),
  );
  cache.start();
  await cache.whenSynced();
  await turns();
  changes.length = 0;
}

describe('a cache', () => {
  test('holds what the watch tells, and tells each change once', async () => {
    await startWith(thing('a', '1'), thing('b', '1'));
    expect(cache.synced).toBe(true);
    expect(cache.all()).toHaveLength(2);
    await script.tell('MODIFIED', thing('a', '2'));
    await script.tell('ADDED', thing('c', '3'));
    await script.tell('DELETED', thing('b', '4'));
    expect([versionOf('a'), versionOf('b'), versionOf('c')]).toEqual(['2', undefined, '3']);
    expect(changes).toEqual(['set a 2', 'set c 3', 'delete b 4']);
  });

  test('finds by index, also after the indexed value changed', async () => {
    await startWith(thing('a', '1', { owner: 'x' }), thing('b', '1', { owner: 'x' }), thing('c', '1'));
    expect(cache.byIndex('owner', 'x').map(object => object.metadata.name)).toEqual(['a', 'b']);
    await script.tell('MODIFIED', thing('a', '2', { owner: 'y' }));
    await script.tell('DELETED', thing('b', '3', { owner: 'x' }));
    expect(cache.byIndex('owner', 'x')).toEqual([]);
    expect(cache.byIndex('owner', 'y')).toHaveLength(1);
    expect(() => cache.byIndex('colour', 'x')).toThrow('no index colour');
  });

  test('an object that was deleted and recreated unseen is a delete and a set', async () => {
    await startWith(thing('a', '1', { owner: 'x' }));
    await script.tell('MODIFIED', thing('a', '2', { uid: 'other', owner: 'x' }));
    expect(changes).toEqual(['delete a 1', 'set a 2']);
    expect(cache.byIndex('owner', 'x')).toEqual([thing('a', '2', { uid: 'other', owner: 'x' })]);
  });

  test('a new snapshot is told as the difference only', async () => {
    await startWith(thing('same', '1'), thing('changed', '1'), thing('gone', '1'), thing('reborn', '1'));
    await script.relist(
      thing('same', '1'),
      thing('changed', '2'),
      thing('reborn', '2', { uid: 'other' }),
      thing('new', '2'),
    );
    expect(changes.sort()).toEqual(['delete gone 1', 'delete reborn 1', 'set changed 2', 'set new 2', 'set reborn 2']);
    expect(cache.all()).toHaveLength(4);
  });

  test('a listener sees the whole snapshot, and one that throws does no harm', async () => {
    await startWith(thing('a', '1'));
    const seen: (string | undefined)[] = [];
    cache.subscribe(() => {
      throw new Error('listener');
    });
    const end = cache.subscribe(() => seen.push(`${versionOf('a')} ${versionOf('b')}`));
    await script.relist(thing('a', '2'), thing('b', '2'));
    expect(seen).toEqual(['2 2', '2 2']);
    expect(error).toHaveBeenCalledTimes(2);
    end();
    await script.tell('MODIFIED', thing('a', '3'));
    expect(seen).toHaveLength(2);
  });
});

describe('an observed write', () => {
  test('is there at once, and its own event is no news', async () => {
    await startWith(thing('a', '1', { owner: 'x' }));
    cache.observe(thing('a', '2', { owner: 'y' }));
    expect(versionOf('a')).toBe('2');
    expect(cache.byIndex('owner', 'y')).toHaveLength(1);
    await script.tell('MODIFIED', thing('a', '2', { owner: 'y' }));
    expect(changes).toEqual(['set a 2']);
  });

  test('is not undone by events of states that it replaced', async () => {
    await startWith();
    cache.observe(thing('a', '1'));
    cache.observe(thing('a', '2'));
    cache.observe(thing('a', '3'));
    await script.tell('ADDED', thing('a', '1'));
    await script.tell('MODIFIED', thing('a', '2'));
    expect(versionOf('a')).toBe('3');
    await script.tell('MODIFIED', thing('a', '3'));
    await script.tell('MODIFIED', thing('a', '4'));
    expect(versionOf('a')).toBe('4');
    expect(changes).toEqual(['set a 1', 'set a 2', 'set a 3', 'set a 4']);
  });

  test("somebody else's write in between never leaves the cache behind", async () => {
    await startWith(thing('a', '1'));
    cache.observe(thing('a', '3'));
    await script.tell('MODIFIED', thing('a', '2'));
    await script.tell('MODIFIED', thing('a', '3'));
    expect(versionOf('a')).toBe('3');
  });

  test('two writes observed in the wrong order end in the true state', async () => {
    await startWith(thing('a', '1'));
    cache.observe(thing('a', '3'));
    cache.observe(thing('a', '2'));
    await script.tell('MODIFIED', thing('a', '2'));
    await script.tell('MODIFIED', thing('a', '3'));
    expect(versionOf('a')).toBe('3');
  });

  test('that comes after newer events is ignored', async () => {
    await startWith(thing('a', '1'));
    await script.tell('MODIFIED', thing('a', '2'));
    await script.tell('MODIFIED', thing('a', '3'));
    cache.observe(thing('a', '2'));
    cache.observe(thing('a', '1'));
    expect(versionOf('a')).toBe('3');
  });

  test('that comes after the deletion does not bring the object back', async () => {
    await startWith(thing('a', '1'));
    await script.tell('DELETED', thing('a', '3'));
    cache.observe(thing('a', '2'));
    expect(versionOf('a')).toBeUndefined();
    cache.observe(thing('a', '5', { uid: 'new' }));
    expect(versionOf('a')).toBe('5');
  });

  test('of a new incarnation survives the deletion event of the old one', async () => {
    await startWith(thing('a', '1'));
    cache.observe(thing('a', '5', { uid: 'new' }));
    await script.tell('DELETED', thing('a', '3'));
    expect(versionOf('a')).toBe('5');
    expect(changes).toEqual(['delete a 1', 'set a 5']);
  });

  test('that a snapshot does not know yet comes back with its event', async () => {
    await startWith();
    cache.observe(thing('a', '2'));
    await script.relist();
    expect(versionOf('a')).toBeUndefined();
    await script.tell('ADDED', thing('a', '2'));
    expect(versionOf('a')).toBe('2');
  });
});

describe('a forgotten object', () => {
  test('is gone at once, and events under way do not bring it back', async () => {
    await startWith(thing('a', '1', { owner: 'x' }));
    cache.forget(thing('a', '1'));
    await script.tell('MODIFIED', thing('a', '1'));
    expect(versionOf('a')).toBeUndefined();
    expect(cache.byIndex('owner', 'x')).toEqual([]);
    await script.tell('DELETED', thing('a', '2'));
    expect(changes).toEqual(['delete a 1']);
  });

  test('of another incarnation than the cached one changes nothing', async () => {
    await startWith(thing('a', '1'));
    cache.forget(thing('a', '1', { uid: 'other' }));
    expect(versionOf('a')).toBe('1');
  });
});

test('whatever is observed and in whichever order, the watch has the last word', async () => {
  // A small exhaustive walk: 3 writes to one object; each is observed at any point of the event stream, or never.
  const versions = ['1', '2', '3'];
  const never = versions.length + 1;
  const points = Array.from({ length: never + 1 }, (_, at) => at);
  for (const first of points)
    for (const second of points)
      for (const third of points) {
        await startWith();
        const observedAt = [first, second, third];
        for (let at = 0; at <= versions.length; at += 1) {
          for (const [index, version] of versions.entries())
            if (observedAt[index] === at) cache.observe(thing('a', version));
          const version = versions[at];
          if (version !== undefined) await script.tell('MODIFIED', thing('a', version));
        }
        expect(versionOf('a'), `observed at ${observedAt}`).toBe('3');
        await cache.stop();
      }
});
