// What the cluster's registry has, asked without vibeD's own client.
import { z } from 'zod';
import type { Cluster } from './cluster.ts';

const listSchema = z.object({ tags: z.array(z.string()).nullable() });

/** The tags of a repository, sorted; none where there is no such repository. */
export async function tagsOf({ registryURL }: Cluster, repository: string): Promise<readonly string[]> {
  const answer = await fetch(`${registryURL}/v2/${repository}/tags/list`);
  if (answer.status === 404) return [];
  return (listSchema.parse(await answer.json()).tags ?? []).sort();
}

/** Whether the manifest of an image is there. */
export async function hasManifest({ registryURL }: Cluster, repository: string, digest: string): Promise<boolean> {
  const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
  const answer = await fetch(`${registryURL}/v2/${repository}/manifests/${digest}`, { method: 'HEAD', headers });
  return answer.status === 200;
}
