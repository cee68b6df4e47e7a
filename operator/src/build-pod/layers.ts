/** Our own steps of an install pod. `fetch`: the source tree, and a kept stage, from the registry. `push`: what the install container
 * left becomes layers, and with the base an image. Both hold the registry's credential and run nothing of the tenant's; the container
 * between them runs the tenant's commands and holds nothing. And one step of a clone pod, `keep`: the checked tree goes to the registry. */
import { createReadStream, createWriteStream, realpathSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { readBase } from '../builder/layers/base.ts';
import { builtEntries, entriesOf } from '../builder/layers/built-files.ts';
import { type ImageLayer, pushImage } from '../builder/layers/image.ts';
import { installPaths } from '../builder/layers/install-script.ts';
import {
  type KeepJob,
  keepJob,
  type LayersJob,
  layersJob,
  layersPaths,
  type PackedLayer,
} from '../builder/layers/job.ts';
import { keep, keepInPlace, stageType, treeTag, treeType } from '../builder/layers/kept.ts';
import { packLayer } from '../builder/layers/layer.ts';
import { blobOfFile, imageArchitecture } from '../builder/layers/scratch.ts';
import { ociRegistry } from '../registry/oci-registry.ts';
import { type Registry, RegistryError } from '../registry/registry.ts';
import { SourceError } from './fault.ts';
import { type BuildReport, buildExit, podPaths, sourceExit, sourceLimits } from './job.ts';
import { RegistryClient } from './registry-client.ts';
import { TreeWriter } from './tree-writer.ts';
import { unpack } from './unpack.ts';

export interface Places {
  readonly workspace: string;
  readonly stage: string;
  readonly scratch: string;
}

export async function fetchSource(job: LayersJob, registry: Registry, { workspace }: Places): Promise<void> {
  await mkdir(join(workspace, 'app'), { recursive: true });
  // Our own layer: what it holds was checked when it was made, and is below app/.
  await unpack(await registry.read(job.repository, job.source), new TreeWriter(workspace, sourceLimits.parse({})));
  if (job.restore === undefined) return;
  const kept = await registry.read(job.cache, job.restore);
  await pipeline(kept, createZstdDecompress(), createWriteStream(join(workspace, 'stage.tar')));
}

/** The digest of the pushed image. */
export async function pushResult(
  job: LayersJob,
  registry: Registry,
  places: Places,
  signal: AbortSignal,
): Promise<string> {
  const base = await readBase(job.base, {
    sourceOf: host => {
      const endpoint = job.bases[host];
      if (endpoint === undefined) return undefined;
      if (endpoint.url === job.registry.url) return { registry, isOurs: true };
      return { registry: ociRegistry(new RegistryClient(endpoint), { signal }), isOurs: false };
    },
    prefix: job.prefix,
    architecture: imageArchitecture,
  });
  const layers = await Promise.all(
    job.layers.map(async (layer, i): Promise<ImageLayer> => {
      if ('descriptor' in layer) return { ...layer, from: layer.from ?? job.repository };
      return await packBuilt(job, layer, registry, { ...places, scratch: join(places.scratch, `${i}`) }, signal);
    }),
  );
  const { repository, tag, settings } = job;
  const digest = await pushImage({ registry, base, repository, tag, layers, settings });
  if (job.keepAs !== undefined) await keepStage(job, job.keepAs, registry, places);
  return digest;
}

async function packBuilt(
  job: LayersJob,
  layer: PackedLayer,
  registry: Registry,
  { stage, scratch }: Places,
  signal: AbortSignal,
): Promise<ImageLayer> {
  const entries = await builtEntries(stage, layer);
  await mkdir(scratch, { recursive: true });
  const packed = await packLayer(entries, join(scratch, 'layer.tar.gz'), signal);
  console.log(`[vibed] ${layer.target}: ${entries.length} entries, ${packed.size} bytes`);
  if (layer.keepAs !== undefined)
    await keep({ registry, cache: job.cache, tag: layer.keepAs }, packed, packed.descriptor.mediaType, packed.diffId);
  return packed;
}

/** For the next version with the same dependencies. */
async function keepStage(job: LayersJob, tag: string, registry: Registry, { stage, scratch }: Places): Promise<void> {
  const tar = join(stage, installPaths.snapshot);
  const packed = join(scratch, 'stage.tar.zst');
  await pipeline(createReadStream(tar), createZstdCompress(), createWriteStream(packed));
  await keep({ registry, cache: job.cache, tag }, await blobOfFile(packed), stageType);
  console.log(`[vibed] kept the installed dependencies: ${(await stat(packed)).size} bytes`);
}

/** Packs what *source* has cloned, the same bytes for the same tree, and returns the digest of the blob. That container has talked to a
 * stranger, so no link is followed, and its own word on the size is not taken. */
export async function keepTree(
  { cache }: KeepJob,
  registry: Registry,
  { workspace, scratch }: Places,
  signal: AbortSignal,
): Promise<string> {
  const below = 'tree/';
  const found = await entriesOf(workspace, { path: basename(podPaths.context), target: `/${below}`, uid: 0 });
  const entries = found.flatMap(e => (e.type === 'folder' ? [] : [{ ...e, path: e.path.slice(below.length) }]));
  const bytes = entries.reduce((sum, e) => sum + (e.type === 'file' ? e.size : 0), 0);
  const limits = sourceLimits.parse({});
  if (entries.length > limits.files || bytes > limits.bytes)
    throw new SourceError(
      'SourceTooLarge',
      'there is more than was checked',
      'none: this is not the repository’s doing',
    );
  const packed = await packLayer(entries, join(scratch, 'tree.tar.gz'), signal);
  await keepInPlace({ registry, cache, tag: treeTag }, packed, treeType);
  console.log(`[vibed] kept ${entries.length} files, ${packed.size} bytes packed`);
  return packed.digest;
}

/** The digest of what a step pushed; undefined when it pushes nothing. */
async function done(step: string | undefined, given: unknown): Promise<string | undefined> {
  const signal = AbortSignal.timeout(280_000);
  const registryOf = ({ registry }: KeepJob) => ociRegistry(new RegistryClient(registry), { signal });
  if (step === 'keep') {
    const job = keepJob.parse(given);
    return await keepTree(job, registryOf(job), layersPaths, signal);
  }
  const job = layersJob.parse(given);
  if (step === 'push') return await pushResult(job, registryOf(job), layersPaths, signal);
  await fetchSource(job, registryOf(job), layersPaths);
  return undefined;
}

/** The program: `fetch`, `push` or `keep`, job from VIBED_LAYERS. */
async function main(env: NodeJS.ProcessEnv, step: string | undefined): Promise<number> {
  try {
    const digest = await done(step, JSON.parse(env.VIBED_LAYERS ?? ''));
    if (digest !== undefined) await told({ ok: true, digest, user: 'set', exposed: [] });
    return buildExit.done;
  } catch (error) {
    console.log(`[vibed] ${error instanceof Error ? error.message : String(error)}`);
    if (step === 'fetch') return sourceExit.retry;
    const isOurs = !(error instanceof SourceError);
    await told({ ok: false, step: isOurs ? 'push' : 'build' });
    if (isOurs && !(error instanceof RegistryError)) console.log(error);
    return isOurs ? buildExit.pushFailed : buildExit.buildFailed;
  }
}

const told = (report: BuildReport) => writeFile(podPaths.terminationLog, JSON.stringify(report));

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  // Kept connections would hold the container for a while.
  process.exit(await main(process.env, process.argv[2]));
}
