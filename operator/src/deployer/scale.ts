// What keeps a version of the Kubernetes target at its scale: an autoscaler between min and max, and care for those that are to be
// several. Not verified on more than one node.
import { kinds, type ObjectMeta } from '@vibed/store/kube';
import type { Child } from '../artifact/outcome.ts';
import type { Autoscaler, DisruptionBudget } from '../artifact/world.ts';
import type { PodSpec } from './app-pod.ts';
import type { Version } from './deployer.ts';

/** Of the CPU that an instance requests; above it another one is started. */
const cpuPercent = 80;

const leastOf = ({ spec }: Pick<Version, 'spec'>) => Math.max(1, spec.run?.scale?.min ?? 1);
const mostOf = ({ spec }: Pick<Version, 'spec'>) => spec.run?.scale?.max ?? leastOf({ spec });

/** An autoscaler decides how many instances there are; nobody else may write that. */
export const isElastic = (version: Pick<Version, 'spec'>): boolean => mostOf(version) > leastOf(version);

/** Several instances are spread over the nodes, as far as there are nodes. */
export function spreadOf(
  version: Pick<Version, 'spec'>,
  matchLabels: Record<string, string>,
): Pick<PodSpec, 'topologySpreadConstraints'> {
  if (leastOf(version) < 2) return {};
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels },
      },
    ],
  };
}

export function scaleChildren(version: Version, metadata: ObjectMeta, matchLabels: Record<string, string>): Child[] {
  return [
    ...(isElastic(version) ? [{ kind: kinds.autoscaler, object: autoscaler(version, metadata) }] : []),
    ...(leastOf(version) > 1 ? [{ kind: kinds.disruptionBudget, object: budget(metadata, matchLabels) }] : []),
  ];
}

function autoscaler(version: Version, metadata: ObjectMeta): Autoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name },
      minReplicas: leastOf(version),
      maxReplicas: mostOf(version),
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } },
        },
      ],
    },
  };
}

/** The model's type of a number or a percentage is that of an object. */
const one = 1 as NonNullable<NonNullable<DisruptionBudget['spec']>['maxUnavailable']>;

function budget(metadata: ObjectMeta, matchLabels: Record<string, string>): DisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { maxUnavailable: one, selector: { matchLabels } },
  };
}
