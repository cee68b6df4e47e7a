// A tenant namespace per scenario, with an owner of its own, so that scenarios share neither names nor quotas nor turns.
import { randomBytes } from 'node:crypto';
import { labels } from '@vibed/crds';
import { isKubeError, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { config } from './config.ts';
import { eventually } from './eventually.ts';

type Quota = KubeObject & { spec?: { hard?: object }; status?: { used?: Readonly<Record<string, string>> } };

export interface TenantNamespace extends AsyncDisposable {
  name: string;
}

/** `vibed-e2e-<topic>-<random>`; deleted at the end unless KEEP=1 or the scenario failed and somebody wants to look. */
export async function tenantNamespace(client: KubeClient, topic: string): Promise<TenantNamespace> {
  const slug = topic
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 24)
    .replace(/^-|-$/g, '');
  const name = `vibed-e2e-${slug}-${randomBytes(3).toString('hex')}`;
  await client.create(kinds.namespace, {
    metadata: { name, labels: { [labels.owner]: name, 'vibed.dev/e2e': 'true' } },
  });
  await quotaCounted(client, name);
  return { name, [Symbol.asyncDispose]: () => (config.keep ? kept(name) : removeNamespace(client, name)) };
}

/** A quota that is new refuses what it counts until it has counted once; scenarios create Secrets and Jobs of their own. */
async function quotaCounted(client: KubeClient, namespace: string): Promise<void> {
  const counted = async () => {
    const { spec, status } = await client.get<Quota>(kinds.resourceQuota, { namespace, name: 'vibed' });
    return Object.keys(spec?.hard ?? {}).every(resource => status?.used?.[resource] !== undefined);
  };
  await eventually(counted, true as boolean, { within: 60 });
}

async function kept(name: string): Promise<void> {
  console.log(`KEEP: namespace ${name} is left as it is`);
}

/** Asks for the deletion and does not wait: artifacts in it are cleaned up by the operator meanwhile. */
export async function removeNamespace(client: KubeClient, name: string): Promise<void> {
  try {
    await client.delete(kinds.namespace, { name });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
  }
}

/** Until the namespaces of earlier scenarios are gone: for a scenario that counts what the operator writes. */
export async function namespacesGone(client: KubeClient): Promise<void> {
  const leaving = async () => {
    const { items } = await client.list(kinds.namespace, { labelSelector: 'vibed.dev/e2e=true', metadataOnly: true });
    return items
      .filter(n => n.metadata.deletionTimestamp !== undefined)
      .map(n => n.metadata.name)
      .join(' ');
  };
  await eventually(leaving, '', { within: 180 });
}
