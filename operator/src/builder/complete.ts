// What a child needs that caches do not hold, read live just before it is created.

import { labels } from '@vibed/crds';
import type { ArtifactStore } from '@vibed/store';
import { inlineTree, treeDigest } from '@vibed/store';
import { type KubeClient, KubeError, type KubeObject, kinds } from '@vibed/store/kube';
import type { Child } from '../artifact/outcome.ts';
import { inlineArchive } from './inline-source.ts';

/** The child as it is to be created. Conflict when the Artifact has changed since the plan; the next reconcile plans anew. */
export async function completeChild(child: Child, store: ArtifactStore, client: KubeClient): Promise<KubeObject> {
  if (child.completedBy === undefined) return child.object;
  const { object } = child;
  const found = object.metadata.labels ?? {};
  const artifact = await store.get({
    namespace: found[labels.artifactNamespace] ?? '',
    name: found[labels.instance] ?? '',
  });
  const files = artifact.spec.source.files;
  const wanted = object.metadata.annotations?.[sourceDigest];
  if (files === undefined || treeDigest(inlineTree(files)) !== wanted)
    throw new KubeError('Conflict', `the source of ${artifact.metadata.name} has changed since this build was planned`);
  const job = await client.get(kinds.job, object.metadata);
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: job.metadata.name,
    uid: job.metadata.uid ?? '',
    controller: true,
  };
  const archive = await inlineArchive(files);
  return {
    ...object,
    metadata: { ...object.metadata, ownerReferences: [owner] },
    binaryData: { 'source.tar.gz': archive.toString('base64') },
  } as KubeObject;
}

/** On the ConfigMap: the tree that its archive must hold. */
export const sourceDigest = 'vibed.dev/source-digest';
