// What a child needs that caches do not hold, read live just before it is created: the bytes of inline files, and the
// tenant's git credential, which no cache, log or status ever sees.
import { labels } from '@vibed/crds';
import { type ArtifactStore, inlineDigest } from '@vibed/store';
import { isKubeError, type KubeClient, KubeError, type KubeObject, kinds } from '@vibed/store/kube';
import type { Child } from '../artifact/outcome.ts';
import { Refused } from '../children.ts';
import { inlineArchive } from './inline-source.ts';
import { sourceDigest } from './source-access.ts';

/** On the tenant's Secret: the one host it may be sent to. */
export const gitHostLabel = 'vibed.dev/git-host';
/** The ClusterRole that a tenant binds to the operator to let it read git credentials. */
export const gitCredentialsRole = 'vibed-git-credentials';

type Secret = KubeObject & { type?: string; data?: Record<string, string> };

/** The child as it is to be created. Conflict when the Artifact has changed since the plan; Refused when a person must act. */
export async function completeChild(child: Child, store: ArtifactStore, client: KubeClient): Promise<KubeObject> {
  const { object, completedBy } = child;
  if (completedBy === undefined) return object;
  const found = object.metadata.labels ?? {};
  const artifact = await store.get({
    namespace: found[labels.artifactNamespace] ?? '',
    name: found[labels.instance] ?? '',
  });
  const content =
    completedBy === 'inline-source' ? await inlineSource(artifact, object) : await gitCredential(artifact, client);
  const job = await client.get(kinds.job, object.metadata);
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: job.metadata.name,
    uid: job.metadata.uid ?? '',
    controller: true,
  };
  return { ...object, ...content, metadata: { ...object.metadata, ownerReferences: [owner] } };
}

type FullArtifact = Awaited<ReturnType<ArtifactStore['get']>>;
const changed = (name: string) =>
  new KubeError('Conflict', `the source of ${name} has changed since this build was planned`);

async function inlineSource({ spec, metadata }: FullArtifact, object: KubeObject) {
  const { files } = spec.source;
  if (files === undefined || inlineDigest(files) !== object.metadata.annotations?.[sourceDigest])
    throw changed(metadata.name);
  const archive = await inlineArchive(files);
  return { binaryData: { 'source.tar.gz': archive.toString('base64') } };
}

async function gitCredential({ spec, metadata }: FullArtifact, client: KubeClient) {
  const { git } = spec.source;
  if (git?.secretRef === undefined) throw changed(metadata.name);
  const { namespace = '' } = metadata;
  const secret = await readSecret(client, namespace, git.secretRef.name);
  // A label value cannot hold a colon: the host of https://git.example.com:8443/… is written git.example.com_8443.
  const host = new URL(git.url).host.replace(':', '_');
  const isGit = secret.type === 'kubernetes.io/basic-auth' || secret.type === 'kubernetes.io/ssh-auth';
  if (!isGit || secret.metadata.labels?.[gitHostLabel] !== host)
    throw new Refused({
      reason: 'SecretMissing',
      message: `spec.source.git.secretRef: Secret ${git.secretRef.name} is not a git credential for ${host}`,
      remedy: `It must be of type kubernetes.io/basic-auth or kubernetes.io/ssh-auth and have the label ${gitHostLabel}=${host}.`,
    });
  return { type: secret.type, data: secret.data };
}

async function readSecret(client: KubeClient, namespace: string, name: string): Promise<Secret> {
  try {
    return await client.get<Secret>(kinds.secret, { namespace, name });
  } catch (error) {
    if (isKubeError(error, 'NotFound'))
      throw new Refused({
        reason: 'SecretMissing',
        message: `spec.source.git.secretRef: there is no Secret ${name} in this namespace`,
        remedy: 'Create it here, of type kubernetes.io/basic-auth or kubernetes.io/ssh-auth.',
      });
    if (isKubeError(error, 'Forbidden'))
      throw new Refused({
        reason: 'SecretNotReadable',
        message: 'vibeD may not read Secrets of this namespace',
        remedy: `A namespace admin opts in: kubectl -n ${namespace} create rolebinding ${gitCredentialsRole} --clusterrole=${gitCredentialsRole} --serviceaccount=vibed-system:vibed-operator`,
      });
    throw error;
  }
}
