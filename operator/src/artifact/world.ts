// Everything the plan decides from: the Artifact, its children as the caches show them, its recorded versions, the
// answers to its questions, and what the cluster can do. Nothing here was written by an earlier plan as a flag.
import type {
  V1ConfigMap,
  V1Deployment,
  V1Ingress,
  V1Job,
  V1Namespace,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { CompactArtifact, Targets, VersionRecord } from '@vibed/store';
import type { Kind, Typed } from '@vibed/store/kube';
import type { HttpRoute } from '../deployer/http-route.ts';
import type { KnativeRevision, KnativeService } from '../deployer/knative-objects.ts';
import type { Answers } from './questions.ts';

export type Job = Typed<V1Job>;
export type Pod = Typed<V1Pod>;
export type Deployment = Typed<V1Deployment>;
export type Service = Typed<V1Service>;
export type Ingress = Typed<V1Ingress>;
export type ConfigMap = Typed<V1ConfigMap>;
export type Autoscaler = Typed<V2HorizontalPodAutoscaler>;
export type DisruptionBudget = Typed<V1PodDisruptionBudget>;
export type Namespace = Typed<V1Namespace>;

/** The live objects that carry this Artifact's identity. */
export interface Children {
  jobs: readonly Job[];
  /** Build pods and app pods. */
  pods: readonly Pod[];
  deployments: readonly Deployment[];
  services: readonly Service[];
  ingresses: readonly Ingress[];
  autoscalers: readonly Autoscaler[];
  disruptionBudgets: readonly DisruptionBudget[];
  /** These three are empty where the cluster does not have their kind. */
  httpRoutes: readonly HttpRoute[];
  knativeServices: readonly KnativeService[];
  knativeRevisions: readonly KnativeRevision[];
  /** Metadata only. */
  configMaps: readonly ConfigMap[];
}

export interface World {
  artifact: CompactArtifact;
  namespace: Namespace | undefined;
  children: Children;
  versions: readonly VersionRecord[];
  answers: Answers;
  /** What this cluster can run at present. */
  targets: Targets;
  /** Kinds with a CRD that are served and watched. */
  served: ReadonlySet<Kind>;
  now: Date;
}
