// Builds the images the cluster needs without a registry or an engine: each adds one layer to its parent's. The layer is
// what a script, run by chroot in an overlay of the parent, left behind. The mounts live in a mount namespace of their own
// and go away with the process, however it ends.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, keyOf } from '../cache.ts';
import { run } from '../command.ts';
import { type Layer, layerOf } from './layer.ts';

export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly StopSignal?: string;
}

export interface Recipe {
  /** Repository and tag as Dockerfiles write them, without `docker.io/library/`. */
  readonly name: string;
  readonly from?: Recipe;
  /** What goes in besides the recipe's own text: versions, and keys of other cache entries. */
  readonly ingredients: readonly unknown[];
  /** Puts files where they belong in the image, before the script runs. */
  readonly copy?: (root: string) => Promise<void>;
  /** A POSIX shell script that runs as root inside the image, with the machine's network. */
  readonly script?: string;
  readonly config: ImageConfig;
}

export interface Image {
  readonly name: string;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
}

/** What apt leaves behind and nobody needs in an image. */
export const CLEAN =
  'rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* /var/lib/dpkg/*-old';

export function recipeKey(recipe: Recipe): string {
  const parent = recipe.from ? recipeKey(recipe.from) : '';
  return keyOf(recipe.name, parent, recipe.ingredients, recipe.copy?.toString(), recipe.script, recipe.config);
}

const safe = (name: string): string => name.replace(/[^a-z0-9.-]/g, '_');

/** The image, built when the cache has none of this recipe; its parents are built first. */
export async function imageOf(cache: string, recipe: Recipe, log: string): Promise<Image> {
  const parent = recipe.from ? await imageOf(cache, recipe.from, log) : undefined;
  const entry = join(cache, 'images', `${safe(recipe.name)}-${recipeKey(recipe)}`);
  await cached(entry, async directory => {
    const upper = join(directory, 'upper');
    await mkdir(upper);
    await recipe.copy?.(upper);
    if (recipe.script) await runInside(directory, parent, recipe.script, log);
    const layer = await layerOf(upper, join(directory, 'layer.tar.gz'));
    await writeFile(join(directory, 'layer.json'), JSON.stringify({ ...layer, file: undefined }));
    for (const scratch of ['upper', 'lower', 'work', 'merged']) {
      await rm(join(directory, scratch), { recursive: true, force: true });
    }
  });
  const layer = JSON.parse(await readFile(join(entry, 'layer.json'), 'utf8')) as Omit<Layer, 'file'>;
  const own = { ...layer, file: join(entry, 'layer.tar.gz') };
  return {
    name: recipe.name,
    config: { ...parent?.config, ...recipe.config },
    layers: [...(parent?.layers ?? []), own],
  };
}

const IN_OVERLAY = `
set -eu
mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/merged"
mkdir -p "$1/merged/proc" "$1/merged/dev"
mount -t proc proc "$1/merged/proc"
mount --rbind /dev "$1/merged/dev"
mount -t tmpfs tmpfs "$1/merged/run"
mount -t tmpfs tmpfs "$1/merged/tmp"
mount --bind /etc/resolv.conf "$1/merged/etc/resolv.conf"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$1/merged" /bin/sh -euc "$2"
`;

async function runInside(directory: string, parent: Image | undefined, script: string, log: string): Promise<void> {
  const lower = join(directory, 'lower');
  for (const name of ['lower', 'work', 'merged']) await mkdir(join(directory, name));
  for (const layer of parent?.layers ?? []) {
    await run(['tar', '-xzf', layer.file, '--numeric-owner', '--exclude=.wh.*', '-C', lower]);
  }
  const namespace = ['unshare', '--mount', '--propagation', 'private', '--'] as const;
  await run([...namespace, 'nice', 'sh', '-c', IN_OVERLAY, 'sh', directory, script], { log });
}
