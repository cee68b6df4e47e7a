// ConfigMaps that are made from the settings: what all builds mount, what admission asks. They are no Artifact's children, so
// nobody watches them: a new leader looks once.
import { isKubeError, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { canonicalJson } from './artifact/names.ts';

type ConfigMap = KubeObject & { data?: Record<string, string> };

/** Writes it unless it is there as wanted: a restart of the operator writes nothing. */
export async function keepConfigMap(client: KubeClient, wanted: ConfigMap): Promise<void> {
  const live = await readIfThere(client, wanted);
  if (live !== undefined && canonicalJson(live.data) === canonicalJson(wanted.data)) return;
  await client.apply(kinds.configMap, wanted);
}

async function readIfThere(client: KubeClient, { metadata }: ConfigMap): Promise<ConfigMap | undefined> {
  try {
    return await client.get<ConfigMap>(kinds.configMap, metadata);
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined;
    throw error;
  }
}
