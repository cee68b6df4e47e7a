// Worlds for table tests: an Artifact in a tenant namespace, and the children a cluster would show at each stage.
import { type ArtifactStatus, apiVersion, type BuildFacts } from '@vibed/crds';
import type { CompactSpec, VersionRecord } from '@vibed/store';
import type { Builder, BuildState } from '../builder/builder.ts';
import type { Version } from '../deployer/deployer.ts';
import { kubernetesDeployer } from '../deployer/kubernetes.ts';
import { type Settings, settingsSchema } from '../settings.ts';
import { buildKeyLabel, identityLabels, type Owner, versionLabel } from './identity.ts';
import { buildKey, versionHash } from './keys.ts';
import type { Ports } from './plan.ts';
import type { AnswerValue } from './questions.ts';
import type { Children, Deployment, Job, Pod, Service, World } from './world.ts';

export const owner: Owner = { namespace: 'vibed-alice', name: 'todo', uid: 'uid-1' };
export const now = new Date('2026-01-01T00:00:00.000Z');
export const at = '2026-01-01T00:00:00.000Z';

export const settings: Settings = settingsSchema.parse({
  apps: { domain: 'apps.example.com', probeVia: 'ingress:80' },
  registry: { push: 'https://registry.example.com', pull: 'registry.example.com' },
  builds: { image: 'buildah' },
});

export const fileSpec = (digest = 'sha256:one', more: Partial<CompactSpec> = {}): CompactSpec => ({
  source: { files: { digest, count: 1 } },
  ...more,
});

export const factsFor = (spec: CompactSpec): BuildFacts => {
  const key = buildKey(spec, undefined);
  return {
    key,
    digest: `sha256:image-${key}`,
    image: `registry.example.com/x@sha256:image-${key}`,
    port: 8080,
    uid: 10001,
  };
};
export const hashFor = (spec: CompactSpec) => versionHash(buildKey(spec, undefined), spec, 'kubernetes');

export const deployer = kubernetesDeployer(settings);

export function recordFor(spec: CompactSpec, version: number): VersionRecord {
  const base: Omit<Version, 'template'> = {
    hash: hashFor(spec),
    version,
    build: factsFor(spec),
    spec,
    target: 'kubernetes',
  };
  return { ...base, keys: [factsFor(spec).key], createdAt: at, template: deployer.template(owner, base) };
}

const empty: Children = { jobs: [], pods: [], deployments: [], services: [], ingresses: [], configMaps: [] };

export interface Given {
  spec?: CompactSpec;
  generation?: number;
  status?: ArtifactStatus;
  children?: Partial<Children>;
  versions?: readonly VersionRecord[];
  answers?: Record<string, AnswerValue>;
  annotations?: Record<string, string>;
  namespaceLabels?: Record<string, string>;
  at?: Date;
}

export function worldOf(given: Given = {}): World {
  const { generation = 1, status, annotations } = given;
  const metadata = { ...owner, generation, resourceVersion: '1', ...(annotations && { annotations }) };
  return {
    artifact: { apiVersion, kind: 'Artifact', metadata, spec: given.spec ?? fileSpec(), ...(status && { status }) },
    namespace: { metadata: { name: owner.namespace, labels: given.namespaceLabels ?? { 'vibed.dev/owner': 'alice' } } },
    children: { ...empty, ...given.children },
    versions: given.versions ?? [],
    answers: new Map(Object.entries(given.answers ?? {}).map(([id, value]) => [id, { at, value }])),
    targets: new Set(['kubernetes'] as const),
    now: given.at ?? now,
  };
}

/** A builder that says what the test says; its one Job is named by the key. */
export function builderSaying(state: BuildState = { state: 'running' }): Builder {
  return {
    asks: () => false,
    desired: ({ key }) => [{ kind: jobKind, object: jobFor(key), createOnly: true }],
    inputs: () => [],
    observe: () => state,
  };
}
const jobKind = { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true };

export const portsWith = (builder: Builder = builderSaying()): Ports => ({
  settings,
  builder,
  deployers: new Map([['kubernetes', deployer]]),
});

export const jobFor = (key: string): Job => ({
  metadata: {
    name: `todo-${key}`,
    namespace: 'vibed-builds',
    uid: `job-${key}`,
    labels: { ...identityLabels(owner), [buildKeyLabel]: key },
  },
  spec: { suspend: true, template: {} },
});

export function deploymentFor(spec: CompactSpec, status: Deployment['status'] = { observedGeneration: 1 }): Deployment {
  const hash = hashFor(spec);
  return {
    metadata: {
      name: `todo-${hash}`,
      namespace: owner.namespace,
      uid: `dep-${hash}`,
      generation: 1,
      labels: { ...identityLabels(owner), [versionLabel]: hash },
    },
    ...(status && { status }),
  };
}

export function podFor(spec: CompactSpec, status: Pod['status']): Pod {
  const hash = hashFor(spec);
  return {
    metadata: {
      name: `todo-${hash}-x`,
      namespace: owner.namespace,
      uid: `pod-${hash}`,
      labels: { ...identityLabels(owner), [versionLabel]: hash },
    },
    ...(status && { status }),
  };
}
export const readyStatus: Pod['status'] = { podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }] };

export function serviceFor(spec: CompactSpec): Service {
  return {
    metadata: { name: 'todo', namespace: owner.namespace, uid: 'svc', labels: identityLabels(owner) },
    spec: { selector: { [versionLabel]: hashFor(spec) } },
  };
}
export const ingress = {
  metadata: { name: 'todo', namespace: owner.namespace, uid: 'ing', labels: identityLabels(owner) },
};

/** The status of a version that serves. */
export function servingStatus(spec: CompactSpec, version: number): ArtifactStatus {
  const facts = factsFor(spec);
  return {
    build: facts,
    target: 'kubernetes',
    desired: { version, hash: hashFor(spec) },
    serving: { version, hash: hashFor(spec), image: facts.image ?? '', since: at },
  };
}
