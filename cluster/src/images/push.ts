// Puts an image into a registry with plain HTTP requests. The blobs are pushed as they lie in the cache, so nothing is
// packed twice, and what the registry has already is left alone.
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { Image } from './image.ts';
import type { Registry } from './registry.ts';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export const digestOf = (content: string | Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** `docker.io`'s repository of a name as Dockerfiles write it: `node:24-slim` is in `library/node`. */
export function repositoryOf(name: string): { repository: string; tag: string } {
  const [path = '', tag = 'latest'] = name.split(':');
  return { repository: path.includes('/') ? path : `library/${path}`, tag };
}

// A constant: the same files are the same image, whenever they were built.
const CREATED = '1970-01-01T00:00:00Z';

/** One history entry per layer, or Buildah would not recognise its cached layers on top of this image. */
function configOf({ config, layers }: Image): string {
  const diffIDs = layers.map(layer => layer.diffID);
  const history = diffIDs.map(diffID => ({ created: CREATED, created_by: `vibed cluster image, layer ${diffID}` }));
  const rootfs = { type: 'layers', diff_ids: diffIDs };
  return JSON.stringify({ created: CREATED, architecture: 'amd64', os: 'linux', config, rootfs, history });
}

function manifestOf(image: Image, config: string): string {
  const layers = image.layers.map(({ digest, size }) => ({ mediaType: LAYER, digest, size }));
  const descriptor = { mediaType: CONFIG, digest: digestOf(config), size: Buffer.byteLength(config) };
  return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: descriptor, layers });
}

/** Pushes it into a repository unless the tag is this very image already; true when something was pushed. */
export async function pushImage(registry: Registry, image: Image, repository: string, tag: string): Promise<boolean> {
  const manifests = `/v2/${repository}/manifests/${tag}`;
  const config = configOf(image);
  const manifest = manifestOf(image, config);
  const present = await registry.fetch(manifests, { method: 'HEAD', headers: { accept: MANIFEST } });
  if (present.headers.get('docker-content-digest') === digestOf(manifest)) return false;
  for (const { digest, file } of image.layers) await pushBlob(registry, repository, digest, () => openAsBlob(file));
  await pushBlob(registry, repository, digestOf(config), async () => new Blob([config]));
  await pushManifest(registry, repository, tag, manifest);
  return true;
}

/** Puts an OCI manifest under a tag, or under its digest. */
export async function pushManifest(registry: Registry, repository: string, reference: string, manifest: string) {
  const put = { method: 'PUT', headers: { 'content-type': MANIFEST }, body: manifest };
  await answered(await registry.fetch(`/v2/${repository}/manifests/${reference}`, put), 201);
}

/** Uploads a blob that the repository does not have. */
export async function pushBlob(
  registry: Registry,
  repository: string,
  digest: string,
  read: () => Promise<Blob>,
): Promise<void> {
  const blobs = `/v2/${repository}/blobs`;
  const present = await registry.fetch(`${blobs}/${digest}`, { method: 'HEAD' });
  if (present.ok) return;
  const opened = await answered(await registry.fetch(`${blobs}/uploads/`, { method: 'POST' }), 202);
  const location = new URL(opened.headers.get('location') ?? '', registry.url);
  location.searchParams.set('digest', digest);
  // A registry may name itself by an address that only pods reach: of its own protocol only the path matters.
  const target = location.pathname.startsWith('/v2/') ? `${location.pathname}${location.search}` : location.href;
  const headers = { 'content-type': 'application/octet-stream' };
  await answered(await registry.fetch(target, { method: 'PUT', headers, body: await read() }), 201);
}

/** The answer when it has this status; else throws what the registry said. */
export async function answered(response: Response, status: number): Promise<Response> {
  if (response.status === status) return response;
  throw new Error(`registry: ${response.url} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
}
