import { recipeFor, treeOf } from '@vibed/recipe';
import { samples } from '@vibed/recipe/samples';
import { expect, it } from 'vitest';
import { settings } from '../../artifact/world.testing.ts';
import { type BuilderName, chooseBuilder } from './choose.ts';

const choiceFor = (files: Readonly<Record<string, string>>, asked?: BuilderName) => {
  const result = recipeFor(treeOf(files), { language: 'auto' }, settings.builds);
  if (!result.ok) throw new Error(result.message);
  return chooseBuilder(result.recipe, asked);
};
const own = { Dockerfile: 'FROM x\n' };

it.each([
  ['files alone', samples['static-page'] ?? {}, undefined, 'layers', /nothing has to run/],
  ['dependencies', samples['node-express-npm'] ?? {}, 'auto', 'layers', /run in the base image itself/],
  ['a wish for Buildah', samples['static-page'] ?? {}, 'buildah', 'buildah', /asks for it/],
  ['a Dockerfile', own, undefined, 'buildah', /Dockerfile of your own/],
  ['Rust', samples['rust-axum'] ?? {}, undefined, 'buildah', /Rust/],
] as const)('%s', (_what, files, asked, builder, why) => {
  expect(choiceFor(files, asked)).toEqual({ builder, why: expect.stringMatching(why) });
});

it.each([own, samples['rust-axum'] ?? {}])('layers is refused where it cannot build, with what to do', files => {
  expect(choiceFor(files, 'layers')).toEqual({
    message: expect.stringMatching(/cannot build this/),
    remedy: expect.stringMatching(/spec\.build\.builder/),
  });
});
