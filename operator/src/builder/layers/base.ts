// Base images by reference: read from the registry that serves their host, and shared with the repositories of apps. Where that is
// the registry we push to, its blobs are mounted from where they are; else they are copied once, into <prefix>/bases/….
import { type Descriptor, type Registry, RegistryError } from '../../registry/registry.ts';
import { type ImageConfig, readLater } from './image.ts';

export interface BaseImage {
  /** As the settings name it. */
  readonly name: string;
  /** Of the manifest for one platform. */
  readonly digest: string;
  /** `host/repository@digest`, as nodes pull it. */
  readonly pull: string;
  readonly config: ImageConfig;
  readonly layers: readonly Descriptor[];
  /** Makes one of its blobs known in a repository of the registry that we push to. */
  share(registry: Registry, repository: string, layer: Descriptor): Promise<void>;
}

export interface BaseSource {
  readonly registry: Registry;
  /** Whether it is the registry that we push to. */
  readonly isOurs: boolean;
}

export interface BaseOptions {
  /** The registry that serves this host; undefined when the settings name none. */
  readonly sourceOf: (host: string) => BaseSource | undefined;
  /** Repository prefix of vibeD's images. */
  readonly prefix: string;
  /** As OCI names it: `amd64`, `arm64`. */
  readonly architecture: string;
}

/** `host/repository`, and the tag or, where it is pinned, the digest. */
export function parseReference(name: string): { host: string; repository: string; reference: string } {
  const [named = '', digest] = name.split('@');
  const parts = named.split('/');
  const hasHost = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '');
  const host = hasHost ? (parts[0] ?? '') : 'docker.io';
  const path = (hasHost ? parts.slice(1) : parts).join('/');
  const [bare = '', tag] = path.split(':');
  const repository = host === 'docker.io' && !bare.includes('/') ? `library/${bare}` : bare;
  return { host, repository, reference: digest ?? tag ?? 'latest' };
}

/** Throws RegistryError: NotFound when there is no such image, Refused when none of its platforms is ours. */
export async function readBase(name: string, { sourceOf, prefix, architecture }: BaseOptions): Promise<BaseImage> {
  const { host, repository, reference } = parseReference(name);
  const source = sourceOf(host);
  if (source === undefined)
    throw new RegistryError('NotFound', `${name}: builds.baseRegistries of the settings names no registry ${host}`);
  const manifest = await imageManifest(source.registry, repository, reference, architecture);
  const { config, layers } = JSON.parse(manifest.bytes.toString()) as { config: Descriptor; layers: Descriptor[] };
  return {
    name,
    digest: manifest.digest,
    pull: `${host}/${repository}@${manifest.digest}`,
    config: await readConfig(source.registry, repository, config.digest),
    layers,
    share: (registry, own, layer) =>
      source.isOurs
        ? share(registry, own, layer, repository)
        : shareCopy({ registry, own, layer }, source.registry, repository, `${prefix}/bases/${repository}`),
  };
}

/** Of an image for several platforms, the manifest of ours. */
async function imageManifest(registry: Registry, repository: string, reference: string, architecture: string) {
  const manifest = await registry.resolve(repository, reference);
  if (manifest === undefined) throw new RegistryError('NotFound', `there is no image ${repository}:${reference}`);
  const { manifests } = JSON.parse(manifest.bytes.toString()) as {
    manifests?: (Descriptor & { platform?: { architecture: string; os: string } })[];
  };
  if (manifests === undefined) return manifest;
  const ours = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === architecture);
  if (ours === undefined)
    throw new RegistryError('Refused', `${repository}:${reference} has no image for linux/${architecture}`);
  const found = await registry.resolve(repository, ours.digest);
  if (found === undefined) throw new RegistryError('NotFound', `${repository}@${ours.digest} is gone`);
  return found;
}

async function readConfig(registry: Registry, repository: string, digest: string): Promise<ImageConfig> {
  const parts: Buffer[] = [];
  for await (const part of await registry.read(repository, digest)) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as ImageConfig;
}

async function share(registry: Registry, own: string, { digest, size }: Descriptor, from: string): Promise<void> {
  if (await registry.mount(own, digest, from)) return;
  await registry.push(own, { digest, size, open: () => readLater(registry, from, digest) });
}

interface Sharing {
  readonly registry: Registry;
  readonly own: string;
  readonly layer: Descriptor;
}

async function shareCopy(
  { registry, own, layer }: Sharing,
  source: Registry,
  from: string,
  copy: string,
): Promise<void> {
  const { digest, size } = layer;
  await registry.push(copy, { digest, size, open: () => readLater(source, from, digest) });
  await share(registry, own, layer, copy);
}
