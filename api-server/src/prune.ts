// What is kept for artifacts goes when neither an artifact nor one of its recorded versions needs it.
import type { ArtifactSpec } from '@vibed/crds';
import type { CompactArtifact, CompactSpec } from '@vibed/store';
import { isKubeError, kinds } from '@vibed/store/kube';
import type { Services } from './actions/action.ts';
import type { SecretName } from './env-secrets.ts';
import type { SourceQuota } from './storage/storage.ts';

const hour = 3_600_000;

/**
 * Whether an artifact or one of its versions uses a stored tree. While the view is not complete or old the answer is yes: an artifact
 * that is not seen is not a deleted one.
 */
export function sourceInUse(services: Pick<Services, 'view' | 'feed' | 'tenancy' | 'store'>): SourceQuota['isInUse'] {
  const { view, feed, tenancy } = services;
  return ({ namespace: owner, name }, digest) => {
    if (!view.synced || feed.staleSince() !== undefined) return true;
    const artifact = view.get({ namespace: tenancy.placeOfOwner(owner), name });
    if (artifact === undefined || tenancy.ownerOf(artifact) !== owner) return false;
    return specsOf(artifact, services).some(({ source }) => source.snapshot?.digest === digest);
  };
}

/** Sources, spent upload marks, and Secrets of variables. Failures are logged: the next time is an hour away. */
export async function prune(services: Services): Promise<void> {
  const { storage, uploads, view, feed, log } = services;
  // An artifact that is not seen yet, or not any more, is not a deleted one.
  if (!view.synced || feed.staleSince() !== undefined) return;
  try {
    const sources = await storage.prune({
      unreferencedMs: 24 * hour,
      unusedMs: 7 * 24 * hour,
      now: Date.now(),
      isInUse: sourceInUse(services),
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
  const referred = referredBy(services.view.all(), services);
  const isInUse = (secret: SecretName) => referred.has(keyOf(secret));
  return await services.envSecrets.prune({ unusedMs: hour, now, isInUse, remove: removal(services) });
}

/**
 * Deletes at once those Secrets of a namespace that a change has replaced, where nothing else refers to them. What fails is logged and
 * left to the hourly round: the change itself is done.
 */
export async function pruneReplaced(replaced: readonly SecretName[], services: Services): Promise<void> {
  const { view, feed, envSecrets, log } = services;
  if (replaced.length === 0 || !view.synced || feed.staleSince() !== undefined) return;
  const [{ namespace }] = replaced as [SecretName];
  const inside = view.all().filter(({ metadata }) => metadata.namespace === namespace);
  const referred = referredBy(inside, services);
  for (const secret of replaced.filter(secret => !referred.has(keyOf(secret))))
    try {
      await envSecrets.remove(secret, removal(services));
    } catch (error) {
      log.warn('a replaced Secret of variables could not be deleted', { ...secret, error });
    }
}

const keyOf = ({ namespace, name }: SecretName): string => `${namespace}/${name}`;

/** Every Secret that variables of these artifacts, or of their recorded versions, are taken from. */
function referredBy(artifacts: readonly CompactArtifact[], services: Services): Set<string> {
  const referred = new Set<string>();
  for (const artifact of artifacts)
    for (const spec of specsOf(artifact, services))
      for (const { secretRef } of spec.run?.env ?? [])
        if (secretRef !== undefined)
          referred.add(keyOf({ namespace: artifact.metadata.namespace ?? '', name: secretRef.name }));
  return referred;
}

const removal =
  ({ client }: Services) =>
  async (secret: SecretName): Promise<void> => {
    try {
      await client.delete(kinds.secret, secret);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
  };

/** The present one and every recorded one. */
function specsOf(
  artifact: CompactArtifact,
  { store }: Pick<Services, 'store'>,
): Pick<ArtifactSpec | CompactSpec, 'source' | 'run'>[] {
  return [artifact.spec, ...store.versions(artifact).map(({ spec }) => spec)];
}
