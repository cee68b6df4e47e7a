// What belongs to an Artifact, wherever it is: everything that carries its uid.

import { gunzipSync } from 'node:zlib';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { labels } from '@vibed/crds';
import { isKubeError, type Kind, type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import type { Cluster } from './cluster.ts';

/** Every kind an Artifact may leave behind. */
export const childKinds: readonly Kind[] = [
  kinds.job,
  kinds.configMap,
  kinds.secret,
  kinds.deployment,
  kinds.replicaset,
  kinds.service,
  kinds.ingress,
  kinds.controllerRevision,
  kinds.pod,
  kinds.autoscaler,
  kinds.disruptionBudget,
  kinds.knativeService,
  kinds.knativeRevision,
];

const buildLogLabel = 'vibed.dev/build-log';

/** Objects of one kind with this artifact's uid, in its namespace and where builds run. */
export async function childrenOf<T extends KubeObject>(
  cluster: Cluster,
  kind: Kind,
  namespace: string,
  uid: string,
): Promise<T[]> {
  const labelSelector = `${labels.artifactUid}=${uid}`;
  const places = [namespace, cluster.buildNamespace, cluster.installNamespace];
  const found = await Promise.all(
    places.map(place => objectsOf<T>(cluster, kind, { namespace: place, labelSelector })),
  );
  return found.flat();
}

/** All objects of a kind; a cluster without the kind has none of it. */
export async function objectsOf<T extends KubeObject>(
  { client }: Cluster,
  kind: Kind,
  options: { namespace: string; labelSelector?: string },
): Promise<T[]> {
  try {
    return [...(await client.list<T>(kind, options)).items];
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return [];
    throw error;
  }
}

/** `kind namespace/name` of everything there is. */
export async function allChildren(cluster: Cluster, namespace: string, uid: string): Promise<string[]> {
  const found = await Promise.all(childKinds.map(kind => childrenOf(cluster, kind, namespace, uid)));
  return found.flatMap((objects, i) =>
    objects.map(o => `${childKinds[i]?.kind} ${o.metadata.namespace}/${o.metadata.name}`),
  );
}

/** The kept build log of a version. */
export async function buildLogOf(cluster: Cluster, namespace: string, uid: string, version: number): Promise<string> {
  const logs = await childrenOf<Typed<V1ConfigMap>>(cluster, kinds.configMap, namespace, uid);
  const log = logs.find(c => c.metadata.labels?.[buildLogLabel] === String(version));
  const gzip = log?.binaryData?.['build.log.gz'];
  if (gzip === undefined) throw new Error(`version ${version} has no kept build log`);
  return gunzipSync(Buffer.from(gzip, 'base64')).toString('utf8');
}
