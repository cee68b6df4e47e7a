// What is kept for artifacts goes when neither an artifact nor one of its recorded versions needs it.
import type { ArtifactSpec } from '@vibed/crds';
import type { CompactArtifact, CompactSpec } from '@vibed/store';
import { isKubeError, kinds } from '@vibed/store/kube';
import type { Services } from './actions/action.ts';
import type { SecretName } from './env-secrets.ts';

const hour = 3_600_000;

/** Sources, spent upload marks, and Secrets of variables. Failures are logged: the next time is an hour away. */
export async function prune(services: Services): Promise<void> {
  const { storage, uploads, view, feed, tenancy, log } = services;
  // An artifact that is not seen yet, or not any more, is not a deleted one.
  if (!view.synced || feed.staleSince() !== undefined) return;
  try {
    const sources = await storage.prune({
      unreferencedMs: 24 * hour,
      unusedMs: 7 * 24 * hour,
      now: Date.now(),
      isInUse: ({ namespace: owner, name }, digest) => {
        const artifact = view.get({ namespace: tenancy.placeOfOwner(owner), name });
        if (artifact === undefined || tenancy.ownerOf(artifact) !== owner) return false;
        return specsOf(artifact, services).some(({ source }) => source.snapshot?.digest === digest);
      },
    });
    await uploads.prune();
    const secrets = await pruneEnv(services, Date.now());
    log.info('pruned', { sources, secrets });
  } catch (error) {
    log.error('what nobody needs could not be pruned', { error });
  }
}

/** Deletes Secrets of variables that no spec and no recorded version refers to; returns how many. */
export async function pruneEnv(services: Services, now: number): Promise<number> {
  const { view, client, envSecrets } = services;
  const referred = new Set<string>();
  for (const artifact of view.all())
    for (const spec of specsOf(artifact, services))
      for (const { secretRef } of spec.run?.env ?? [])
        if (secretRef !== undefined) referred.add(`${artifact.metadata.namespace}/${secretRef.name}`);
  const remove = async (secret: SecretName) => {
    try {
      await client.delete(kinds.secret, secret);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
  };
  const isInUse = ({ namespace, name }: SecretName) => referred.has(`${namespace}/${name}`);
  return await envSecrets.prune({ unusedMs: hour, now, isInUse, remove });
}

/** The present one and every recorded one. */
function specsOf(artifact: CompactArtifact, { store }: Services): Pick<ArtifactSpec | CompactSpec, 'source' | 'run'>[] {
  return [artifact.spec, ...store.versions(artifact).map(({ spec }) => spec)];
}
