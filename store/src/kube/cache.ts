// A local view of one kind. Two sources feed it: the watch, and what our own writes returned (observe), which is usually faster. An
// event that was under way when we wrote is older than what we wrote, and must not bring the old state back; resourceVersions have
// no order that we may use, so the view remembers which one each write replaced:
//
//   cached a ── observe(c) ──▶ cached c, a ⇒ c        event a: dropped, c is still to come
//                                                     event b (somebody else's): wins, then event c wins
//                                                     event c: a ⇒ c is forgotten
import type { KubeObject } from './kinds.ts';
import { ListWatch, type ListWatchEvent, type ListWatchOptions, objectKey } from './list-watch.ts';
import { Remembered } from './remembered.ts';

export interface KubeCacheOptions<T extends KubeObject> extends Omit<ListWatchOptions<T>, 'onEvent'> {
  /** Index name → the value under which byIndex() finds the object; undefined leaves it out. */
  readonly indexBy?: Readonly<Record<string, (object: T) => string | undefined>> | undefined;
}

export type CacheListener<T> = (object: T, change: 'set' | 'delete') => void;

/** How many of our writes to one object may be under way at once before their order is no longer remembered. */
const rememberedPerObject = 8;
const rememberedInAll = 2048;
const gone = Symbol('gone');

/** A local view of every object of a kind, kept up to date by a ListWatch. Objects are shared: treat them as read-only. */
export class KubeCache<T extends KubeObject> {
  readonly #options: KubeCacheOptions<T>;
  readonly #listWatch: ListWatch<T>;
  readonly #objects = new Map<string, T>();
  /** Lists, not maps: a value has few objects (an Artifact's children of one kind), and there are as many values as Artifacts. */
  readonly #indexes = new Map<string, Map<string, readonly T[]>>();
  readonly #listeners = new Set<CacheListener<T>>();
  /** uid → replaced resourceVersion → what our write made of it. */
  readonly #replaced = new Map<string, Map<string, string | typeof gone>>();
  /** `uid/resourceVersion` of what the watch has already told; the result of a write among them is no news. */
  readonly #told = new Remembered(rememberedInAll);
  /** uids that are deleted; they never come back. */
  readonly #deleted = new Remembered(rememberedInAll);

  constructor(options: KubeCacheOptions<T>) {
    this.#options = options;
    for (const index of Object.keys(options.indexBy ?? {})) this.#indexes.set(index, new Map());
    const { strip = object => object, indexBy = {} } = options;
    const read = (object: T) => {
      const lean = strip(object);
      // What cannot be indexed cannot be read: better left out here than half put in later.
      for (const indexedBy of Object.values(indexBy)) indexedBy(lean);
      return lean;
    };
    this.#listWatch = new ListWatch<T>({ ...options, strip: read, onEvent: event => this.#onEvent(event) });
  }

  get synced(): boolean {
    return this.#listWatch.synced;
  }

  start(): void {
    this.#listWatch.start();
  }

  stop(): Promise<void> {
    return this.#listWatch.stop();
  }

  /** Milliseconds since the server last said anything; Infinity before it did. */
  lastEventAgeMs(): number {
    return this.#listWatch.lastEventAgeMs();
  }

  /** Resolves once everything is here; rejects when the signal aborts or stop() comes first. */
  whenSynced(signal?: AbortSignal): Promise<void> {
    return this.#listWatch.whenSynced(signal);
  }

  /** `namespace` is undefined for a cluster-wide kind. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(objectKey({ metadata: { namespace, name } }));
  }

  /** In no particular order; throws for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[] {
    const values = this.#indexes.get(index);
    if (values === undefined) throw new Error(`the cache of ${this.#options.kind.plural} has no index ${index}`);
    return values.get(value) ?? [];
  }

  /** In no particular order. */
  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /**
   * Puts an object that our own write returned, at once; an event still under way that is older does not undo it. The object must be
   * one that this cache's selectors match.
   */
  observe(written: T): void {
    const { uid = '', resourceVersion = '' } = written.metadata;
    if (this.#deleted.has(uid) || this.#told.has(`${uid}/${resourceVersion}`)) return;
    const object = this.#listWatch.read(written);
    if (object === undefined) return;
    const cached = this.#objects.get(objectKey(object));
    if (cached !== undefined) {
      if (isSame(cached, object)) return;
      const isRecreated = cached.metadata.uid !== uid;
      this.#remember(cached, isRecreated ? gone : resourceVersion);
      if (isRecreated) this.#remove(cached);
    }
    this.#put(object);
  }

  /** Removes an object whose deletion by us is confirmed. */
  forget(object: T): void {
    const cached = this.#objects.get(objectKey(object));
    if (cached === undefined || cached.metadata.uid !== object.metadata.uid) return;
    this.#remember(cached, gone);
    this.#remove(cached);
  }

  /** Calls back for every change from now on, own writes included; returns how to end it. What it throws is logged. */
  subscribe(listener: CacheListener<T>): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #onEvent(event: ListWatchEvent<T>): void {
    switch (event.type) {
      case 'snapshot':
        this.#replaceAll(event.items);
        break;
      case 'set':
        this.#take(event.object);
        break;
      case 'delete':
        this.#drop(event.object);
        break;
      case 'drop': {
        const cached = this.#objects.get(objectKey(event.object));
        if (cached !== undefined) this.#remove(cached);
        break;
      }
      default:
        event satisfies never;
    }
  }

  #take(object: T): void {
    const { uid = '', resourceVersion = '' } = object.metadata;
    const isOlder = this.#settle(uid, resourceVersion);
    this.#told.add(`${uid}/${resourceVersion}`);
    if (isOlder) return;
    const cached = this.#objects.get(objectKey(object));
    if (cached !== undefined) {
      if (isSame(cached, object)) return;
      this.#told.add(`${cached.metadata.uid}/${cached.metadata.resourceVersion}`);
      if (cached.metadata.uid !== uid) this.#remove(cached);
    }
    this.#put(object);
  }

  #drop(object: T): void {
    const uid = object.metadata.uid ?? '';
    this.#replaced.delete(uid);
    this.#deleted.add(uid);
    const cached = this.#objects.get(objectKey(object));
    // A newer incarnation under the same name, which we made, is not what was deleted.
    if (cached?.metadata.uid === object.metadata.uid && cached !== undefined) this.#remove(object);
  }

  /** Everything is set before anybody is told, so that a listener never sees half a snapshot. */
  #replaceAll(items: readonly T[]): void {
    this.#replaced.clear();
    const changes: [T, 'set' | 'delete'][] = [];
    const wanted = new Map(items.map(item => [objectKey(item), item]));
    for (const [key, cached] of [...this.#objects]) {
      const item = wanted.get(key);
      if (item !== undefined && isSame(item, cached)) {
        wanted.delete(key);
        continue;
      }
      this.#told.add(`${cached.metadata.uid}/${cached.metadata.resourceVersion}`);
      if (item?.metadata.uid === cached.metadata.uid && item !== undefined) continue;
      this.#unlink(cached);
      changes.push([cached, 'delete']);
    }
    for (const item of wanted.values()) {
      this.#link(item);
      changes.push([item, 'set']);
    }
    for (const [object, change] of changes) this.#notify(object, change);
  }

  /** Notes that our write replaced the cached state. */
  #remember(cached: T, by: string | typeof gone): void {
    const { uid = '', resourceVersion = '' } = cached.metadata;
    const replaced = this.#replaced.get(uid) ?? new Map<string, string | typeof gone>();
    replaced.set(resourceVersion, by);
    const [oldest] = replaced.keys();
    if (replaced.size > rememberedPerObject && oldest !== undefined) replaced.delete(oldest);
    this.#replaced.set(uid, replaced);
  }

  /** True when the watch tells a state that our write has replaced, and what we wrote is still to come. */
  #settle(uid: string, resourceVersion: string): boolean {
    const replaced = this.#replaced.get(uid);
    if (replaced === undefined) return false;
    const isOlder = replaced.has(resourceVersion);
    for (const [older, by] of replaced) if (by === resourceVersion) replaced.delete(older);
    if (replaced.size === 0) this.#replaced.delete(uid);
    return isOlder;
  }

  #put(object: T): void {
    this.#link(object);
    this.#notify(object, 'set');
  }

  #remove(object: T): void {
    this.#unlink(object);
    this.#notify(object, 'delete');
  }

  #link(object: T): void {
    const key = objectKey(object);
    this.#unlink(object);
    this.#objects.set(key, object);
    for (const [index, indexedBy] of Object.entries(this.#options.indexBy ?? {})) {
      const value = indexedBy(object);
      const values = this.#indexes.get(index);
      if (value === undefined || values === undefined) continue;
      values.set(value, values.get(value)?.concat(object) ?? [object]);
    }
  }

  #unlink(object: T): void {
    const key = objectKey(object);
    const cached = this.#objects.get(key);
    if (cached === undefined) return;
    this.#objects.delete(key);
    for (const [index, indexedBy] of Object.entries(this.#options.indexBy ?? {})) {
      const value = indexedBy(cached);
      const values = this.#indexes.get(index);
      if (value === undefined || values === undefined) continue;
      const others = (values.get(value) ?? []).filter(o => o !== cached);
      if (others.length > 0) values.set(value, others);
      else values.delete(value);
    }
  }

  #notify(object: T, change: 'set' | 'delete'): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(object, change);
      } catch (error) {
        this.#options.log.error('a listener of the cache failed', { kind: this.#options.kind.plural, change, error });
      }
    }
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
