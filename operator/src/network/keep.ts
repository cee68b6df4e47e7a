// Writes one NetworkPolicy where the live one differs.
import type { V1NetworkPolicy } from '@kubernetes/client-node';
import { isKubeError, type KubeClient, kinds, type Typed } from '@vibed/store/kube';
import { canonicalJson } from '../artifact/names.ts';

/** A policy has no defaults that the apiserver would fill in, and one more peer in it opens a door: the specs must be equal. */
export async function keepNetworkPolicy(client: KubeClient, wanted: Typed<V1NetworkPolicy>): Promise<void> {
  const live = await readIfThere(client, wanted);
  if (live !== undefined && canonicalJson(live.spec) === canonicalJson(wanted.spec)) return;
  await client.apply(kinds.networkPolicy, wanted);
}

async function readIfThere(client: KubeClient, { metadata }: Typed<V1NetworkPolicy>) {
  try {
    return await client.get<Typed<V1NetworkPolicy>>(kinds.networkPolicy, metadata);
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined;
    throw error;
  }
}
