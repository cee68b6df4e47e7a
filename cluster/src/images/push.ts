// Puts an image into a registry with plain HTTP requests. The blobs are pushed as they lie in the cache, so nothing is
// packed twice, and what the registry has already is left alone.
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { Image } from './image.ts';
import type { Layer } from './layer.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

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

/** Pushes it below `http://…` unless the tag is this very image already; true when something was pushed. */
export async function pushImage(registry: string, image: Image): Promise<boolean> {
  const { repository, tag } = repositoryOf(image.name);
  const base = `${registry}/v2/${repository}`;
  const config = configOf(image);
  const manifest = manifestOf(image, config);
  const present = await fetch(`${base}/manifests/${tag}`, { method: 'HEAD', headers: { accept: MANIFEST } });
  if (present.headers.get('docker-content-digest') === digestOf(manifest)) return false;
  for (const layer of image.layers) await pushLayer(base, layer);
  await pushBlob(base, digestOf(config), new Blob([config]));
  const put = { method: 'PUT', headers: { 'content-type': MANIFEST }, body: manifest };
  await answered(await fetch(`${base}/manifests/${tag}`, put), 201);
  return true;
}

async function pushLayer(base: string, layer: Layer): Promise<void> {
  await pushBlob(base, layer.digest, await openAsBlob(layer.file));
}

async function pushBlob(base: string, digest: string, blob: Blob): Promise<void> {
  const present = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' });
  if (present.ok) return;
  const opened = await answered(await fetch(`${base}/blobs/uploads/`, { method: 'POST' }), 202);
  const location = new URL(opened.headers.get('location') ?? '', base);
  // The registry names itself by the address inside the namespace or by this one: only the path matters.
  const target = new URL(location.pathname + location.search, base);
  target.searchParams.set('digest', digest);
  const put = { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: blob };
  await answered(await fetch(target, put), 201);
}

async function answered(response: Response, status: number): Promise<Response> {
  if (response.status === status) return response;
  throw new Error(`registry: ${response.url} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
}
