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
  object: KubeObject & { spec?: unknown; status?: { countsArtifacts: boolean } };
}

interface QuotaStatus {
  hard?: Readonly<Record<string, string>>;
  used?: Readonly<Record<string, string>>;
}
const artifacts = 'count/artifacts.vibed.dev';

/** Of a quota's status, which changes with every pod, only whether Artifacts are counted; absent before the first count. */
function leanRail({ status: read, ...object }: LiveRail['object']): LiveRail['object'] {
  const status: QuotaStatus | undefined = read as object | undefined;
  if (status?.hard?.[artifacts] === undefined) return object;
  return { ...object, status: { countsArtifacts: status.used?.[artifacts] !== undefined } };
}

/** Ours, and no child of an Artifact. */
const selector = `${labels.managedBy}=vibed,!${labels.artifactUid}`;
const byNamespace = 'namespace';

export class RailView {
  readonly #caches: ReadonlyMap<Kind, KubeCache<LiveRail['object']>>;

  constructor({ client, log, kinds, onDropped }: RailViewOptions) {
    const cacheOf = (kind: Kind) =>
      new KubeCache<LiveRail['object']>({
        client,
        kind,
        log,
        onDropped,
        labelSelector: selector,
        strip: leanRail,
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
