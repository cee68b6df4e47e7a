// Keeps the guard rails of one tenant namespace: reads the namespace from its view, writes only what differs.
import { isKubeError, type KubeCache, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import type { Namespace } from '../artifact/world.ts';
import { contains } from '../contains.ts';
import type { Settings } from '../settings.ts';
import { type GuardRail, guardRails, isTenant, podSecurity } from './guard-rails.ts';

export interface TenantContext {
  client: KubeClient;
  namespaces: KubeCache<Namespace>;
  settings: Settings;
}

export async function reconcileTenant(name: string, { client, namespaces, settings }: TenantContext): Promise<void> {
  const namespace = namespaces.get(undefined, name);
  if (namespace === undefined || !isTenant(namespace, settings)) return;
  if (!contains(namespace.metadata.labels, podSecurity))
    namespaces.observe(
      await client.mergePatch<Namespace>(
        kinds.namespace,
        { name },
        { metadata: { uid: namespace.metadata.uid, labels: podSecurity } },
      ),
    );
  for (const rail of guardRails(name, settings)) await keep(client, rail);
}

async function keep(client: KubeClient, { kind, object }: GuardRail): Promise<void> {
  try {
    const live = await client.get<KubeObject>(kind, object.metadata);
    if (contains(live, object)) return;
    await client.apply(kind, { ...object, metadata: { ...object.metadata, uid: live.metadata.uid } });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
    await client.create(kind, object);
  }
}
