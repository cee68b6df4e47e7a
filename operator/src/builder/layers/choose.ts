// Which builder makes an image, and why: pure, and said in the recipe before anything is built.
import type { BuildSpec } from '@vibed/crds';
import type { Recipe } from '@vibed/recipe';

export type BuilderName = NonNullable<BuildSpec['builder']>;

export interface Choice {
  readonly builder: 'layers' | 'buildah';
  readonly why: string;
}

/** A wish that cannot be granted: what stands in the way, and what to do. */
export interface Impossible {
  readonly builder?: undefined;
  readonly message: string;
  readonly remedy: string;
}

export function chooseBuilder(recipe: Recipe, asked: BuilderName = 'auto'): Choice | Impossible {
  if (asked === 'buildah') return { builder: 'buildah', why: 'buildah: spec.build.builder asks for it' };
  const obstacle = obstacleTo(recipe);
  if (obstacle === undefined) return { builder: 'layers', why: `layers: ${easeOf(recipe)}` };
  if (asked === 'auto') return { builder: 'buildah', why: `buildah: ${obstacle}` };
  return {
    message: `spec.build.builder: layers cannot build this: ${obstacle}`,
    remedy: 'Leave spec.build.builder out, or set it to buildah.',
  };
}

function obstacleTo({ how, language }: Recipe): string | undefined {
  if ('dockerfile' in how) return 'there is a Dockerfile of your own';
  if (language === 'rust') return 'a Rust toolchain compiles with linkers and libraries of the system';
  return undefined;
}

function easeOf({ how }: Recipe): string {
  return !('stages' in how) || how.stages.build === undefined
    ? 'the files are laid onto the base image as they are, and nothing has to run'
    : 'dependencies and build run in the base image itself, and their results are laid onto it';
}
