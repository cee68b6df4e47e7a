// The two builders behind one port: a Job says itself which of them made it, and a new one is made by whom the plan chose.
import { ownerOf } from '../artifact/identity.ts';
import type { Job } from '../artifact/world.ts';
import type { StepOptions } from './build-environment.ts';
import { buildahBuilder } from './buildah.ts';
import type { Builder } from './builder.ts';
import { looksAt } from './layers/build.ts';
import { builderLabel, installJob } from './layers/install.ts';
import { observeInstall } from './layers/observe.ts';
import { pullReference } from './pull-reference.ts';

export function builders(options: StepOptions): Builder {
  const buildah = buildahBuilder(options);
  return {
    asks: looksAt,
    desired: input => {
      const { plan } = input;
      return plan?.builder === 'layers' ? [installJob({ ...input, plan }, options)] : buildah.desired(input);
    },
    inputs: (input, job) => (isLayers(job) ? [] : buildah.inputs(input, job)),
    observe: (key, job, pods, artifact) =>
      isLayers(job)
        ? observeInstall(key, job, pods, pullReference(ownerOf(artifact), options.settings))
        : buildah.observe(key, job, pods, artifact),
  };
}

const isLayers = ({ metadata }: Job) => metadata.labels?.[builderLabel] === 'layers';
