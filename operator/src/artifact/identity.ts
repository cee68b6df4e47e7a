// Identity is three labels on every child. They map a child to its Artifact's key and decide whether it is ours; an owner
// reference is only an extra (it cannot cross namespaces).
import { labels } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import type { KubeObject } from '@vibed/store/kube';

export const versionLabel = 'vibed.dev/version-hash';
export const buildKeyLabel = 'vibed.dev/build-key';
/** On a Job that makes no image but only brings the source: `clone`. Another Job of the same build key may follow it. */
export const buildStepLabel = 'vibed.dev/build-step';
export const managedBy = { [labels.managedBy]: 'vibed' } as const;

export interface Owner {
  namespace: string;
  name: string;
  uid: string;
}

export function ownerOf(artifact: CompactArtifact): Owner {
  const { namespace, name, uid } = artifact.metadata;
  if (namespace === undefined || uid === undefined) throw new Error(`artifact ${name} has no namespace or uid`);
  return { namespace, name, uid };
}

/** `namespace/name`: what queues carry. */
export const keyOf = ({ metadata }: CompactArtifact): string => `${metadata.namespace}/${metadata.name}`;

/** Labels of every child. Users' own labels are not copied. */
export function identityLabels(owner: Owner): Record<string, string> {
  return {
    ...managedBy,
    [labels.instance]: owner.name,
    [labels.artifactNamespace]: owner.namespace,
    [labels.artifactUid]: owner.uid,
  };
}

export function isOwned(object: KubeObject, owner: Owner): boolean {
  const found = object.metadata.labels ?? {};
  return Object.entries(identityLabels(owner)).every(([label, value]) => found[label] === value);
}

/** `namespace/name` of the Artifact a child belongs to; undefined for a stranger. */
export function keyOfChild(object: KubeObject): string | undefined {
  const found = object.metadata.labels ?? {};
  const namespace = found[labels.artifactNamespace];
  const name = found[labels.instance];
  return namespace !== undefined && name !== undefined ? `${namespace}/${name}` : undefined;
}

/** For a child in the Artifact's own namespace. */
export function ownerReference(owner: Owner) {
  return { apiVersion: 'vibed.dev/v1alpha1', kind: 'Artifact', name: owner.name, uid: owner.uid, controller: true };
}
