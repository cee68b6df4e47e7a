// An image without a container build: the manifest and configuration of a base, with layers and settings laid on top. Equal input
// gives equal bytes, so an image has one digest whoever makes it, and when.
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { digestOf } from '../../registry/oci-registry.ts';
import { type Descriptor, type Manifest, mediaTypes, type Registry, RegistryError } from '../../registry/registry.ts';
import type { BaseImage } from './base.ts';
import type { ImageLayers } from './image-layers.ts';
import type { Layer } from './layer.ts';

/** The parts of a runtime configuration that are changed here; the others stay as the base has them. */
export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
}
export interface ImageConfig {
  architecture: string;
  os: string;
  config?: RuntimeConfig;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history?: object[];
}

/** A layer that the registry has, in the repository of the image or in `from`. */
export interface StoredLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
  readonly from?: string;
}
export type ImageLayer = Layer | StoredLayer;

export interface ImageInput {
  readonly registry: Registry;
  readonly base: BaseImage;
  readonly repository: string;
  readonly tag: string;
  readonly layers: readonly ImageLayer[];
  readonly settings: ImageLayers['settings'];
}

/** Pushes the image and returns its digest. When a blob is lost between its upload and the manifest, all are looked at once more. */
export async function pushImage(input: ImageInput): Promise<string> {
  const { registry, base, repository, tag, layers } = input;
  const config = jsonBlob(configOf(input));
  const manifest = manifestOf(base, layers, config);
  const pushAll = async () => {
    const mounts = base.layers.map(layer => base.share(registry, repository, layer));
    const own = layers.map(layer => pushLayer(registry, repository, layer));
    await Promise.all([...mounts, ...own, registry.push(repository, config)]);
    await registry.put(repository, tag, manifest);
  };
  try {
    await pushAll();
  } catch (error) {
    if (!(error instanceof RegistryError) || error.fault !== 'NotFound') throw error;
    await pushAll();
  }
  return manifest.digest;
}

async function pushLayer(registry: Registry, repository: string, layer: ImageLayer): Promise<void> {
  if ('open' in layer) return await registry.push(repository, layer);
  const { descriptor, from } = layer;
  if (from === undefined || (await registry.exists(repository, descriptor.digest))) return;
  if (!(await registry.mount(repository, descriptor.digest, from)))
    await registry.push(repository, { ...descriptor, open: () => readLater(registry, from, descriptor.digest) });
}

/** A blob as a stream that is asked for when it is read. */
export function readLater(registry: Registry, repository: string, digest: string): Readable {
  return Readable.from(
    (async function* () {
      yield* await registry.read(repository, digest);
    })(),
    { objectMode: false },
  );
}

export function configOf({ base, layers, settings }: Pick<ImageInput, 'base' | 'layers' | 'settings'>): ImageConfig {
  const { architecture, os, config = {}, rootfs, history = [] } = base.config;
  const ours = layers.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'vibed layers' }));
  return {
    ...base.config,
    architecture,
    os,
    config: settings.reduce(withSetting, config),
    rootfs: { type: 'layers', diff_ids: [...rootfs.diff_ids, ...layers.map(layer => layer.diffId)] },
    history: [...history, ...ours],
  };
}

function withSetting(config: RuntimeConfig, setting: ImageLayers['settings'][number]): RuntimeConfig {
  switch (setting.do) {
    case 'env':
      return { ...config, Env: withVariable(config.Env ?? [], setting.name, setting.value) };
    case 'user':
      return { ...config, User: setting.user };
    case 'expose':
      return { ...config, ExposedPorts: { ...config.ExposedPorts, [`${setting.port}/tcp`]: {} } };
    case 'workdir':
      return { ...config, WorkingDir: posix.resolve(config.WorkingDir ?? '/', setting.path) };
    case 'entrypoint':
      // As in a Dockerfile: the base's command belonged to the base's entrypoint.
      return { ...config, Entrypoint: [...setting.argv], Cmd: [] };
    case 'cmd':
      return { ...config, Cmd: [...setting.argv] };
    default:
      return setting satisfies never;
  }
}

/** `$NAME` stands for what the base has. */
function withVariable(env: readonly string[], name: string, value: string): string[] {
  const before = new Map(env.map(entry => [entry.split('=')[0] ?? '', entry.slice(entry.indexOf('=') + 1)]));
  before.set(
    name,
    value.replace(/\$(\w+)/g, (_, other: string) => before.get(other) ?? ''),
  );
  return [...before].map(([key, text]) => `${key}=${text}`);
}

function manifestOf(
  base: BaseImage,
  layers: readonly ImageLayer[],
  config: { digest: string; size: number },
): Manifest {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: config.digest, size: config.size },
      layers: [...base.layers.map(ociLayer), ...layers.map(layer => layer.descriptor)],
      annotations: {
        'org.opencontainers.image.base.digest': base.digest,
        'org.opencontainers.image.base.name': base.name,
      },
    }),
  );
  return { digest: digestOf(bytes), mediaType: mediaTypes.manifest, bytes };
}

/** Docker's own names of media types say the same in other words; one manifest does not mix them. */
const ociLayer = ({ mediaType, digest, size }: Descriptor): Descriptor => ({
  mediaType: mediaType === 'application/vnd.docker.image.rootfs.diff.tar.gzip' ? mediaTypes.layer : mediaType,
  digest,
  size,
});

function jsonBlob(value: object) {
  const bytes = Buffer.from(JSON.stringify(value));
  return { digest: digestOf(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
}
