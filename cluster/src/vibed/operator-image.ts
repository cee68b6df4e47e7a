// The operator's image: its base from the registry, plus one layer with the bundled programs, put there by plain registry
// requests. No engine is needed, and the same bundle gives the same digest.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const sha256 = (bytes: string | Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

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

/** Pushes `<registry>/v2/<repository>` made of `base` (`repository:tag` in the same registry) and /app; returns the manifest's digest. */
export async function pushOperatorImage(
  registry: string,
  base: string,
  repository: string,
  bundle: string,
): Promise<string> {
  const [baseRepository = '', tag = ''] = base.split(':');
  const manifest = (await json(`${registry}/v2/${baseRepository}/manifests/${tag}`)) as Manifest;
  const config = (await json(`${registry}/v2/${baseRepository}/blobs/${manifest.config.digest}`)) as ImageConfig;
  for (const layer of manifest.layers) await mount(registry, repository, baseRepository, layer.digest);
  const tar = await tarOf(bundle);
  const layer = gzipSync(tar);
  const ours = {
    ...config,
    config: { ...config.config, User: '1000:1000', Entrypoint: [], Cmd: ['node', '/app/operator.mjs'] },
    rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids, sha256(tar)] },
    history: [...(config.history ?? []), { created: '1970-01-01T00:00:00Z', created_by: 'vibed operator' }],
  };
  const configBytes = Buffer.from(JSON.stringify(ours));
  await upload(registry, repository, layer);
  await upload(registry, repository, configBytes);
  const layers = [
    ...manifest.layers,
    { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(layer), size: layer.length },
  ];
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: manifest.config.mediaType, digest: sha256(configBytes), size: configBytes.length },
    layers,
  });
  await sent(`${registry}/v2/${repository}/manifests/${sha256(body)}`, {
    method: 'PUT',
    headers: { 'content-type': MANIFEST },
    body,
  });
  return sha256(body);
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

async function json(url: string): Promise<unknown> {
  return (await sent(url, { headers: { accept: MANIFEST } })).json();
}

async function mount(registry: string, repository: string, from: string, digest: string): Promise<void> {
  await sent(`${registry}/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`, { method: 'POST' });
}

async function upload(registry: string, repository: string, blob: Buffer): Promise<void> {
  const opened = await sent(`${registry}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(opened.headers.get('location') ?? '', registry);
  // The registry may name itself by an address that is not ours.
  const url = new URL(location.pathname + location.search, registry);
  url.searchParams.set('digest', sha256(blob));
  await sent(url.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(blob),
  });
}

async function sent(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (answer.ok) return answer;
  throw new Error(`${init.method ?? 'GET'} ${url} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
}
