// The guard rails there are, followed in every namespace: one that is deleted, changed or loses its label is repaired at once.
import { labels } from '@vibed/crds';
import { type Kind, KubeCache, type KubeClient, type KubeObject, type Log } from '@vibed/store/kube';

export interface RailViewOptions {
  client: KubeClient;
  log: Log;
  /** Kinds of guard rails. */
  kinds: readonly Kind[];
  onDropped?: (kind: Kind) => void;
}

/** A guard rail as it is in the cluster. */
export interface LiveRail {
  kind: Kind;
  object: KubeObject & { spec?: unknown };
}

/** Ours, and no child of an Artifact. */
const selector = `${labels.managedBy}=vibed,!${labels.artifactUid}`;
const byNamespace = 'namespace';

export class RailView {
  readonly #caches: ReadonlyMap<Kind, KubeCache<KubeObject>>;

  constructor({ client, log, kinds, onDropped }: RailViewOptions) {
    const cacheOf = (kind: Kind) =>
      new KubeCache<KubeObject & { status?: unknown }>({
        client,
        kind,
        log,
        onDropped,
        labelSelector: selector,
        // A quota's status changes with every pod.
        strip: ({ status: _, ...object }) => object,
        indexBy: { [byNamespace]: ({ metadata }) => metadata.namespace },
      });
    this.#caches = new Map([...new Set(kinds)].map(kind => [kind, cacheOf(kind)]));
  }

  start(): void {
    for (const cache of this.#caches.values()) cache.start();
  }
  async stop(): Promise<void> {
    await Promise.all([...this.#caches.values()].map(cache => cache.stop()));
  }
  get synced(): boolean {
    return [...this.#caches.values()].every(cache => cache.synced);
  }
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#caches.values()].map(cache => cache.whenSynced(signal)));
  }

  /** The guard rails of a namespace, and whatever else there carries their label. */
  in(namespace: string): LiveRail[] {
    return [...this.#caches].flatMap(([kind, cache]) =>
      cache.byIndex(byNamespace, namespace).map(object => ({ kind, object })),
    );
  }
  /** Shows what was written. */
  observe({ kind, object }: LiveRail): void {
    this.#caches.get(kind)?.observe(object);
  }
  /** Calls back with the namespace of each guard rail that changed. */
  subscribe(listener: (namespace: string) => void): void {
    for (const cache of this.#caches.values())
      cache.subscribe(({ metadata }) => {
        if (metadata.namespace !== undefined) listener(metadata.namespace);
      });
  }
}
