// Everything the plan decides from: the Artifact, its children as the caches show them, its recorded versions, the
// answers to its questions, and what the cluster can do. Nothing here was written by an earlier plan as a flag.
import type {
  V1ConfigMap,
  V1Deployment,
  V1Ingress,
  V1Job,
  V1Namespace,
  V1Pod,
  V1Service,
} from '@kubernetes/client-node';
import type { ConcreteTarget } from '@vibed/crds';
import type { CompactArtifact, VersionRecord } from '@vibed/store';
import type { Typed } from '@vibed/store/kube';
import type { Answers } from './questions.ts';

export type Job = Typed<V1Job>;
export type Pod = Typed<V1Pod>;
export type Deployment = Typed<V1Deployment>;
export type Service = Typed<V1Service>;
export type Ingress = Typed<V1Ingress>;
export type ConfigMap = Typed<V1ConfigMap>;
export type Namespace = Typed<V1Namespace>;

/** The live objects that carry this Artifact's identity. */
export interface Children {
  jobs: readonly Job[];
  /** Build pods and app pods. */
  pods: readonly Pod[];
  deployments: readonly Deployment[];
  services: readonly Service[];
  ingresses: readonly Ingress[];
  /** Metadata only. */
  configMaps: readonly ConfigMap[];
}

export interface World {
  artifact: CompactArtifact;
  namespace: Namespace | undefined;
  children: Children;
  versions: readonly VersionRecord[];
  answers: Answers;
  /** Targets whose APIs this cluster serves. */
  targets: ReadonlySet<ConcreteTarget>;
  now: Date;
}
