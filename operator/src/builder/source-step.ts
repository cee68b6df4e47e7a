// The container that brings a source, in whatever Job: what it is told, what it may see, and the input that goes with it. It holds the
// credential of the source and never that of the registry.
import type { V1Container, V1Volume } from '@kubernetes/client-node';
import type { BuildSpec } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import { type KubeObject, kinds, type Wire } from '@vibed/store/kube';
import { type ValueNames, valueNames } from '../artifact/build-values.ts';
import { buildKeyLabel, identityLabels, ownerOf } from '../artifact/identity.ts';
import type { Child } from '../artifact/outcome.ts';
import { podPaths, type SourceJobInput } from '../build-pod/job.ts';
import { literally } from '../literal.ts';
import type { Settings } from '../settings.ts';
import { networkOf, type StepOptions } from './build-environment.ts';
import { buildEnvironment } from './build-files.ts';
import type { BuildInput } from './builder.ts';
import { sourcePath, sourceToken } from './source-access.ts';

/** Of our own steps; Pod Security *restricted* admits it. ssh wants a user with a name: 1000 is one in our image. */
export const stepSecurity = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
export const stepResources = { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '512Mi' } };

const gitCredentialDir = '/git-credential';
const tokenVolume = {
  name: 'source-token',
  projected: {
    sources: [{ serviceAccountToken: { audience: sourceToken.audience, expirationSeconds: 600, path: 'token' } }],
  },
};

/** Mounts `workspace`, `tmp` and `environment` of its pod, and the volumes of sourceVolumes(). */
export function sourceStep(
  input: BuildInput,
  { settings, stepsImage, caBundle }: StepOptions,
  { keepsWhole }: Pick<SourceJobInput, 'keepsWhole'> = {},
): Wire<V1Container> {
  const { artifact } = input;
  const work: SourceJobInput = {
    source: sourceLocation(input, settings),
    request: requestOf(artifact.spec.build, valueNames(artifact.spec)),
    bases: settings.builds.bases,
    keepsWhole,
  };
  const { process } = buildEnvironment(networkOf(settings, caBundle));
  return literally({
    name: 'source',
    image: stepsImage,
    command: ['node', '/app/source.mjs'],
    env: [
      { name: 'VIBED_SOURCE', value: JSON.stringify(work) },
      { name: 'HOME', value: '/tmp' },
      ...(caBundle === undefined
        ? []
        : ['NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO'].map(name => ({ name, value: '/vibed/build-env/ca.pem' }))),
      ...(artifact.spec.source.git === undefined
        ? []
        : Object.entries(process).map(([name, value]) => ({ name, value }))),
    ],
    resources: stepResources,
    securityContext: stepSecurity,
    volumeMounts: [
      { name: 'workspace', mountPath: podPaths.workspace },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'environment', mountPath: '/vibed/build-env', readOnly: true },
      ...(artifact.spec.source.files === undefined ? [] : [{ name: 'input', mountPath: '/input', readOnly: true }]),
      ...(artifact.spec.source.git?.secretRef === undefined
        ? []
        : [{ name: 'git-credential', mountPath: gitCredentialDir, readOnly: true }]),
      ...(artifact.spec.source.snapshot === undefined
        ? []
        : [{ name: tokenVolume.name, mountPath: sourceToken.directory, readOnly: true }]),
    ],
  });
}

/** What decides how a source is built, for whoever plans it. */
export const requestOf = (build: BuildSpec | undefined, { env, published }: ValueNames): SourceJobInput['request'] => ({
  language: build?.language ?? 'auto',
  dockerfile: build?.dockerfile,
  path: build?.path,
  ...(env.length > 0 && { env: [...env] }),
  ...(published.length > 0 && { published: [...published] }),
});

/** What only *source* mounts; `job` is the name of the Job, and of the input that belongs to it. */
export function sourceVolumes({ spec }: CompactArtifact, job: string): Wire<V1Volume>[] {
  const { files, git, snapshot } = spec.source;
  return [
    ...(files === undefined ? [] : [{ name: 'input', configMap: { name: job } }]),
    ...(git?.secretRef === undefined ? [] : [{ name: 'git-credential', secret: { secretName: job } }]),
    ...(snapshot === undefined ? [] : [tokenVolume]),
  ];
}

function sourceLocation({ artifact, plan }: BuildInput, settings: Settings): SourceJobInput['source'] {
  const { files, git, snapshot } = artifact.spec.source;
  if (files !== undefined) return { kind: 'files', archive: '/input/source.tar.gz', digest: files.digest };
  if (snapshot !== undefined) {
    const { namespace, name } = ownerOf(artifact);
    const url = settings.api.sourceUrl + sourcePath(namespace, name, snapshot.digest);
    return { kind: 'snapshot', url, digest: snapshot.digest, tokenFile: `${sourceToken.directory}/token` };
  }
  if (git === undefined) throw new Error('this source is not built by a Job');
  const protocols = settings.sources.gitSchemes.filter(s => s !== 'https');
  // A branch may have moved since it was looked at.
  const ref = (plan?.builder === 'buildah' ? plan.commit : undefined) ?? git.ref;
  return {
    kind: 'git',
    url: git.url,
    protocols,
    hosts: { allow: settings.sources.gitAllowPrivate, internal: settings.network.internalRanges },
    ...(ref && { ref }),
    ...(git.path && { path: git.path }),
    ...(git.secretRef && { credentialsDir: gitCredentialDir }),
  };
}

/** A copy of the tenant's git Secret, for the *source* container of this Job alone; its data is filled in when it is created. */
export function gitCredential({ artifact, key }: BuildInput, job: { name: string; namespace: string }): Child[] {
  if (artifact.spec.source.git?.secretRef === undefined) return [];
  const labels = { ...identityLabels(ownerOf(artifact)), [buildKeyLabel]: key };
  const metadata = { ...job, labels };
  const object: KubeObject & { immutable: boolean } = { apiVersion: 'v1', kind: 'Secret', metadata, immutable: true };
  return [{ kind: kinds.secret, object, createOnly: true, completedBy: 'git-credential' }];
}
