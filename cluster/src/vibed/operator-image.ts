// The operator's image: its base from the registry, plus one layer with the bundled programs, put there by plain registry
// requests. No engine is needed, and the same bundle gives the same digest.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { answered, digestOf, MANIFEST, pushBlob, pushManifest } from '../images/push.ts';
import type { Registry } from '../images/registry.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}
interface Manifest {
  config: Descriptor;
  layers: Descriptor[];
}
interface ImageConfig {
  config?: Record<string, unknown>;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history?: unknown[];
}

/** Pushes `repository` made of `base` (`repository:tag` in the same registry) and /app; returns the manifest's digest. */
export async function pushOperatorImage(
  registry: Registry,
  base: string,
  repository: string,
  bundle: string,
): Promise<string> {
  const [from = '', tag = ''] = base.split(':');
  const manifest = (await json(registry, `/v2/${from}/manifests/${tag}`)) as Manifest;
  const config = (await json(registry, `/v2/${from}/blobs/${manifest.config.digest}`)) as ImageConfig;
  for (const { digest } of manifest.layers) await mount(registry, repository, from, digest);
  const tar = await tarOf(bundle);
  const layer = gzipSync(tar);
  const ours = {
    ...config,
    config: { ...config.config, User: '1000:1000', Entrypoint: [], Cmd: ['node', '/app/operator.mjs'] },
    rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids, digestOf(tar)] },
    history: [...(config.history ?? []), { created: '1970-01-01T00:00:00Z', created_by: 'vibed operator' }],
  };
  const text = Buffer.from(JSON.stringify(ours));
  for (const blob of [layer, text])
    await pushBlob(registry, repository, digestOf(blob), async () => new Blob([new Uint8Array(blob)]));
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: manifest.config.mediaType, digest: digestOf(text), size: text.length },
    layers: [...manifest.layers, { mediaType: LAYER, digest: digestOf(layer), size: layer.length }],
  });
  await pushManifest(registry, repository, digestOf(body), body);
  return digestOf(body);
}

async function tarOf(folder: string): Promise<Buffer> {
  const archive = pack();
  for (const name of (await readdir(folder)).sort())
    archive.entry({ name: `app/${name}`, mode: 0o644, mtime: new Date(0) }, await readFile(join(folder, name)));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function json(registry: Registry, path: string): Promise<unknown> {
  return (await answered(await registry.fetch(path, { headers: { accept: MANIFEST } }), 200)).json();
}

/** Lets the repository share a blob of another one; copies it where the registry does not share. */
async function mount(registry: Registry, repository: string, from: string, digest: string): Promise<void> {
  const query = `mount=${digest}&from=${encodeURIComponent(from)}`;
  const shared = await registry.fetch(`/v2/${repository}/blobs/uploads/?${query}`, { method: 'POST' });
  if (shared.status === 201) return;
  await answered(shared, 202);
  const read = async () => (await answered(await registry.fetch(`/v2/${from}/blobs/${digest}`), 200)).blob();
  await pushBlob(registry, repository, digest, read);
}
