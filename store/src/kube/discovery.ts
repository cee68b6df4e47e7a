// Which kinds this API server serves now. Discovery is open to every authenticated client, so it needs no rights.
import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { apiVersionOf, type Kind } from './kinds.ts';

/** Those of `kinds` that are served; asks once per group and version. Rejects when the API server does not answer. */
export async function servedOf(client: Pick<KubeClient, 'raw'>, kinds: readonly Kind[]): Promise<ReadonlySet<Kind>> {
  const apiVersions = [...new Set(kinds.map(apiVersionOf))];
  const served = new Map(
    await Promise.all(
      apiVersions.map(async apiVersion => [apiVersion, await resourcesOf(client, apiVersion)] as const),
    ),
  );
  return new Set(kinds.filter(kind => served.get(apiVersionOf(kind))?.has(kind.plural)));
}

async function resourcesOf(client: Pick<KubeClient, 'raw'>, apiVersion: string): Promise<ReadonlySet<string>> {
  try {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = (await client.raw('GET', path)) as { resources?: { name: string }[] };
    return new Set((list.resources ?? []).map(resource => resource.name));
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return new Set();
    throw error;
  }
}
