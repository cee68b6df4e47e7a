// The Deployer port: one workload per version, promoted after proof. Adapters are pure: they make objects and read objects;
// nothing here talks to a cluster.
import type { ConcreteTarget, Reason } from '@vibed/crds';
import type { CompactSpec, VersionRecord } from '@vibed/store';
import type { Kind } from '@vibed/store/kube';
import type { Owner } from '../artifact/identity.ts';
import type { Child, Stale } from '../artifact/outcome.ts';
import type { ProbeTarget } from '../artifact/questions.ts';
import type { Children, Pod } from '../artifact/world.ts';

/** A version as the deployer sees it: recorded, or about to be. */
export type Version = Pick<VersionRecord, 'hash' | 'version' | 'build' | 'template' | 'spec' | 'target'>;

export type Readiness =
  | { state: 'progressing'; message: string }
  /** At least one instance takes requests. */
  | { state: 'ready'; probe: ProbeTarget; pod: Pod }
  | {
      state: 'failed';
      reason: Reason;
      message: string;
      remedy: string;
      log?: { pod: Pod; container: string; previous: boolean };
    };

export interface Exposure {
  public: boolean;
}

/** A right the operator needs for this target; the ClusterRole is made from these. */
export interface Rule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

export interface Deployer {
  target: ConcreteTarget;
  kinds: readonly Kind[];
  rights: readonly Rule[];
  /** The pod template of a new version; recorded with it. `pod` is where the app listens. */
  template(owner: Owner, version: Omit<Version, 'template'>): unknown;
  /** The objects that run this version. */
  workload(owner: Owner, version: Version): readonly Child[];
  /** The objects that bring traffic to the version with this hash. */
  route(owner: Owner, version: Version, exposure: Exposure): readonly Child[];
  readiness(children: Children, version: Version): Readiness;
  /** Where the probe asks, once traffic goes to this version; undefined until the cluster shows that it does. */
  routeProbe(owner: Owner, children: Children, version: Version, exposure: Exposure): ProbeTarget | undefined;
  url(owner: Owner, exposure: Exposure): string;
  /** Workloads of versions whose hash is not among `keep`. */
  others(children: Children, keep: readonly string[]): readonly Stale[];
  /** Everything of this target: for suspend and for a change of target. */
  all(children: Children): readonly Stale[];
}

/** Port of an app: where the image surely listens, else what the spec asks, else what the build found, else 8080. */
export function portOf(spec: CompactSpec, build: VersionRecord['build']): number {
  return build.fixedPort ?? spec.run?.port ?? build.port ?? 8080;
}
