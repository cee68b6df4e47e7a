// One Job per build key. The pod, in the build namespace:
//
//   registry (sidecar) 127.0.0.1:5000; the only container with the registry's credential
//   source (init)      fetches and checks the tree, writes the recipe; reports digest, commit, recipe
//   build              Buildah, root in its own user namespace, no credential, no token; reports the image's digest
//
// The capabilities are exactly what Pod Security *baseline* admits and Buildah was measured to need.
import type { V1Container, V1JobSpec, V1PodSpec } from '@kubernetes/client-node';
import { type KubeObject, kinds, type Wire } from '@vibed/store/kube';
import { buildValues } from '../artifact/build-values.ts';
import { buildKeyLabel, identityLabels, type Owner, ownerOf } from '../artifact/identity.ts';
import { cacheRepositoryOf, names, repositoryOf } from '../artifact/names.ts';
import type { Child } from '../artifact/outcome.ts';
import type { Job } from '../artifact/world.ts';
import { buildCommand, buildMounts } from '../build-pod/build-script.ts';
import { buildExit, podPaths, sourceExit } from '../build-pod/job.ts';
import type { RegistryEndpoint, RegistryProxyConfigInput } from '../build-pod/registry-config.ts';
import { secondsOf } from '../deployer/deployer.ts';
import { literally } from '../literal.ts';
import { bytesOf } from '../quantity.ts';
import type { Settings } from '../settings.ts';
import { buildResources, environmentVolume, networkOf, registriesKey, type StepOptions } from './build-environment.ts';
import { buildEnvironment } from './build-files.ts';
import type { Builder, BuildInput } from './builder.ts';
import { credentialDir, credentialVolumes, registryOfStep } from './layers/registry-step.ts';
import { builderWhy, observeBuild } from './observe.ts';
import { pullReference } from './pull-reference.ts';
import { sourceDigest, sourceToken } from './source-access.ts';
import { gitCredential, sourceStep, sourceVolumes, stepResources, stepSecurity } from './source-step.ts';

const defaultTimeoutSeconds = 600;
const capabilities =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  );

export function buildahBuilder(options: StepOptions): Builder {
  const inputs = (input: BuildInput) => [
    ...inlineInput(input, options.settings),
    ...gitCredential(input, placeOf(input, options.settings)),
  ];
  return {
    asks: () => false,
    desired: input => [{ kind: kinds.job, object: job(input, options), createOnly: true }, ...inputs(input)],
    inputs,
    observe: (key, live, pods, artifact) =>
      observeBuild(key, live, pods, pullReference(ownerOf(artifact), options.settings)),
  };
}

function job(input: BuildInput, options: StepOptions): Job {
  const owner = ownerOf(input.artifact);
  const labels = { ...identityLabels(owner), [buildKeyLabel]: input.key };
  const annotations = { [builderWhy]: whyBuildah(input) };
  const spec: Wire<V1JobSpec> = {
    suspend: true,
    backoffLimit: 2,
    completions: 1,
    parallelism: 1,
    // The script ends the build in time and keeps its log; this ends what the script cannot.
    activeDeadlineSeconds: timeoutOf(input, options.settings) + 300,
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        {
          action: 'FailJob',
          onExitCodes: {
            containerName: 'build',
            operator: 'NotIn',
            values: [0, buildExit.pushFailed, buildExit.baseUnavailable],
          },
        },
        { action: 'FailJob', onExitCodes: { containerName: 'source', operator: 'In', values: [sourceExit.refused] } },
      ],
    },
    template: { metadata: { labels, ...readsSnapshot(input) }, spec: pod(input, options, owner) },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...placeOf(input, options.settings), labels, annotations },
    spec,
  };
}

/** Where nobody looked at the source before, Buildah was asked for. */
const whyBuildah = ({ plan }: BuildInput): string => plan?.why ?? 'buildah: spec.build.builder asks for it';

/** The api-server reads from the pod which tree this build may fetch. */
function readsSnapshot({ artifact }: BuildInput): { annotations?: Record<string, string> } {
  const { snapshot } = artifact.spec.source;
  return snapshot === undefined ? {} : { annotations: { [sourceDigest]: snapshot.digest } };
}

const timeoutOf = ({ artifact }: BuildInput, { builds }: Settings): number =>
  Math.min(secondsOf(artifact.spec.build?.timeout) ?? defaultTimeoutSeconds, builds.timeoutMaxSeconds);

function pod(input: BuildInput, options: StepOptions, owner: Owner): Wire<V1PodSpec> {
  const { builds } = options.settings;
  return {
    restartPolicy: 'Never',
    ...(input.artifact.spec.source.snapshot !== undefined && { serviceAccountName: sourceToken.serviceAccount }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostUsers: builds.hostUsers,
    // The sidecar comes first and has no startup probe: it listens long before *source* is done, and Buildah tries again.
    initContainers: [registry(options, owner), sourceStep(input, options)],
    containers: [build(input, options, owner)],
    volumes: [
      { name: 'workspace', emptyDir: {} },
      { name: 'storage', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
      environmentVolume(
        'environment',
        Object.keys(buildEnvironment(networkOf(options.settings, options.caBundle)).files),
      ),
      environmentVolume('registries', [registriesKey]),
      ...sourceVolumes(input.artifact, names.job(owner, input.key)),
      ...credentialVolumes(options.settings),
    ],
  };
}

function registry({ settings, stepsImage, caBundle }: StepOptions, owner: Owner): Wire<V1Container> {
  const upstream = registryOfStep(settings);
  const config: RegistryProxyConfigInput = {
    upstream,
    own: [repositoryOf(owner, settings.registry)],
    cache: [cacheRepositoryOf(owner, settings.registry)],
    bases: basesOf(settings, upstream),
    private: settings.registry.prefix,
    pushBytesMax: bytesOf(settings.builds.pushBytesMax),
  };
  return literally({
    name: 'registry',
    image: stepsImage,
    restartPolicy: 'Always',
    command: ['node', '/app/registry-proxy.mjs'],
    env: [
      { name: 'VIBED_REGISTRY', value: JSON.stringify(config) },
      // A registry of the site may have a certificate of the site.
      ...(caBundle === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: '/vibed/build-env/ca.pem' }]),
    ],
    resources: stepResources,
    securityContext: stepSecurity,
    volumeMounts: [
      { name: 'environment', mountPath: '/vibed/build-env', readOnly: true },
      ...(settings.registry.pushSecret === undefined
        ? []
        : [{ name: 'credential', mountPath: credentialDir, readOnly: true }]),
    ],
  });
}

/** The file of the credential has an entry for each host; only bases that the settings say so for are read with it. */
function basesOf({ builds }: Settings, { url: _, ...login }: RegistryEndpoint): Record<string, RegistryEndpoint> {
  const endpoints = Object.entries(builds.baseRegistries);
  return Object.fromEntries(
    endpoints.map(([host, { url, withLogin }]) => [host, { url, ...(withLogin === true && login) }]),
  );
}

function build({ artifact, key }: BuildInput, { settings, caBundle }: StepOptions, owner: Owner): Wire<V1Container> {
  const environment = buildEnvironment(networkOf(settings, caBundle));
  const { command, env } = buildCommand({
    repository: repositoryOf(owner, settings.registry),
    cacheRepository: cacheRepositoryOf(owner, settings.registry),
    tag: key,
    timeoutSeconds: timeoutOf({ artifact, key }, settings),
    args: [...buildValues(artifact.spec), ...(artifact.spec.build?.args ?? [])],
    environment,
  });
  return literally({
    name: 'build',
    image: settings.builds.image,
    command,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    resources: buildResources(artifact.spec.build?.resources, settings),
    securityContext: {
      runAsUser: 0,
      runAsNonRoot: false,
      privileged: false,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: capabilities },
    },
    volumeMounts: [
      { name: 'workspace', mountPath: podPaths.workspace },
      { name: 'storage', mountPath: '/var/lib/containers' },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'environment', mountPath: buildMounts.environment, readOnly: true },
      { name: 'registries', mountPath: buildMounts.registriesConf, subPath: registriesKey, readOnly: true },
    ],
  });
}

/** Its name is also that of the input that belongs to it. */
const placeOf = ({ artifact, key }: BuildInput, { builds }: Settings) => ({
  name: names.job(ownerOf(artifact), key),
  namespace: builds.namespace,
});

/** Inline files travel in a ConfigMap that belongs to the Job; its bytes are filled in when it is created (inline-source.ts). */
function inlineInput(input: BuildInput, settings: Settings): Child[] {
  const { artifact, key } = input;
  if (artifact.spec.source.files === undefined) return [];
  const owner = ownerOf(artifact);
  const object: KubeObject & { immutable: boolean } = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...placeOf(input, settings),
      labels: { ...identityLabels(owner), [buildKeyLabel]: key },
      annotations: { [sourceDigest]: artifact.spec.source.files.digest },
    },
    immutable: true,
  };
  return [{ kind: kinds.configMap, object, createOnly: true, completedBy: 'inline-source' }];
}
