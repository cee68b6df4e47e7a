// What caches keep of build Jobs and pods: only what a plan reads. Neither is ever compared with a wish (a Job is only created
// and deleted, a pod is never written), and whole, with their templates and volumes, they would be most of the operator's heap.
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import type { Job, Pod } from './artifact/world.ts';

/** How objects of this kind are made smaller before they are kept; undefined: not at all. */
export function leanFor(kind: Kind): ((object: KubeObject) => KubeObject) | undefined {
  if (kind === kinds.job) return object => leanJob(object as Job);
  if (kind === kinds.pod) return object => leanPod(object as Pod);
  return undefined;
}

function leanJob({ apiVersion, kind, metadata, spec, status }: Job): KubeObject {
  const kept = { suspend: spec?.suspend };
  return { apiVersion, kind, metadata, spec: kept, status: { conditions: status?.conditions } } as KubeObject;
}

function leanPod({ apiVersion, kind, metadata, status }: Pod): KubeObject {
  const { phase, reason, podIP, conditions, initContainerStatuses, containerStatuses } = status ?? {};
  const kept = {
    phase,
    reason,
    podIP,
    conditions: conditions?.filter(c => c.type === 'Ready' || c.type === 'PodScheduled'),
    initContainerStatuses: initContainerStatuses?.map(leanStatus),
    containerStatuses: containerStatuses?.map(leanStatus),
  };
  return { apiVersion, kind, metadata, status: kept } as KubeObject;
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

const leanStatus = ({ name, image, ready, restartCount, state, lastState }: ContainerStatus) => ({
  name,
  image,
  ready,
  restartCount,
  state,
  lastState,
});
