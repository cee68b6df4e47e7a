// The images every cluster starts with, in the order in which they are needed.
import { join } from 'node:path';
import { modules } from '../binaries.ts';
import { run } from '../command.ts';
import type { Layout } from '../layout.ts';
import type { PackageSources } from '../package-sources.ts';
import { debianSlim } from './debian.ts';
import { type Image, imageOf, type Recipe } from './image.ts';
import { golang, node, python } from './languages.ts';
import { buildah, nginxUnprivileged, nodeWithGit, pause } from './services.ts';

export interface Inputs {
  readonly sources: PackageSources;
  /** Directory of the unpacked Debian packages. */
  readonly packages: string;
  /** Directory of the compiled Buildah. */
  readonly buildah: string;
}

export async function recipes(inputs: Omit<Inputs, 'buildah'>, log: string): Promise<readonly Recipe[]> {
  const debian = debianSlim(inputs.sources, log);
  const node24 = node(debian, '24-slim');
  // In a module, so that it is the toolchain that compiles the cluster, also where an older Go fetched it.
  const asked = await run(['go', 'env', 'GOVERSION', 'GOROOT'], { cwd: join(modules, 'containerd') });
  const [version = '', goroot = ''] = asked.split('\n');
  return [
    pause(inputs.packages),
    debian,
    node24,
    nginxUnprivileged(debian),
    nodeWithGit(node24),
    python(debian),
    node(debian, '22-slim'),
    node(debian, '20-slim'),
    golang(debian, version, goroot),
  ];
}

/** Builds what the cache does not have. It runs beside the compile; only Buildah's image waits for its program. */
export async function allImages(
  layout: Layout,
  inputs: Omit<Inputs, 'buildah'>,
  binary: Promise<string>,
  say: (detail: string) => void,
): Promise<readonly Image[]> {
  const log = join(layout.log, 'images.log');
  const images: Image[] = [];
  const make = async (recipe: Recipe): Promise<void> => {
    say(recipe.name);
    images.push(await imageOf(layout.cache, recipe, log));
  };
  for (const recipe of await recipes(inputs, log)) await make(recipe);
  await make(buildah(debianSlim(inputs.sources, log), await binary));
  return images;
}
