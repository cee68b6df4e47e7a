import type { KubeClient } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import { isKubeError } from './errors.ts';
import type { Kind, KubeObject, ObjectRef } from './kinds.ts';
import type { Log } from './log.ts';
import { Remembered } from './remembered.ts';
import { shapeProblem } from './shape.ts';

/**
 * - `snapshot`: everything there is; comes first, and again whenever continuity broke.
 * - `set`: created or changed; another uid than before is another incarnation under the same name.
 * - `delete`: gone, with its last state.
 * - `drop`: there, but no longer readable; only its name is known.
 *
 * What was told is not kept here: whoever follows objects holds them, and twice would be twice the heap.
 */
export type ListWatchEvent<T> =
  | { readonly type: 'snapshot'; readonly items: readonly T[] }
  | { readonly type: 'set'; readonly object: T }
  | { readonly type: 'delete'; readonly object: T }
  | { readonly type: 'drop'; readonly object: { readonly metadata: ObjectRef } };

export interface ListWatchOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly kind: Kind;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
  /** Objects per LIST request; default 500. */
  readonly pageSize?: number | undefined;
  /**
   * Makes an object smaller before it is kept; managedFields and kubectl's last-applied annotation are always removed. An object for
   * which it throws is dropped: anybody who may create objects may also create one that no reader expects.
   */
  readonly strip?: ((object: T) => T) | undefined;
  /** Called for each object that is dropped, also when it is met again; the log names each only once. */
  readonly onDropped?: ((kind: Kind) => void) | undefined;
  /** Called one event at a time; what it throws is logged and does no harm here. */
  readonly onEvent: (event: ListWatchEvent<T>) => void;
  readonly log: Log;
  readonly timing?: Partial<ListWatchTiming> | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
}

export interface ListWatchTiming {
  /** First wait after a failure, before jitter; doubles with each further one. Default 800. */
  readonly backoffMs: number;
  /** Longest such wait; default 30,000. */
  readonly maxBackoffMs: number;
  /** A watch that lived this long forgets earlier failures; default 10,000. */
  readonly healthyAfterMs: number;
  /** A watch without any event or bookmark for this long is given up; default 150,000 (bookmarks come about each minute). */
  readonly inactivityMs: number;
}

const defaultTiming: ListWatchTiming = {
  backoffMs: 800,
  maxBackoffMs: 30_000,
  healthyAfterMs: 10_000,
  inactivityMs: 150_000,
};

/** How many dropped objects are remembered as logged. */
const rememberedDrops = 1024;

/** A server or proxy that asks for more patience than this is not believed. */
const longestRetryAfterSeconds = 300;

/**
 * Follows every object of a kind, for ever: no failure ends it, only stop(). An object that cannot be read is dropped: it neither ends
 * the list nor the watch.
 * ```
 *        ┌──────────────── anything else: back off ────────────────┐
 *        ▼                                                         │
 *   LIST, page by page ──snapshot──▶ WATCH ──set, delete──▶ … ─────┤
 *                                    ▲                             │
 *                                    └─ ended by time, or broken ──┘
 *                                       in transit: go on from the last resourceVersion
 * ```
 */
export class ListWatch<T extends KubeObject> {
  readonly #options: ListWatchOptions<T>;
  readonly #timing: ListWatchTiming;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #what: string;
  readonly #stopped = new AbortController();
  readonly #dropped = new Remembered(rememberedDrops);
  readonly #firstSnapshot = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #synced = false;
  #lastEventAt: number | undefined;
  #failures = 0;

  constructor(options: ListWatchOptions<T>) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#what = [options.kind.plural, options.namespace, options.labelSelector].filter(Boolean).join(' ');
    // Nobody need be waiting for the snapshot when stop() comes before it.
    this.#firstSnapshot.promise.catch(() => undefined);
  }

  /** True once the first snapshot was told; stays true. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Milliseconds since the server last said anything; Infinity before it did. */
  lastEventAgeMs(): number {
    return this.#lastEventAt === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() - this.#lastEventAt;
  }

  /** Resolves at the first snapshot; rejects when the signal aborts or stop() comes first. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return this.#firstSnapshot.promise;
    const given = Promise.withResolvers<void>();
    const onAbort = () => given.reject(new Error(`${this.#what} were not listed in time`, { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#firstSnapshot.promise, given.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** The object as this list-watch reports it: without bookkeeping, and stripped. Undefined when it cannot be read. */
  read(object: T): T | undefined {
    try {
      const problem = shapeProblem(object);
      if (problem !== undefined) throw new Error(problem);
      const lean = withoutBookkeeping(object);
      return this.#options.strip?.(lean) ?? lean;
    } catch (error) {
      this.#drop(object, error);
      return undefined;
    }
  }

  /** May be called once. */
  start(): void {
    if (this.#running !== undefined) throw new Error(`the list-watch of ${this.#what} was started before`);
    this.#running = this.#run();
  }

  /** Ends at once, whatever it is doing; no event comes afterwards. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#firstSnapshot.reject(new Error(`the list-watch of ${this.#what} was stopped`));
    await this.#running;
  }

  async #run(): Promise<void> {
    // Undefined: continuity is broken, list again.
    let position: string | undefined;
    while (!this.#stopped.signal.aborted) {
      try {
        position ??= await this.#listAll();
        position = await this.#watchFrom(position);
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        position = error instanceof WatchBroken ? error.position : undefined;
        await this.#backOff(error instanceof WatchBroken ? error.cause : error, position);
      }
    }
  }

  /** Tells a snapshot and gives the resourceVersion to watch from. */
  async #listAll(): Promise<string> {
    const { client, kind, pageSize = 500 } = this.#options;
    const found = new Map<string, T>();
    let next: string | undefined;
    let resourceVersion = '';
    do {
      const page = await client.list<T>(kind, {
        ...this.#selection(),
        limit: pageSize,
        continue: next,
        signal: this.#stopped.signal,
      });
      if (this.#stopped.signal.aborted) return '';
      for (const item of page.items) {
        const object = this.read(item);
        if (object !== undefined) found.set(objectKey(object), object);
      }
      next = page.continue;
      resourceVersion = page.resourceVersion;
    } while (next !== undefined);
    this.#heard();
    this.#tell({ type: 'snapshot', items: [...found.values()] });
    this.#synced = true;
    this.#firstSnapshot.resolve();
    return resourceVersion;
  }

  /** One watch; gives the resourceVersion to go on from when the server ended it in due time. */
  async #watchFrom(start: string): Promise<string> {
    if (this.#stopped.signal.aborted) return start;
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, silence.signal]);
    const opened = this.#clock.now();
    let position = start;
    const guard = this.#guardSilence(silence);
    try {
      // Spread, so that the watches of many processes do not all end, and come back, at one time.
      const timeoutSeconds = 240 + Math.floor(this.#random() * 240);
      const options = { ...this.#selection(), resourceVersion: start, timeoutSeconds };
      for await (const event of this.#options.client.watch<T>(this.#options.kind, options, signal)) {
        if (this.#stopped.signal.aborted) return position;
        if (event.type === 'ERROR') throw event.error;
        guard.heard();
        this.#heard();
        position = event.type === 'BOOKMARK' ? event.resourceVersion : this.#take(event.type, event.object);
      }
    } catch (error) {
      throw isBreak(error) ? new WatchBroken(position, error) : error;
    } finally {
      guard.end();
      if (this.#clock.now() - opened >= this.#timing.healthyAfterMs) this.#failures = 0;
    }
    if (silence.signal.aborted) throw new Error(`the watch was silent for ${this.#timing.inactivityMs} ms`);
    // A server that ends each watch at once must not make this a hot loop.
    const early = this.#clock.now() - opened < this.#timing.healthyAfterMs;
    if (early && !this.#stopped.signal.aborted) throw new WatchBroken(position, new Error('the watch ended early'));
    return position;
  }

  /** Applies one event and gives the resourceVersion it stands for. */
  #take(type: 'ADDED' | 'MODIFIED' | 'DELETED', received: T): string {
    const object = this.read(received);
    if (object !== undefined) this.#tell({ type: type === 'DELETED' ? 'delete' : 'set', object });
    else if (isNamed(received)) this.#tell({ type: 'drop', object: received });
    return received.metadata.resourceVersion ?? '';
  }

  #drop(object: T, error: unknown): void {
    const { name, namespace, uid } = namesOf(object);
    this.#options.onDropped?.(this.#options.kind);
    if (!this.#dropped.add(uid ?? `${namespace}/${name}`)) return;
    const fields = { watch: this.#what, namespace, name, uid, error };
    this.#options.log.warn('an object that cannot be read is left out', fields);
  }

  #tell(event: ListWatchEvent<T>): void {
    if (this.#stopped.signal.aborted) return;
    try {
      const result: unknown = this.#options.onEvent(event);
      if (result instanceof Promise) result.catch((error: unknown) => this.#handlerFailed(event, error));
    } catch (error) {
      this.#handlerFailed(event, error);
    }
  }

  #handlerFailed(event: ListWatchEvent<T>, error: unknown): void {
    this.#options.log.error('a handler of watched objects failed', { watch: this.#what, event: event.type, error });
  }

  /** Aborts the controller when heard() was not called for the inactivity limit. */
  #guardSilence(silence: AbortController): { heard(): void; end(): void } {
    const ended = new AbortController();
    let last = this.#clock.now();
    const run = async () => {
      while (!ended.signal.aborted) {
        const left = last + this.#timing.inactivityMs - this.#clock.now();
        if (left <= 0) return silence.abort();
        await this.#clock.sleep(left, ended.signal);
      }
    };
    run().catch((error: unknown) => {
      this.#options.log.error('the clock failed', { watch: this.#what, error });
      silence.abort();
    });
    return {
      heard: () => {
        last = this.#clock.now();
      },
      end: () => ended.abort(),
    };
  }

  async #backOff(error: unknown, position: string | undefined): Promise<void> {
    const asked = isKubeError(error) ? (error.retryAfterSeconds ?? 0) : 0;
    const ceiling = Math.min(this.#timing.maxBackoffMs, this.#timing.backoffMs * 2 ** this.#failures);
    const ms = Math.max(this.#random() * ceiling, Math.min(asked, longestRetryAfterSeconds) * 1000);
    this.#failures = Math.min(this.#failures + 1, 30);
    const fields = { watch: this.#what, error, retryInMs: Math.round(ms), relist: position === undefined };
    this.#options.log.warn('the watch of the Kubernetes API is interrupted', fields);
    await this.#clock.sleep(ms, this.#stopped.signal);
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { namespace, labelSelector, fieldSelector, metadataOnly };
  }

  #heard(): void {
    this.#lastEventAt = this.#clock.now();
  }
}

/** The connection of a watch broke, but what it told until `position` is whole. */
class WatchBroken extends Error {
  readonly position: string;

  constructor(position: string, cause: unknown) {
    super('the watch broke off', { cause });
    this.position = position;
  }
}

/** True where nothing speaks against going on from the same resourceVersion. */
function isBreak(error: unknown): boolean {
  if (!isKubeError(error) || error.reason === 'MalformedEvent') return false;
  return error.code === 'TooManyRequests' || (error.code === 'Unavailable' && error.status === undefined);
}

/** Names of an object of any shape, as far as they are names. */
function namesOf(object: unknown): { name?: string; namespace?: string; uid?: string } {
  const metadata: unknown = (object as Partial<KubeObject> | null | undefined)?.metadata;
  const { name, namespace, uid } = (metadata ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return Object.fromEntries(
    Object.entries({ name: text(name), namespace: text(namespace), uid: text(uid) }).filter(([, v]) => v !== undefined),
  );
}

const isNamed = (object: unknown): object is { metadata: ObjectRef } => namesOf(object).name !== undefined;

/** Unique among the objects of one kind; a name holds no slash. */
export function objectKey(object: { readonly metadata: ObjectRef }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * managedFields and the last-applied copy are often larger than the object, and nobody here reads them. The former are overwritten: an
 * object made of the rest of another's members keeps most of them in a second, larger place.
 */
function withoutBookkeeping<T extends KubeObject>(object: T): T {
  const metadata = { ...object.metadata, managedFields: undefined } as T['metadata'];
  if (metadata.annotations?.[lastApplied] !== undefined) {
    const { [lastApplied]: _copy, ...annotations } = metadata.annotations;
    metadata.annotations = annotations;
  }
  return { ...object, metadata };
}
