// The port every part works against: the loop, the API and their tests know no other way to Artifacts.
import type { Artifact, ArtifactSpec, ArtifactStatus, BuildFacts, ConcreteTarget } from '@vibed/crds';
import type { CompactArtifact, CompactSpec } from './compact.ts';

export interface ArtifactRef {
  namespace: string;
  name: string;
}

/** One deployable state of an Artifact. Existing versions always deploy from their record, whatever release made it. */
export interface VersionRecord {
  /** Monotonic per Artifact; the generation it was first asked for, or one more than the last. */
  version: number;
  /** Build key + run + target + restart: equal hash, equal version. */
  hash: string;
  /** The build key, and the key of the same source with its git ref pinned to the commit that was built. */
  keys: readonly string[];
  /** The retry annotation at that time; a rollback restores it, since it is part of the key. */
  retry?: string;
  /** The restart annotation at that time; restored likewise. */
  restart?: string;
  target: ConcreteTarget;
  build: BuildFacts;
  /** The rendered pod template. */
  template: unknown;
  /** Compact here; the stored record holds the spec verbatim (specOf). */
  spec: CompactSpec;
  createdAt: string;
}

export interface Page {
  artifacts: CompactArtifact[];
  /** Pass back for the next page; absent on the last. */
  cursor?: string;
}

/** A live view of Artifacts: a snapshot, then every change, and a new snapshot whenever continuity breaks. */
export interface ArtifactView {
  get(ref: ArtifactRef): CompactArtifact | undefined;
  all(): readonly CompactArtifact[];
  /** Calls back for every change, own writes included; returns how to end it. */
  subscribe(listener: (artifact: CompactArtifact, change: 'set' | 'delete') => void): () => void;
  /** Resolves after the first snapshot. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  readonly synced: boolean;
  /** Milliseconds since the store last said anything. */
  lastEventAgeMs(): number;
  stop(): Promise<void>;
}

/**
 * Failures are KubeError codes in every adapter: NotFound, AlreadyExists, Conflict (the resourceVersion or uid given is
 * not the current one), Forbidden, Invalid, Unavailable.
 */
export interface ArtifactStore {
  /** The whole object, inline files included. */
  get(ref: ArtifactRef): Promise<Artifact>;
  list(query: { namespace?: string; limit?: number; cursor?: string }): Promise<Page>;
  create(artifact: Artifact): Promise<Artifact>;
  /** Replaces spec, labels and annotations; needs metadata.uid and resourceVersion as read. */
  update(artifact: Artifact): Promise<Artifact>;
  /** Replaces the status. Conflict when the object is no longer at this uid and resourceVersion. */
  updateStatus(artifact: CompactArtifact, status: ArtifactStatus): Promise<CompactArtifact>;
  /** Marks for deletion; gone once the finalizer is released. */
  delete(ref: ArtifactRef, preconditions?: { uid?: string }): Promise<void>;
  holdFinalizer(artifact: CompactArtifact): Promise<CompactArtifact>;
  releaseFinalizer(artifact: CompactArtifact): Promise<void>;
  /** The recorded versions, oldest first; from memory, so only after a view has synced. */
  versions(artifact: CompactArtifact): readonly VersionRecord[];
  /** The recorded spec, verbatim. */
  specOf(ref: ArtifactRef, version: number): Promise<ArtifactSpec>;
  /** Idempotent: recording an existing version of the same hash is settled. AlreadyExists when an object that is no record of it has the name. */
  recordVersion(artifact: CompactArtifact, record: VersionRecord): Promise<void>;
  dropVersion(artifact: CompactArtifact, version: number): Promise<void>;
  /** Started at once; what this store writes is seen in its views without waiting for the watch. */
  watch(scope: { namespace?: string }): ArtifactView;
}
