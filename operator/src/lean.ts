// What caches keep of children: what a plan reads and, of what is compared with a wish, the whole spec, so that every drift is seen.
// Equal parts are held once (Pool): vibeD writes most of a spec into each app's objects alike.
import { group } from '@vibed/crds';
import { type Kind, type KubeObject, kinds, Pool } from '@vibed/store/kube';
import type { Deployment, Job, Pod } from './artifact/world.ts';
import type { HttpRoute } from './deployer/http-route.ts';
import type { KnativeRevision, KnativeService } from './deployer/knative-objects.ts';
import { checkShape } from './shapes.ts';

const pool = new Pool();

/** How objects of this kind are made smaller before they are kept. Throws for an object that plans could not read. */
export function leanFor(kind: Kind): (object: KubeObject) => KubeObject {
  const lean = leanByKind.get(kind) ?? withoutStatus;
  return object => {
    checkShape(kind, object);
    return pool.share(withOwnAnnotations(lean(object)));
  };
}

/** Annotations of others are not read here, and may be large: 256 KiB on each object. */
function withOwnAnnotations(object: KubeObject): KubeObject {
  const { annotations, ...metadata } = object.metadata;
  if (annotations === undefined) return object;
  const own = Object.entries(annotations).filter(([name]) => name.startsWith(`${group}/`));
  return { ...object, metadata: { ...metadata, ...(own.length > 0 && { annotations: Object.fromEntries(own) }) } };
}

const leanByKind = new Map<Kind, (object: KubeObject) => KubeObject>([
  [kinds.configMap, leanConfigMap],
  [kinds.job, leanJob],
  [kinds.pod, leanPod],
  [kinds.deployment, leanDeployment],
  [kinds.httpRoute, leanHttpRoute],
  [kinds.knativeService, leanKnativeService],
  [kinds.knativeRevision, leanKnativeRevision],
]);

/** Found by its labels, and never compared: anybody may have put anything else on it. */
function leanConfigMap({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, labels } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, deletionTimestamp, labels } };
}

/** Only that it is there, and as wished, is of interest. */
function withoutStatus({ status: _, ...object }: KubeObject & { status?: unknown }): KubeObject {
  return object;
}

/** A Job is only created and deleted: nothing compares it with a wish. */
function leanJob({ apiVersion, kind, metadata, spec, status }: Job): KubeObject {
  const kept = { suspend: spec?.suspend };
  return { apiVersion, kind, metadata, spec: kept, status: leanConditions(status) } as KubeObject;
}

/** A pod is never written. */
function leanPod({ apiVersion, kind, metadata, status }: Pod): KubeObject {
  const { phase, reason, podIP, conditions, initContainerStatuses, containerStatuses } = status ?? {};
  const kept = {
    phase,
    reason,
    podIP,
    conditions: conditions?.filter(c => c.type === 'Ready' || c.type === 'PodScheduled').map(leanCondition),
    initContainerStatuses: initContainerStatuses?.map(leanStatus),
    // How long the app has been running matters until it is ready.
    containerStatuses: containerStatuses?.map(isReady(status) ? leanStatus : withStart),
  };
  const { annotations: _, generateName: __, ...named } = metadata as Pod['metadata'] & { generateName?: string };
  return { apiVersion, kind, metadata: named, status: kept } as KubeObject;
}

const isReady = (status: Pod['status']) =>
  status?.conditions?.some(c => c.type === 'Ready' && c.status === 'True') ?? false;

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
type ContainerState = NonNullable<ContainerStatus['state']>;

const leanStatus = ({ name, image, ready, restartCount, state, lastState }: ContainerStatus) => ({
  name,
  image,
  ready,
  restartCount,
  state: leanState(state),
  lastState: leanState(lastState),
});

function withStart(status: ContainerStatus) {
  const startedAt = status.state?.running?.startedAt;
  const lean = leanStatus(status);
  return startedAt === undefined ? lean : { ...lean, state: { running: { startedAt } } };
}

/** Without its times and ids. */
function leanState({ waiting, running, terminated }: ContainerState = {}): object {
  const { exitCode, reason, message } = terminated ?? {};
  return {
    ...(waiting && { waiting }),
    ...(running && { running: {} }),
    ...(terminated && { terminated: { exitCode, reason, message } }),
  };
}

function leanDeployment({ apiVersion, kind, metadata, spec, status }: Deployment): KubeObject {
  const { observedGeneration, conditions } = status ?? {};
  // Of a Deployment that does well they say nothing that its pods do not.
  const bad = { Progressing: 'False', ReplicaFailure: 'True' } as Record<string, string>;
  const told = conditions?.filter(c => bad[c.type] === c.status).map(leanCondition);
  return { apiVersion, kind, metadata, spec, status: { observedGeneration, conditions: told } } as KubeObject;
}

function leanHttpRoute({ status, ...route }: HttpRoute): KubeObject {
  return { ...route, status: { parents: status?.parents?.map(leanConditions) } } as KubeObject;
}

/** Its spec is sent back as it is: Knative refuses one that lacks its defaults. */
function leanKnativeService({ status, ...service }: KnativeService): KubeObject {
  const { observedGeneration, url, traffic } = status ?? {};
  return { ...service, status: { observedGeneration, url, traffic, ...leanConditions(status) } } as KubeObject;
}

function leanKnativeRevision({ status, ...revision }: KnativeRevision): KubeObject {
  const { observedGeneration } = status ?? {};
  return { ...revision, status: { observedGeneration, ...leanConditions(status) } } as KubeObject;
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

const leanConditions = (of: { conditions?: readonly Condition[] } | undefined) => ({
  conditions: of?.conditions?.map(leanCondition),
});

/** Without its times. */
const leanCondition = ({ type, status, reason, message, observedGeneration }: Condition): Condition => ({
  type,
  status,
  ...(reason !== undefined && { reason }),
  ...(message !== undefined && { message }),
  ...(observedGeneration !== undefined && { observedGeneration }),
});
