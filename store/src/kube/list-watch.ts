import type { KubeClient } from './client.ts';
import type { Clock } from './clock.ts';
import type { Kind, KubeObject } from './kinds.ts';
import type { Log } from './log.ts';

/**
 * - `snapshot`: everything there is; comes first, and again whenever continuity broke.
 * - `set`: created or changed; `previous` is the state last told of the same incarnation (uid).
 * - `delete`: gone, with its last known state. A recreated object is a delete and a set.
 */
export type ListWatchEvent<T> =
  | { readonly type: 'snapshot'; readonly items: readonly T[] }
  | { readonly type: 'set'; readonly object: T; readonly previous?: T }
  | { readonly type: 'delete'; readonly object: T };

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
  /** Makes an object smaller before it is kept; managedFields and kubectl's last-applied annotation are always removed. */
  readonly strip?: ((object: T) => T) | undefined;
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

/** Follows every object of a kind, for ever: no failure ends it, only stop(). */
export class ListWatch<T extends KubeObject> {
  constructor(_options: ListWatchOptions<T>) {}
  /** True once the first snapshot was told; stays true. */
  get synced(): boolean {
    return false;
  }
  start(): void {}
  async stop(): Promise<void> {}
  /** Milliseconds since the server last said anything; Infinity before it did. */
  lastEventAgeMs(): number {
    return Number.POSITIVE_INFINITY;
  }
  /** Resolves at the first snapshot; rejects when the signal aborts or stop() comes first. */
  async whenSynced(_signal?: AbortSignal): Promise<void> {}
}
