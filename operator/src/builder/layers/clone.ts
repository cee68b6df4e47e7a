// One Job that clones a git repository for the operator, which then goes on as with files of its own. A hostile server meets this pod
// and no one else:
//
//   source (init)  git and our checks, with the tenant's credential and no other; reports digest, commit, recipe
//   keep           our own step, with the registry's credential: pushes the tree as one blob; reports the blob's digest
//
// The second begins when the first has ended, so nothing ever runs where both credentials are.
import type { V1JobSpec, V1PodSpec } from '@kubernetes/client-node';
import type { CompactArtifact } from '@vibed/store';
import { kinds, type Wire } from '@vibed/store/kube';
import { buildKeyLabel, buildStepLabel, identityLabels, ownerOf } from '../../artifact/identity.ts';
import { cacheRepositoryOf, names } from '../../artifact/names.ts';
import type { Child } from '../../artifact/outcome.ts';
import type { Job } from '../../artifact/world.ts';
import { podPaths, sourceExit } from '../../build-pod/job.ts';
import { environmentVolume, networkOf, type StepOptions } from '../build-environment.ts';
import { buildEnvironment } from '../build-files.ts';
import type { BuildInput } from '../builder.ts';
import { gitCredential, sourceStep, sourceVolumes, stepResources, stepSecurity } from '../source-step.ts';
import { layersPaths } from './job.ts';
import { credentialVolumes, registryOfStep, registryStep } from './registry-step.ts';

/** The steps have time limits of their own; this ends a pod that cannot start. */
const deadlineSeconds = 900;

/** Sources that a Job brings before the operator looks at them. Buildah, where it is asked for, clones in its own. */
export const clones = ({ spec }: CompactArtifact): boolean =>
  spec.source.git !== undefined && spec.build?.builder !== 'buildah';

export const isClone = ({ metadata }: Job): boolean => metadata.labels?.[buildStepLabel] === 'clone';

export function cloneJob(input: BuildInput, options: StepOptions): Child {
  const labels = { ...identityLabels(ownerOf(input.artifact)), [buildKeyLabel]: input.key, [buildStepLabel]: 'clone' };
  const spec: Wire<V1JobSpec> = {
    suspend: true,
    backoffLimit: 2,
    completions: 1,
    parallelism: 1,
    activeDeadlineSeconds: deadlineSeconds,
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { containerName: 'source', operator: 'In', values: [sourceExit.refused] } },
      ],
    },
    template: { metadata: { labels }, spec: pod(input, options) },
  };
  const object: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...placeOf(input, options), labels },
    spec,
  };
  return { kind: kinds.job, object, createOnly: true };
}

/** The tenant's git credential, where there is one. */
export const cloneInputs = (input: BuildInput, options: StepOptions): Child[] =>
  gitCredential(input, placeOf(input, options));

const placeOf = ({ artifact, key }: BuildInput, { settings }: StepOptions) => ({
  name: names.cloneJob(ownerOf(artifact), key),
  namespace: settings.builds.installNamespace,
});

function pod(input: BuildInput, options: StepOptions): Wire<V1PodSpec> {
  const { settings } = options;
  const { runAsNonRoot, runAsUser, runAsGroup, seccompProfile } = stepSecurity;
  const files = Object.keys(buildEnvironment(networkOf(settings, options.caBundle)).files);
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostUsers: settings.builds.hostUsers,
    securityContext: { runAsNonRoot, runAsUser, runAsGroup, seccompProfile },
    // The operator plans the tree once more, and cuts it then.
    initContainers: [sourceStep(input, options, { keepsWhole: true })],
    containers: [keep(input, options)],
    volumes: [
      ...['workspace', 'scratch', 'tmp'].map(name => ({ name, emptyDir: {} })),
      environmentVolume('environment', files),
      ...sourceVolumes(input.artifact, placeOf(input, options).name),
      ...credentialVolumes(settings),
    ],
  };
}

function keep({ artifact }: BuildInput, options: StepOptions) {
  const { registry, builds } = options.settings;
  const job = {
    registry: registryOfStep(options.settings),
    cache: cacheRepositoryOf(ownerOf(artifact), registry),
  };
  const mounts = [
    { name: 'workspace', mountPath: podPaths.workspace, readOnly: true },
    { name: 'scratch', mountPath: layersPaths.scratch },
  ];
  // The one limit of the pod, so it counts what a clone leaves in any of its volumes.
  const limits = { ...stepResources.limits, 'ephemeral-storage': builds.ephemeralStorage };
  const resources = { ...stepResources, limits };
  return { ...registryStep({ name: 'keep', does: 'keep', job, mounts }, options), resources };
}
