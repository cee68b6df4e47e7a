// The default ArtifactStore: Artifacts are custom resources, versions are ControllerRevisions beside them.
import type { V1ControllerRevision } from '@kubernetes/client-node';
import { type Artifact, type ArtifactSpec, type ArtifactStatus, apiVersion, finalizer, labels } from '@vibed/crds';
import type { ArtifactRef, ArtifactStore, ArtifactView, Page, VersionRecord } from './artifact-store.ts';
import { type CompactArtifact, compactArtifact, compactSpec } from './compact.ts';
import {
  isKubeError,
  type Kind,
  KubeCache,
  type KubeClient,
  KubeError,
  type KubeObject,
  kinds,
  type Log,
  Pool,
  type Typed,
} from './kube/index.ts';
import { identitySelector, recordProblem } from './readable.ts';

type Revision = Typed<V1ControllerRevision>;
/** What a ControllerRevision holds: the record with the spec verbatim. */
type StoredRecord = Omit<VersionRecord, 'spec'> & { spec: ArtifactSpec };
type StoredRevision = Omit<Revision, 'data'> & { data: VersionRecord | StoredRecord };

const byOwner = 'artifact';
/** Identity is namespace and uid: a record with the uid of an Artifact of another namespace is not its own. */
const ownerKey = (namespace = '', uid = '') => `${namespace}/${uid}`;

export interface CrdStoreOptions {
  client: KubeClient;
  log: Log;
  /** Called for each object of a kind that cannot be read and is left out. */
  onDropped?: (kind: Kind) => void;
}

export class CrdArtifactStore implements ArtifactStore {
  readonly #client: KubeClient;
  readonly #log: Log;
  readonly #onDropped: CrdStoreOptions['onDropped'];
  readonly #pool = new Pool();
  readonly #views = new Set<KubeCache<CompactArtifact>>();
  readonly #versions: KubeCache<KubeObject & StoredRevision>;

  constructor({ client, log, onDropped }: CrdStoreOptions) {
    this.#client = client;
    this.#log = log;
    this.#onDropped = onDropped;
    this.#versions = new KubeCache<KubeObject & StoredRevision>({
      client,
      log,
      onDropped,
      kind: kinds.controllerRevision,
      labelSelector: identitySelector,
      strip: revision => leanRevision(revision, this.#pool),
      indexBy: { [byOwner]: r => ownerKey(r.metadata.namespace, r.metadata.labels?.[labels.artifactUid]) },
    });
  }

  get(ref: ArtifactRef): Promise<Artifact> {
    return this.#client.get<Artifact>(kinds.artifact, ref);
  }

  async list({ namespace, limit, cursor }: { namespace?: string; limit?: number; cursor?: string }): Promise<Page> {
    const page = await this.#client.list<Artifact>(kinds.artifact, { namespace, limit, continue: cursor });
    return {
      artifacts: page.items.map(compactArtifact),
      ...(page.continue !== undefined && { cursor: page.continue }),
    };
  }

  async create(artifact: Artifact): Promise<Artifact> {
    return this.#learn(await this.#client.create<Artifact>(kinds.artifact, artifact));
  }

  async update(artifact: Artifact): Promise<Artifact> {
    const { uid, resourceVersion } = artifact.metadata;
    if (uid === undefined || resourceVersion === undefined)
      throw new KubeError('Invalid', 'update: metadata.uid and metadata.resourceVersion must be as read');
    return this.#learn(await this.#client.replace<Artifact>(kinds.artifact, artifact));
  }

  async updateStatus(artifact: CompactArtifact, status: ArtifactStatus): Promise<CompactArtifact> {
    const { uid, resourceVersion } = artifact.metadata;
    const written = await this.#client.jsonPatch<Artifact>(
      kinds.artifact,
      artifact.metadata,
      [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
        { op: 'add', path: '/status', value: status },
      ],
      { subresource: 'status' },
    );
    return compactArtifact(this.#learn(written));
  }

  delete(ref: ArtifactRef, preconditions: { uid?: string } = {}): Promise<void> {
    return this.#client.delete(kinds.artifact, ref, preconditions);
  }

  async holdFinalizer(artifact: CompactArtifact): Promise<CompactArtifact> {
    const finalizers = artifact.metadata.finalizers ?? [];
    if (finalizers.includes(finalizer)) return artifact;
    return compactArtifact(this.#learn(await this.#setFinalizers(artifact, [...finalizers, finalizer])));
  }

  async releaseFinalizer(artifact: CompactArtifact): Promise<void> {
    const left = (artifact.metadata.finalizers ?? []).filter(f => f !== finalizer);
    try {
      const written = await this.#setFinalizers(artifact, left);
      // The last finalizer ends a deletion: what the server answers with is already gone, and has no resourceVersion of its own.
      if (written.metadata.deletionTimestamp === undefined || left.length > 0) this.#learn(written);
      else this.#forget(artifact);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      this.#forget(artifact);
    }
  }

  #setFinalizers({ metadata }: CompactArtifact, finalizers: readonly string[]): Promise<Artifact> {
    return this.#client.jsonPatch<Artifact>(kinds.artifact, metadata, [
      { op: 'test', path: '/metadata/uid', value: metadata.uid },
      { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
      { op: 'add', path: '/metadata/finalizers', value: finalizers },
    ]);
  }

  versions(artifact: CompactArtifact): readonly VersionRecord[] {
    return this.#versions
      .byIndex(byOwner, ownerKey(artifact.metadata.namespace, artifact.metadata.uid))
      .map(r => r.data as VersionRecord)
      .sort((a, b) => a.version - b.version);
  }

  async specOf(ref: ArtifactRef, version: number): Promise<ArtifactSpec> {
    const name = versionName(ref.name, version);
    const { namespace } = ref;
    const revision = await this.#client.get<KubeObject & StoredRevision>(kinds.controllerRevision, { namespace, name });
    const problem = recordProblem(revision.data);
    if (problem !== undefined) throw new KubeError('NotFound', `ControllerRevision ${name} is no version: ${problem}`);
    return (revision.data as StoredRecord).spec;
  }

  async recordVersion(artifact: CompactArtifact, record: VersionRecord): Promise<void> {
    const revision = revisionOf(artifact, { ...record, spec: await this.#verbatim(artifact) });
    try {
      this.#versions.observe(await this.#client.create(kinds.controllerRevision, revision));
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      const existing = await this.#client.get<KubeObject & StoredRevision>(kinds.controllerRevision, {
        namespace: artifact.metadata.namespace,
        name: versionName(artifact.metadata.name, record.version),
      });
      const { name } = existing.metadata;
      if (!isRecordOf(existing, artifact))
        throw new KubeError('AlreadyExists', `ControllerRevision ${name} exists and does not belong to this Artifact`);
      // The view is late: the next plan counts this version.
      if (existing.data.hash !== record.hash)
        throw new KubeError('Conflict', `ControllerRevision ${name} exists and is another version`);
      this.#versions.observe(existing);
    }
  }

  /** The spec with its inline files, which only the server has; without any, what is cached is all there is. */
  async #verbatim(artifact: CompactArtifact): Promise<ArtifactSpec> {
    const { files, ...source } = artifact.spec.source;
    if (files === undefined) return { ...artifact.spec, source };
    const live = await this.get(refOf(artifact));
    if (live.metadata.uid !== artifact.metadata.uid || live.metadata.generation !== artifact.metadata.generation)
      throw new KubeError('Conflict', `artifact ${artifact.metadata.name} has changed since this version was planned`);
    return live.spec;
  }

  async dropVersion(artifact: CompactArtifact, version: number): Promise<void> {
    const name = versionName(artifact.metadata.name, version);
    const cached = this.#versions.get(artifact.metadata.namespace, name);
    try {
      await this.#client.delete(
        kinds.controllerRevision,
        { namespace: artifact.metadata.namespace, name },
        { uid: cached?.metadata.uid },
      );
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
    if (cached !== undefined) this.#versions.forget(cached);
  }

  watch({ namespace }: { namespace?: string }): ArtifactView {
    const cache = new KubeCache<CompactArtifact>({
      client: this.#client,
      log: this.#log,
      onDropped: this.#onDropped,
      kind: kinds.artifact,
      namespace,
      strip: artifact => this.#pool.share(compactArtifact(artifact)),
    });
    this.#views.add(cache);
    cache.start();
    this.#versions.start();
    return {
      get: ref => cache.get(ref.namespace, ref.name),
      all: () => cache.all(),
      subscribe: listener => cache.subscribe(listener),
      whenSynced: async signal => {
        await Promise.all([cache.whenSynced(signal), this.#versions.whenSynced(signal)]);
      },
      get synced() {
        return cache.synced;
      },
      lastEventAgeMs: () => cache.lastEventAgeMs(),
      stop: async () => {
        this.#views.delete(cache);
        await Promise.all([cache.stop(), this.#versions.stop()]);
      },
    };
  }

  #forget(artifact: CompactArtifact): void {
    for (const view of this.#views) view.forget(artifact);
  }

  /** Shows what we wrote in the views at once. */
  #learn(written: Artifact): Artifact {
    for (const view of this.#views) view.observe(compactArtifact(written));
    return written;
  }
}

const refOf = ({ metadata }: CompactArtifact): ArtifactRef => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});
const isRecordOf = ({ metadata, data }: StoredRevision & KubeObject, artifact: CompactArtifact): boolean =>
  metadata.labels?.[labels.artifactUid] === artifact.metadata.uid && recordProblem(data) === undefined;
const versionName = (name: string, version: number) => `${name}-v${version}`;

/** The record with a compact spec, and of its object what finds it again: a history of ten is most of what an Artifact has. */
function leanRevision({ metadata, data }: KubeObject & StoredRevision, pool: Pool): KubeObject & StoredRevision {
  const { name, namespace, uid, resourceVersion } = metadata;
  const problem = recordProblem(data);
  if (problem !== undefined) throw new Error(problem);
  if (metadata.labels?.[labels.artifactNamespace] !== namespace)
    throw new Error(`it names another namespace in ${labels.artifactNamespace}`);
  const artifactUid = metadata.labels?.[labels.artifactUid];
  const kept = { name, namespace, uid, resourceVersion, labels: artifactUid && { [labels.artifactUid]: artifactUid } };
  return pool.share({ metadata: kept, data: { ...data, spec: compactSpec(data.spec as ArtifactSpec) } } as never);
}

function revisionOf(
  { metadata }: CompactArtifact,
  record: StoredRecord,
): KubeObject & StoredRevision & { revision: number } {
  const { name, namespace, uid = '' } = metadata;
  return {
    metadata: {
      name: versionName(name, record.version),
      namespace,
      labels: {
        [labels.managedBy]: 'vibed',
        [labels.instance]: name,
        [labels.artifactNamespace]: namespace ?? '',
        [labels.artifactUid]: uid,
      },
      ownerReferences: [{ apiVersion, kind: 'Artifact', name, uid, controller: true }],
    },
    data: record,
    revision: record.version,
  };
}
