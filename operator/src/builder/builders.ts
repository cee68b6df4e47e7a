// The two builders behind one port: a Job says itself which of them made it, and a new one is made by whom the plan chose. A git
// source has no plan until a Job of its own has cloned it.
import { ownerOf } from '../artifact/identity.ts';
import type { Job } from '../artifact/world.ts';
import type { StepOptions } from './build-environment.ts';
import { buildahBuilder } from './buildah.ts';
import type { Builder } from './builder.ts';
import { looksAt } from './layers/build.ts';
import { cloneInputs, cloneJob, clones, isClone } from './layers/clone.ts';
import { observeClone } from './layers/clone-observe.ts';
import { builderLabel, installJob } from './layers/install.ts';
import { observeInstall } from './layers/observe.ts';
import { pullReference } from './pull-reference.ts';

export function builders(options: StepOptions): Builder {
  const buildah = buildahBuilder(options);
  return {
    asks: looksAt,
    desired: input => {
      const { artifact, plan } = input;
      if (plan === undefined && clones(artifact)) return [cloneJob(input, options), ...cloneInputs(input, options)];
      return plan?.builder === 'layers' ? [installJob({ ...input, plan }, options)] : buildah.desired(input);
    },
    inputs: (input, job) => {
      if (isClone(job)) return cloneInputs(input, options);
      return isLayers(job) ? [] : buildah.inputs(input, job);
    },
    observe: (key, job, pods, artifact) => {
      if (isClone(job)) return observeClone(job, pods);
      return isLayers(job)
        ? observeInstall(key, job, pods, pullReference(ownerOf(artifact), options.settings))
        : buildah.observe(key, job, pods, artifact);
    },
  };
}

const isLayers = ({ metadata }: Job) => metadata.labels?.[builderLabel] === 'layers';
