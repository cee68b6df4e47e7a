// What the cluster's registry has, read without vibeD's own client.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Cluster } from './cluster.ts';

const listSchema = z.object({ tags: z.array(z.string()).nullable() });

const loginsSchema = z.object({ auths: z.record(z.string(), z.object({ auth: z.string() })) });

/** A registry on this machine's loopback, and the docker config.json with the login for it. */
export type RegistryAccess = Pick<Cluster, 'registryURL' | 'registryAuth'>;

/** A request with the login of this machine; `path` begins with `/v2/`. */
export function askRegistry({ registryURL, registryAuth }: RegistryAccess, path: string, init: RequestInit = {}) {
  const { auths } = loginsSchema.parse(JSON.parse(readFileSync(registryAuth, 'utf8')));
  const login = auths[new URL(registryURL).host]?.auth;
  if (login === undefined) throw new Error(`${registryAuth} has no login for ${registryURL}`);
  const headers = new Headers(init.headers);
  headers.set('authorization', `Basic ${login}`);
  return fetch(new URL(path, registryURL), { ...init, headers });
}

/** The tags of a repository, sorted; none where there is no such repository. */
export async function tagsOf(access: RegistryAccess, repository: string): Promise<readonly string[]> {
  const answer = await askRegistry(access, `/v2/${repository}/tags/list`);
  if (answer.status === 404) return [];
  return (listSchema.parse(await answer.json()).tags ?? []).sort();
}

/** Whether the manifest of an image is there. */
export async function hasManifest(access: RegistryAccess, repository: string, digest: string): Promise<boolean> {
  const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
  const answer = await askRegistry(access, `/v2/${repository}/manifests/${digest}`, { method: 'HEAD', headers });
  return answer.status === 200;
}
