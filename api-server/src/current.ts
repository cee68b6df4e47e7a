// What a status is worth: whether it speaks of what is asked for now, and which phase that makes.
import type { ConcreteTarget, Phase } from '@vibed/crds';
import { wantedOf } from '@vibed/operator/keys';
import type { CompactArtifact } from '@vibed/store';

/** Whether the status speaks of what is asked for now. A retry or restart is an annotation, which no generation counts. */
export function isCurrent(artifact: CompactArtifact): boolean {
  const { observedGeneration, desired } = artifact.status ?? {};
  if (observedGeneration !== artifact.metadata.generation) return false;
  const target = targetOf(artifact);
  return desired === undefined || target === undefined || desired.hash === wantedOf(artifact, target).hash;
}

/** The target this spec will have; undefined until one was chosen. */
export function targetOf({ spec, status }: CompactArtifact): ConcreteTarget | undefined {
  return spec.target === undefined || spec.target === 'auto'
    ? (status?.target as ConcreteTarget | undefined)
    : spec.target;
}

export function phaseOf(artifact: CompactArtifact): Phase {
  if (artifact.metadata.deletionTimestamp !== undefined) return 'deleting';
  return isCurrent(artifact) ? (artifact.status?.phase ?? 'pending') : 'pending';
}
