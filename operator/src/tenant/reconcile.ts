// Keeps the guard rails of one tenant namespace: reads what is there from views, writes only what differs, and removes guard rails
// that are no longer wished.
import { isKubeError, type KubeCache, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import type { Namespace } from '../artifact/world.ts';
import { contains } from '../contains.ts';
import type { Settings } from '../settings.ts';
import { type GuardRail, guardRails, isTenant, podSecurity } from './guard-rails.ts';
import type { LiveRail, RailView } from './rail-view.ts';

export interface TenantContext {
  client: KubeClient;
  namespaces: Pick<KubeCache<Namespace>, 'get' | 'observe'>;
  rails: Pick<RailView, 'in' | 'observe'>;
  settings: Settings;
}

/** How long a quota may be without its count of Artifacts. */
const countedWithinMs = 10_000;

/**
 * Returns when to look again, where that is not with the next change. Throws the first error once every guard rail was tried: one that
 * cannot be kept does not keep the others.
 */
export async function reconcileTenant(
  name: string,
  context: TenantContext,
  now = Date.now(),
): Promise<{ recheckAfterMs?: number } | undefined> {
  const { client, namespaces, rails, settings } = context;
  const namespace = namespaces.get(undefined, name);
  if (namespace === undefined || !isTenant(namespace, settings)) return undefined;
  const live = rails.in(name);
  const wished = guardRails(name, settings);
  const isWished = (one: LiveRail) => wished.some(rail => isSame(rail, one));
  const results = await Promise.allSettled([
    labelNamespace(namespace, context),
    ...wished.map(rail =>
      keep(
        rail,
        live.find(one => isSame(rail, one)),
        context,
      ),
    ),
    ...live.filter(one => !isWished(one) || isStuck(one, now)).map(one => remove(client, one)),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return live.some(isUncounted) ? { recheckAfterMs: countedWithinMs } : undefined;
}

/**
 * A quota that Kubernetes counted before it knew Artifacts, in the first half minute after their CRD was installed, refuses every
 * Artifact until its next full count, five minutes later. A new one is counted at once.
 */
const isUncounted = ({ object }: LiveRail): boolean => object.status?.countsArtifacts === false;
const isStuck = (rail: LiveRail, now: number): boolean =>
  isUncounted(rail) && now - Date.parse(rail.object.metadata.creationTimestamp ?? '') > countedWithinMs;

const isSame = (a: LiveRail, b: LiveRail): boolean =>
  a.kind === b.kind && a.object.metadata.name === b.object.metadata.name;

async function labelNamespace({ metadata }: Namespace, { client, namespaces }: TenantContext): Promise<void> {
  if (contains(metadata.labels, podSecurity)) return;
  const patch = { metadata: { uid: metadata.uid, labels: podSecurity } };
  namespaces.observe(await client.mergePatch<Namespace>(kinds.namespace, { name: metadata.name }, patch));
}

async function keep(rail: GuardRail, cached: LiveRail | undefined, { client, rails }: TenantContext): Promise<void> {
  const { kind, object } = rail;
  const write = async (): Promise<KubeObject | undefined> => {
    if (cached !== undefined) return await repair(client, rail, cached.object);
    try {
      return await client.create<KubeObject>(kind, object);
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      // It has lost its label, or the view is late.
      return await repair(client, rail, await client.get<KubeObject>(kind, object.metadata));
    }
  };
  const written = await write();
  if (written !== undefined) rails.observe({ kind, object: written });
}

/**
 * Writes what differs, pinned to the object seen; undefined when nothing does. An apply leaves fields that somebody else has added, and
 * one more rule in a NetworkPolicy opens it: a spec that holds more than is wished is replaced.
 */
async function repair(
  client: KubeClient,
  { kind, object }: GuardRail,
  live: LiveRail['object'],
): Promise<KubeObject | undefined> {
  const { uid } = live.metadata;
  const isExact = (one: LiveRail['object']) => contains(object.spec, one.spec);
  const isComplete = contains(live, object);
  if (isComplete && isExact(live)) return undefined;
  const pinned = { ...object, metadata: { ...object.metadata, uid } };
  const applied = isComplete ? live : await client.apply<KubeObject>(kind, pinned);
  if (isExact(applied)) return applied;
  const { resourceVersion } = applied.metadata;
  return await client.replace<KubeObject>(kind, { ...pinned, metadata: { ...pinned.metadata, resourceVersion } });
}

/** An account has no rights and stays; the right to delete accounts would be one more that vibeD needs nowhere else. */
async function remove(client: KubeClient, { kind, object }: LiveRail): Promise<void> {
  if (kind === kinds.serviceAccount || object.metadata.deletionTimestamp !== undefined) return;
  const { namespace, name, uid } = object.metadata;
  try {
    await client.delete(kind, { namespace, name }, { uid });
  } catch (error) {
    if (!isKubeError(error, 'NotFound') && !isKubeError(error, 'Conflict')) throw error;
  }
}
