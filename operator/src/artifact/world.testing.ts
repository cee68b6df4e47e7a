// Worlds for table tests: an Artifact in a tenant namespace, and the children a cluster would show at each stage.
import { type ArtifactStatus, apiVersion, type BuildFacts, type ConcreteTarget } from '@vibed/crds';
import { type CompactSpec, targetsOf, type VersionRecord } from '@vibed/store';
import { type Kind, kinds } from '@vibed/store/kube';
import type { Builder, BuildState } from '../builder/builder.ts';
import type { Version } from '../deployer/deployer.ts';
import type { HttpRoute } from '../deployer/http-route.ts';
import { knativeDeployer } from '../deployer/knative.ts';
import type {
  KnativeCondition,
  KnativeRevision,
  KnativeService,
  RevisionTemplate,
  TrafficTarget,
} from '../deployer/knative-objects.ts';
import { kubernetesDeployer } from '../deployer/kubernetes.ts';
import { type Settings, settingsSchema } from '../settings.ts';
import { buildKeyLabel, identityLabels, type Owner, versionLabel } from './identity.ts';
import { buildKey, versionHash } from './keys.ts';
import { names } from './names.ts';
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
export const hashFor = (spec: CompactSpec, target: ConcreteTarget = 'kubernetes') =>
  versionHash(buildKey(spec, undefined), spec, target);

export const deployer = kubernetesDeployer(settings);
export const knative = knativeDeployer(settings);
export const byGateway = kubernetesDeployer({
  ...settings,
  targets: { ...settings.targets, gateway: { name: 'main', namespace: 'infra' } },
});
export const withGateway: ReadonlySet<Kind> = new Set([kinds.httpRoute]);
export const withKnative: ReadonlySet<Kind> = new Set([kinds.knativeService, kinds.knativeRevision]);

export function recordFor(spec: CompactSpec, version: number, target: ConcreteTarget = 'kubernetes'): VersionRecord {
  const base: Omit<Version, 'template'> = {
    hash: hashFor(spec, target),
    version,
    build: factsFor(spec),
    spec,
    target,
  };
  const by = target === 'knative' ? knative : deployer;
  return { ...base, keys: [factsFor(spec).key], createdAt: at, template: by.template(owner, base) };
}

export const noChildren: Children = {
  jobs: [],
  pods: [],
  deployments: [],
  services: [],
  ingresses: [],
  autoscalers: [],
  disruptionBudgets: [],
  httpRoutes: [],
  knativeServices: [],
  knativeRevisions: [],
  configMaps: [],
};

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
  /** Kinds with a CRD that the cluster has; none by default. */
  served?: ReadonlySet<Kind>;
}

export function worldOf(given: Given = {}): World {
  const { generation = 1, status, annotations } = given;
  const metadata = { ...owner, generation, resourceVersion: '1', ...(annotations && { annotations }) };
  return {
    artifact: { apiVersion, kind: 'Artifact', metadata, spec: given.spec ?? fileSpec(), ...(status && { status }) },
    namespace: { metadata: { name: owner.namespace, labels: given.namespaceLabels ?? { 'vibed.dev/owner': 'alice' } } },
    children: { ...noChildren, ...given.children },
    versions: given.versions ?? [],
    answers: new Map(Object.entries(given.answers ?? {}).map(([id, value]) => [id, { at, value }])),
    targets: targetsOf(given.served ?? new Set()),
    served: given.served ?? new Set(),
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
  deployers: new Map([knative, deployer].map(d => [d.target, d])),
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

export function podFor(spec: CompactSpec, status: Pod['status'], target: ConcreteTarget = 'kubernetes'): Pod {
  const hash = hashFor(spec, target);
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

/** An HTTPRoute of the second generation; the Gateway has said these conditions of the first or the second. */
export const httpRouteSaying = (conditions: Record<string, string>, observedGeneration = 2): HttpRoute => ({
  metadata: { name: 'todo', namespace: owner.namespace, uid: 'route', generation: 2, labels: identityLabels(owner) },
  status: {
    parents: [
      { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status, observedGeneration })) },
    ],
  },
});
export const accepted = { Accepted: 'True', ResolvedRefs: 'True' };

export const revisionName = (spec: CompactSpec) => names.knativeRevision(owner, hashFor(spec, 'knative'));

/** A Revision; without conditions it has just been made. */
export function revisionFor(
  spec: CompactSpec,
  conditions: KnativeCondition[] = [],
  observedGeneration = 1,
): KnativeRevision {
  const hash = hashFor(spec, 'knative');
  return {
    metadata: {
      name: revisionName(spec),
      namespace: owner.namespace,
      uid: `rev-${hash}`,
      generation: 1,
      labels: { ...identityLabels(owner), [versionLabel]: hash },
    },
    status: { observedGeneration, conditions },
  };
}
export const revisionReady: KnativeCondition[] = [{ type: 'Ready', status: 'True' }];

/** A Knative Service whose template is `template`'s, and whose Route has taken this traffic. */
export function knativeServiceFor(
  template: CompactSpec,
  traffic: TrafficTarget[] = [],
  conditions: KnativeCondition[] = [{ type: 'RoutesReady', status: 'True' }],
  observedGeneration = 1,
): KnativeService {
  return {
    metadata: {
      name: names.knativeService(owner),
      namespace: owner.namespace,
      uid: 'ksvc',
      generation: 1,
      labels: identityLabels(owner),
    },
    spec: {
      template: recordFor(template, 1, 'knative').template as RevisionTemplate,
      traffic,
    },
    status: { observedGeneration, conditions, traffic, url: 'http://todo-2c15e910.apps.example.com' },
  };
}

export const trafficTo = (spec: CompactSpec, version: number, percent: number): TrafficTarget => ({
  revisionName: revisionName(spec),
  percent,
  tag: `v${version}`,
  url: `http://v${version}-todo-2c15e910.apps.example.com`,
});

/** The status of a version that serves. */
export function servingStatus(
  spec: CompactSpec,
  version: number,
  target: ConcreteTarget = 'kubernetes',
): ArtifactStatus {
  const facts = factsFor(spec);
  const hash = hashFor(spec, target);
  return {
    build: facts,
    target,
    desired: { version, hash },
    serving: { version, hash, image: facts.image ?? '', since: at },
  };
}
