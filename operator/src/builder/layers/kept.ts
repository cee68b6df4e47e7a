// What one version leaves for the next: the layer of its dependencies, or the whole stage after they were installed. Each is an
// ordinary manifest in the artifact's own cache repository, under a tag that names its input.
import { Readable } from 'node:stream';
import { digestOf } from '../../registry/oci-registry.ts';
import { type Blob, type Descriptor, mediaTypes, type Registry, RegistryError } from '../../registry/registry.ts';
import type { StoredLayer } from './image.ts';

/** A tar of the stage, compressed by zstd: read only by vibeD itself. */
export const stageType = 'application/vnd.vibed.stage.v1.tar+zstd';
/** A cloned tree as tar.gz, on its way from the pod that cloned it. */
export const treeType = 'application/vnd.vibed.tree.v1.tar+gzip';
const diffIdAnnotation = 'dev.vibed.diff-id';
const empty = { digest: digestOf(Buffer.from('{}')), size: 2, open: () => Readable.from([Buffer.from('{}')]) };

export const layerTag = (key: string) => `layer-${key}`;
export const stageTag = (key: string) => `stage-${key}`;
/** A clone is asked for until its key is built, and the next one takes its place. */
export const treeTag = 'tree';

/** The kept blob of this tag, when it and the registry's memory of it are whole. */
export async function findKept(registry: Registry, cache: string, tag: string): Promise<StoredLayer | undefined> {
  const manifest = await registry.resolve(cache, tag);
  if (manifest === undefined) return undefined;
  const { layers = [] } = JSON.parse(manifest.bytes.toString()) as {
    layers?: (Descriptor & { annotations?: Record<string, string> })[];
  };
  const [layer] = layers;
  if (layer === undefined || !(await registry.exists(cache, layer.digest))) return undefined;
  const { mediaType, digest, size, annotations } = layer;
  return { descriptor: { mediaType, digest, size }, diffId: annotations?.[diffIdAnnotation] ?? '', from: cache };
}

export interface Keeping {
  readonly registry: Registry;
  readonly cache: string;
  readonly tag: string;
}

export async function keep(
  { registry, cache, tag }: Keeping,
  blob: Blob,
  mediaType: string,
  diffId = '',
): Promise<void> {
  const { digest, size } = blob;
  const layer = { mediaType, digest, size, annotations: { [diffIdAnnotation]: diffId } };
  const config = { mediaType: mediaTypes.config, digest: empty.digest, size: empty.size };
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await Promise.all([registry.push(cache, blob), registry.push(cache, empty)]);
  await registry.put(cache, tag, { digest: digestOf(bytes), mediaType: mediaTypes.manifest, bytes });
}

/** Keeps it in place of what had the tag, which is deleted: without the tag nobody would find it again, to use or to delete it. */
export async function keepInPlace(keeping: Keeping, blob: Blob, mediaType: string): Promise<void> {
  const { registry, cache, tag } = keeping;
  const before = await registry.resolve(cache, tag);
  await keep(keeping, blob, mediaType);
  const after = await registry.resolve(cache, tag);
  if (before === undefined || before.digest === after?.digest) return;
  try {
    await registry.delete(cache, before.digest);
  } catch (error) {
    // Many registries allow no deletes; the clone is as good.
    if (!(error instanceof RegistryError)) throw error;
    console.log(`[vibed] the clone before this one stays in the registry: ${error.message}`);
  }
}
