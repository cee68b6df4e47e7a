// The images that vibeD itself is made of, on a given cluster: the operator's base and Buildah, built by the recipes of our
// own cluster where the registry has none, and the operator.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryOf, COMPONENTS } from '../binaries.ts';
import { run } from '../command.ts';
import { installPackages, missingPackages } from '../debian.ts';
import { debianSlim } from '../images/debian.ts';
import { imageOf, type Recipe } from '../images/image.ts';
import { node } from '../images/languages.ts';
import { MANIFEST, pushImage } from '../images/push.ts';
import type { Registry } from '../images/registry.ts';
import { buildah, nodeWithGit } from '../images/services.ts';
import { CHECKOUT, type Layout } from '../layout.ts';
import { packageSources } from '../package-sources.ts';
import { PINNED } from '../pinned.ts';
import { pushOperatorImage } from './operator-image.ts';

export interface Images {
  /** Has Node 24, as the nodes name it. */
  readonly probe: string;
  /** Puts into the registry what the check's pods and builds need and it does not have. */
  readonly ensure: (say: (line: string) => void) => Promise<void>;
  /** Bundles and pushes the operator; the image by digest, as the nodes name it. */
  readonly operator: () => Promise<string>;
}

export const BUILDAH_TAG = PINNED.buildah;
export const BASE = { name: 'node-git', tag: '24' } as const;

/** Bundles the operator onto its base in `<prefix>/` of the registry; the nodes know the registry as `pull`. */
export async function operatorImage(registry: Registry, pull: string, prefix: string): Promise<string> {
  await run([process.execPath, join(CHECKOUT, 'operator/bundle.ts')], { cwd: CHECKOUT });
  const base = `${prefix}/${BASE.name}:${BASE.tag}`;
  const digest = await pushOperatorImage(registry, base, `${prefix}/operator`, join(CHECKOUT, 'operator/dist'));
  return `${pull}/${prefix}/operator@${digest}`;
}

interface Wanted {
  readonly repository: string;
  readonly tag: string;
  readonly recipe: (debian: Recipe) => Promise<Recipe>;
}

/** Builds and pushes those of the two images that the registry does not have. */
export async function ensureImages(
  layout: Layout,
  registry: Registry,
  prefix: string,
  names: readonly ('node-git' | 'buildah')[],
  say: (line: string) => void,
): Promise<void> {
  const all: Readonly<Record<'node-git' | 'buildah', Wanted>> = {
    'node-git': {
      repository: `${prefix}/${BASE.name}`,
      tag: BASE.tag,
      recipe: async debian => nodeWithGit(node(debian, '24-slim')),
    },
    buildah: {
      repository: `${prefix}/buildah`,
      tag: BUILDAH_TAG,
      recipe: async debian => buildah(debian, await binaryOf(layout, COMPONENTS.buildah)),
    },
  };
  for (const { repository, tag, recipe } of names.map(name => all[name])) {
    const head = { method: 'HEAD', headers: { accept: MANIFEST } };
    if ((await registry.fetch(`/v2/${repository}/manifests/${tag}`, head)).ok) continue;
    say(`${repository}:${tag} is not in the registry: building and pushing it`);
    await buildAndPush(layout, registry, { repository, tag, recipe }).catch((error: Error) => {
      throw new Error(
        `${error.message}\n${repository}:${tag} could not be made here. Our recipes need Debian 12 as root with Go; ` +
          'docs/install.md says how to make the images with docker and to name them in VIBED_OPERATOR_IMAGE and VIBED_BUILDAH_IMAGE',
      );
    });
  }
}

async function buildAndPush(layout: Layout, registry: Registry, { repository, tag, recipe }: Wanted): Promise<void> {
  await mkdir(layout.log, { recursive: true });
  const log = join(layout.log, 'images.log');
  const missing = await missingPackages();
  if (missing.length > 0) await installPackages(layout, missing);
  const debian = debianSlim(await packageSources(PINNED.debian), log);
  const image = await imageOf(layout.cache, await recipe(debian), log);
  await pushImage(registry, image, repository, tag);
}
