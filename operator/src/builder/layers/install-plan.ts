// What an install Job is told: the script, where its results go in the image, and what is worth keeping for the next version.
import { join } from 'node:path';
import type { Copy, Stage } from '@vibed/recipe';
import type { PreparedTree } from '../../build-pod/source.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Settings } from '../../settings.ts';
import { baseEndpoints } from '../build-environment.ts';
import type { BaseImage } from './base.ts';
import { type CutStage, cutStage, dependencyKey } from './deps.ts';
import type { ImageLayer } from './image.ts';
import { type ImageLayers, sourceEntries } from './image-layers.ts';
import { type InstallPlan, processLimit } from './install.ts';
import { installScript, inVolumes, stageFolders } from './install-script.ts';
import type { LayersJob } from './job.ts';
import { findKept, layerTag, stageTag } from './kept.ts';
import { packLayer } from './layer.ts';
import { registryOfStep } from './registry-step.ts';

export interface InstallInput {
  readonly registry: Registry;
  readonly repository: string;
  readonly cache: string;
  readonly tag: string;
  readonly tree: PreparedTree;
  readonly image: ImageLayers;
  readonly base: BaseImage;
  readonly build: Stage;
  readonly toolchain: BaseImage;
  /** The layers of the image, undefined where a command has to make one. */
  readonly ready: readonly (ImageLayer | undefined)[];
  /** Names of the values that the build is given. */
  readonly values: readonly string[];
  readonly settings: Settings;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export async function planInstall(input: InstallInput): Promise<InstallPlan> {
  const { registry, cache, image, build, toolchain, tree } = input;
  const copies = image.layers.flatMap(layer => (layer.from === 'build' ? [layer.copy] : []));
  const stage = cutStage(build);
  const key = await dependencyKey(stage, toolchain.digest, tree.root);
  const isBuilt = stage.build.length > 0;
  const kept = key === undefined || !isBuilt ? undefined : await findKept(registry, cache, stageTag(key));
  const keeps = key !== undefined && isBuilt && kept === undefined;
  const folders = stageFolders(build, copies);
  const restores = kept !== undefined;
  return {
    image: toolchain.pull,
    folders,
    script: installScript({ stage, copies, folders, restores, keeps, values: input.values, processes: processLimit }),
    job: {
      ...(await jobOf(input, stage, key)),
      ...(restores && { restore: kept.descriptor.digest }),
      ...(keeps && { keepAs: stageTag(key) }),
    },
  };
}

async function jobOf(input: InstallInput, stage: CutStage, key: string | undefined): Promise<LayersJob> {
  const { registry, repository, cache, tag, image, base, ready, settings } = input;
  const ofDependencies = stage.build.length === 0 ? key : undefined;
  const layers = image.layers.map(async (layer, i): Promise<LayersJob['layers'][number]> => {
    const found = ready[i];
    if (found === undefined) return packed((layer as { copy: Copy }).copy, ofDependencies);
    if ('open' in found) await registry.push(repository, found);
    return {
      descriptor: found.descriptor,
      diffId: found.diffId,
      ...('from' in found && found.from && { from: found.from }),
    };
  });
  return {
    registry: registryOfStep(settings),
    bases: baseEndpoints(settings),
    prefix: settings.registry.prefix,
    repository,
    cache,
    tag,
    source: await pushSource(input),
    base: base.pull,
    layers: await Promise.all(layers),
    settings: [...image.settings],
  };
}

function packed({ sources: [path = ''], target, uid }: Copy, key: string | undefined): LayersJob['layers'][number] {
  const keepAs = key === undefined ? undefined : layerTag(`${key}-${target.replaceAll('/', '_')}`);
  return { path: inVolumes(path), target, uid, ...(keepAs !== undefined && { keepAs }) };
}

/** The whole tree as a blob of the artifact's own repository: the Job's only input. */
async function pushSource({ registry, repository, tree, scratch, signal }: InstallInput): Promise<string> {
  const whole = { do: 'copy', from: 'source', sources: ['.'], target: '/app/', uid: 0 } as const;
  const layer = await packLayer(sourceEntries([whole], tree.files, tree.root), join(scratch, 'source'), signal);
  await registry.push(repository, layer);
  return layer.digest;
}
