// What generic tools compute from an Artifact (kstatus, as Flux and kpt have it): they know nothing of phases.
import type { ArtifactStatus, Phase } from '@vibed/crds';
import { expect, it } from 'vitest';
import { planFor } from './plan.ts';
import { deletingStatus, statusOf } from './status.ts';
import {
  builderSaying,
  deploymentFor,
  fileSpec,
  type Given,
  ingress,
  podFor,
  portsWith,
  readyStatus,
  recordFor,
  serviceFor,
  servingStatus,
  worldOf,
} from './world.testing.ts';

/** The rules for kinds that kstatus has none of its own for, in their order. */
function kstatusOf({ observedGeneration, conditions = [] }: ArtifactStatus, generation: number): string {
  const is = (type: string) => conditions.find(c => c.type === type)?.status;
  if (observedGeneration !== generation) return 'InProgress';
  if (is('Stalled') === 'True') return 'Failed';
  if (is('Reconciling') === 'True') return 'InProgress';
  return is('Ready') === 'False' || is('Ready') === 'Unknown' ? 'InProgress' : 'Current';
}

const spec = fileSpec();
const served: Given = {
  spec,
  status: servingStatus(spec, 1),
  versions: [recordFor(spec, 1)],
  children: {
    deployments: [deploymentFor(spec)],
    pods: [podFor(spec, readyStatus)],
    services: [serviceFor(spec)],
    ingresses: [ingress],
  },
};
const past = '2025-12-31T00:00:00Z';

it.each<[string, Given, Phase, string]>([
  ['one that runs', served, 'running', 'Current'],
  ['a suspended one', { ...served, spec: { ...spec, suspend: true } }, 'suspended', 'Current'],
  ['one that never ran and is suspended', { spec: { ...spec, suspend: true } }, 'suspended', 'Current'],
  ['an expired one', { ...served, spec: { ...spec, expiresAt: past } }, 'suspended', 'Current'],
  ['one that is built', { spec }, 'pending', 'InProgress'],
  ['one whose spec is refused', { spec: { ...spec, historyLimit: 0 } }, 'failed', 'Failed'],
])('takes %s for what it is', (_what, given, phase, want) => {
  const world = worldOf(given);
  const ports = portsWith(builderSaying());
  const status = statusOf(world, planFor(world, ports), [], ports);
  expect([status.phase, kstatusOf(status, 1)]).toEqual([phase, want]);
});

it('takes one that is being deleted for work that goes on', () => {
  expect(kstatusOf(deletingStatus(worldOf(served)), 1)).toBe('InProgress');
});
