// One Job for what needs a command: the base image itself runs it, as a pod that Pod Security *restricted* admits.
//
//   fetch (init)    our steps: the source tree, and a kept stage, from the registry
//   install (init)  the base image: npm ci, pip install, go build …; no credential, no token, no rights
//   build           our steps: what install left becomes layers and an image; reports its digest
//
// Each begins when the one before has ended, so the tenant's commands never run beside a container that holds a credential.

import type { V1Container, V1JobSpec, V1PodSpec } from '@kubernetes/client-node';
import { appUid } from '@vibed/recipe';
import type { CompactArtifact } from '@vibed/store';
import { kinds, type Wire } from '@vibed/store/kube';
import { buildValues } from '../../artifact/build-values.ts';
import { buildKeyLabel, identityLabels, ownerOf } from '../../artifact/identity.ts';
import { names } from '../../artifact/names.ts';
import type { Child } from '../../artifact/outcome.ts';
import type { Job } from '../../artifact/world.ts';
import { buildExit } from '../../build-pod/job.ts';
import { secondsOf } from '../../deployer/deployer.ts';
import { literally } from '../../literal.ts';
import { buildResources, environmentVolume, networkOf, type StepOptions } from '../build-environment.ts';
import { buildEnvironment, buildEnvironmentDir } from '../build-files.ts';
import type { BuildInput, JobPlan } from '../builder.ts';
import { installEnvironment, installPaths, valueVariable } from './install-script.ts';
import { type LayersJob, layersPaths } from './job.ts';
import { credentialVolumes, type Mounts, registryStep, security } from './registry-step.ts';

/** What the operator found out, for the Job. */
export interface InstallPlan {
  /** The image that the commands run in, by digest. */
  readonly image: string;
  readonly script: string;
  /** Folders of the stage, each a volume. */
  readonly folders: readonly string[];
  readonly job: LayersJob;
}

/** On a Job: facts of the image that were known before, and why this builder was chosen. */
export const factsAnnotation = 'vibed.dev/build-facts';
export const builderLabel = 'vibed.dev/builder';

/** Beyond it a fork bomb ends; npm and the Go compiler stay far below. */
export const processLimit = 2048;
const defaultTimeoutSeconds = 600;

export function installJob(input: BuildInput & { plan: JobPlan & { builder: 'layers' } }, options: StepOptions): Child {
  const { builds } = options.settings;
  const owner = ownerOf(input.artifact);
  const labels = { ...identityLabels(owner), [buildKeyLabel]: input.key, [builderLabel]: 'layers' };
  const asked = secondsOf(input.artifact.spec.build?.timeout) ?? defaultTimeoutSeconds;
  const seconds = Math.min(asked, builds.timeoutMaxSeconds);
  const spec: Wire<V1JobSpec> = {
    suspend: true,
    // What fails here fails again; a registry that is away is asked again inside the pod.
    backoffLimit: 0,
    completions: 1,
    parallelism: 1,
    activeDeadlineSeconds: seconds + 300,
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { containerName: 'install', operator: 'NotIn', values: [0] } },
      ],
    },
    template: { metadata: { labels }, spec: pod(input, seconds, options) },
  };
  const metadata = {
    name: names.job(owner, input.key),
    namespace: builds.installNamespace,
    labels,
    annotations: { [factsAnnotation]: JSON.stringify(input.plan.facts) },
  };
  const object: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec };
  return { kind: kinds.job, object, createOnly: true };
}

function pod(
  { artifact, plan: { install: plan } }: BuildInput & { plan: JobPlan & { builder: 'layers' } },
  seconds: number,
  options: StepOptions,
): Wire<V1PodSpec> {
  const { settings } = options;
  const files = Object.keys(buildEnvironment(networkOf(settings, options.caBundle)).files);
  const mountsOfStage = (below: string) =>
    stageVolumes(plan).map(({ name, folder }) => ({ name, mountPath: `${below}${folder}` }));
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostUsers: settings.builds.hostUsers,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: appUid,
      runAsGroup: appUid,
      fsGroup: appUid,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    initContainers: [
      registryStep({ name: 'fetch', does: 'fetch', job: plan.job, mounts: [workspace] }, options),
      install(plan, artifact, options, { seconds, mounts: mountsOfStage('') }),
    ],
    containers: [
      registryStep(
        {
          name: 'build',
          does: 'push',
          job: plan.job,
          mounts: [
            { name: 'scratch', mountPath: layersPaths.scratch },
            ...mountsOfStage(layersPaths.stage).map(mount => ({ ...mount, readOnly: true })),
          ],
        },
        options,
      ),
    ],
    volumes: [
      ...['workspace', 'scratch', 'tmp', ...stageVolumes(plan).map(v => v.name)].map(name => ({ name, emptyDir: {} })),
      environmentVolume('environment', files),
      ...credentialVolumes(settings),
    ],
  };
}

const workspace = { name: 'workspace', mountPath: layersPaths.workspace };

const stageVolumes = ({ folders }: InstallPlan) =>
  [...folders, installPaths.home, installPaths.out].map((folder, i) => ({ name: `stage-${i}`, folder }));

/** The tenant's commands: a fixed script, ended in time, in the image that the app will run in or was made for. */
function install(
  { image, script }: InstallPlan,
  { spec }: CompactArtifact,
  { settings, caBundle }: StepOptions,
  { seconds, mounts }: { seconds: number; mounts: Mounts },
): Wire<V1Container> {
  const environment = buildEnvironment(networkOf(settings, caBundle));
  const values = Object.fromEntries(buildValues(spec).map(({ name, value }) => [valueVariable(name), value]));
  const variables = { ...installEnvironment, ...environment.process, ...environment.env, ...values };
  return literally({
    name: 'install',
    image,
    command: ['timeout', '--kill-after=10', String(seconds), 'sh', '-c', script],
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    resources: buildResources(spec.build?.resources, settings),
    securityContext: security,
    volumeMounts: [
      { ...workspace, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'environment', mountPath: buildEnvironmentDir, readOnly: true },
      ...mounts,
    ],
  });
}

export const installExit = { ...buildExit, timedOut: 124 } as const;
