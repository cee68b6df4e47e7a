import type { KubeObject } from './kinds.ts';
import type { ListWatchOptions } from './list-watch.ts';

export interface KubeCacheOptions<T extends KubeObject> extends Omit<ListWatchOptions<T>, 'onEvent'> {
  /** Index name → the value under which byIndex() finds the object; undefined leaves it out. */
  readonly indexBy?: Readonly<Record<string, (object: T) => string | undefined>> | undefined;
}

export type CacheListener<T> = (object: T, change: 'set' | 'delete') => void;

/** A local view of every object of a kind, kept up to date by a ListWatch. Objects are shared: treat them as read-only. */
export class KubeCache<T extends KubeObject> {
  constructor(_options: KubeCacheOptions<T>) {}
  get synced(): boolean {
    return false;
  }
  start(): void {}
  async stop(): Promise<void> {}
  lastEventAgeMs(): number {
    return 0;
  }
  async whenSynced(_signal?: AbortSignal): Promise<void> {}
  /** `namespace` is undefined for a cluster-wide kind. */
  get(_namespace: string | undefined, _name: string): T | undefined {
    return undefined;
  }
  /** In no particular order; throws for an index that was not declared. */
  byIndex(_index: string, _value: string): readonly T[] {
    return [];
  }
  all(): readonly T[] {
    return [];
  }
  /** Puts an object that our own write returned, at once; an event still under way that is older does not undo it. */
  observe(_object: T): void {}
  /** Removes an object whose deletion by us is confirmed. */
  forget(_object: T): void {}
  /** Calls back for every change from now on, own writes included; returns how to end it. */
  subscribe(_listener: CacheListener<T>): () => void {
    return () => undefined;
  }
}
