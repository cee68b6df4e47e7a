// Whoever may create objects can create some that no reader expects. Whatever they hold, the others arrive.
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { KubeCache } from './cache.ts';
import type { KubeClient, WatchEvent } from './client.ts';
import { type KubeObject, kinds } from './kinds.ts';

/** One LIST and one watch, told at once; a second LIST is counted. */
class OneList {
  lists = 0;
  readonly items: KubeObject[];
  readonly events: WatchEvent[];

  constructor(items: unknown[], events: { type: string; object: unknown }[]) {
    this.items = items as KubeObject[];
    this.events = events as WatchEvent[];
  }

  get client(): KubeClient {
    const list = async () => {
      this.lists += 1;
      return { items: this.items, resourceVersion: '1' };
    };
    return { list, watch: (_kind: unknown, _options: unknown, signal: AbortSignal) => this.#watch(signal) } as never;
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<WatchEvent> {
    yield* this.events;
    if (signal.aborted) return;
    await new Promise(resolve => signal.addEventListener('abort', resolve));
  }
}

const good = (name: string, more: object = {}) => ({
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: '1', labels: { app: name } },
  ...more,
});

const json = fc.jsonValue({ maxDepth: 3 });
/** From anything at all to an object that is wrong in one member. */
const anything = fc.oneof(
  json,
  fc.record({ metadata: json, spec: json, status: json, data: json }),
  fc
    .tuple(
      fc.constantFrom('name', 'namespace', 'uid', 'labels', 'annotations', 'finalizers', 'deletionTimestamp'),
      json,
    )
    .map(([member, value]) => ({ metadata: { ...good('odd').metadata, [member]: value }, spec: value })),
);
const eventTypes = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED');
/** On the wire every event has a resourceVersion; without one the line is no event. */
const event = fc.tuple(eventTypes, anything).map(([type, object]) => ({
  type,
  object: { ...(object as object), metadata: { ...(object as KubeObject | null)?.metadata, resourceVersion: '2' } },
}));

interface Fussy extends KubeObject {
  spec?: { list: { name: string }[] };
}

test('any JSON as an item or an event neither ends the list nor the watch', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 6 }), fc.array(event, { maxLength: 6 }), async (items, events) => {
      const list = [{ name: 'x' }];
      const script = new OneList(
        [...items, good('first', { spec: { list } })],
        [...events, { type: 'ADDED', object: good('last', { spec: { list } }) }],
      );
      const warn = vi.fn();
      const log = { debug: warn, info: warn, warn, error: warn };
      const failures = vi.fn();
      const cache = new KubeCache<Fussy>({
        client: script.client,
        kind: kinds.configMap,
        log: { ...log, error: failures },
        // Throws for what has no such list, as readers do that know only good objects.
        strip: object => ({ ...object, spec: { list: (object.spec?.list ?? []).map(({ name }) => ({ name })) } }),
        indexBy: { app: object => object.metadata.labels?.app },
      });
      cache.start();
      await vi.waitFor(() => expect(cache.get('ns', 'last')).toBeDefined(), { interval: 1 });
      expect(cache.get('ns', 'first')).toBeDefined();
      expect(cache.byIndex('app', 'last')).toHaveLength(1);
      expect(script.lists).toBe(1);
      expect(failures).not.toHaveBeenCalled();
      await cache.stop();
    }),
    { numRuns: 300 },
  );
});

test('an object that is left out is logged once, counted each time, and gone from the view while it cannot be read', async () => {
  const bad = good('a', { spec: { list: null } });
  const script = new OneList(
    [good('a')],
    [
      { type: 'MODIFIED', object: bad },
      { type: 'MODIFIED', object: { ...bad, metadata: { ...bad.metadata, resourceVersion: '3' } } },
      { type: 'ADDED', object: good('b') },
    ],
  );
  const warn = vi.fn();
  const onDropped = vi.fn();
  const cache = new KubeCache<KubeObject & { spec?: { list: unknown[] | null } }>({
    client: script.client,
    kind: kinds.configMap,
    log: { debug: warn, info: warn, warn, error: warn },
    onDropped,
    strip: object => {
      if (object.spec?.list === null) throw new Error('spec.list is null');
      return object;
    },
  });
  const changes: string[] = [];
  cache.subscribe(({ metadata }, change) => changes.push(`${change} ${metadata.name}`));
  cache.start();
  await vi.waitFor(() => expect(cache.get('ns', 'b')).toBeDefined(), { interval: 1 });
  expect(changes).toEqual(['set a', 'delete a', 'set b']);
  expect(onDropped.mock.calls).toEqual([[kinds.configMap], [kinds.configMap]]);
  expect(warn.mock.calls).toMatchObject([['an object that cannot be read is left out', { name: 'a', uid: 'uid-a' }]]);
  await cache.stop();
});

test('an object of ours that comes back unreadable from a write is not kept', async () => {
  const script = new OneList([], []);
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const cache = new KubeCache<KubeObject>({ client: script.client, kind: kinds.configMap, log });
  cache.start();
  await cache.whenSynced();
  cache.observe({ metadata: { name: 'a', labels: 5 } } as never);
  expect(cache.all()).toEqual([]);
  await cache.stop();
});
