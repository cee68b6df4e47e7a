// One Knative Service per Artifact; a version is a Revision of it, and traffic is a list of Revisions.
//
//   host <name>-<8 hex>.<domain> ────100 %──▶ Revision <name>-<8 hex>-<hash of serving version>   (sleeps when nobody asks)
//   host v<N>-<name>-<8 hex>.<domain> ─0 %──▶ Revision of version N: its own URL, and where a new one is asked first
//
// Knative routes nothing while one Revision in the list is not ready, so only ready ones are in it. The template is that of the
// version whose Revision had to be made last: going back to one that exists changes `traffic` alone.
import { kinds } from '@vibed/store/kube';
import { identityLabels, type Owner, ownerReference } from '../artifact/identity.ts';
import { names } from '../artifact/names.ts';
import type { Child, Stale } from '../artifact/outcome.ts';
import type { Children } from '../artifact/world.ts';
import type { Settings } from '../settings.ts';
import { appContainerOf, appPod, workloadLabels } from './app-pod.ts';
import { type Deployer, portOf, type Rule, startupSeconds, type Version, type Wish } from './deployer.ts';
import {
  isReadyRevision,
  type KnativeRevision,
  type KnativeService,
  type RevisionTemplate,
  type TrafficTarget,
} from './knative-objects.ts';
import { knativeReadiness, knativeRouteProbe, knativeUrl, serviceOf } from './knative-readiness.ts';

const clusterLocal = { 'networking.knative.dev/visibility': 'cluster-local' };

export function knativeDeployer(settings: Settings): Deployer {
  return {
    target: 'knative',
    rights: [
      rule('services', ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']),
      rule('revisions', ['get', 'list', 'watch', 'delete']),
    ],
    template: (owner, version) => template(owner, version, settings),
    desired: (owner, wish, children) => desired(owner, wish, children),
    surplus: (owner, wish, children) => surplus(owner, wish, children),
    readiness: (owner, children, version) => knativeReadiness(owner, children, version, settings),
    routeProbe: (owner, children, version) => knativeRouteProbe(owner, children, version, settings),
    url: (owner, children, exposure) => knativeUrl(owner, children, exposure, settings),
  };
}

const rule = (resource: string, verbs: readonly string[]): Rule => ({
  apiGroups: ['serving.knative.dev'],
  resources: [resource],
  verbs,
});

/** The name a version has among a Knative Service's traffic. */
const tagOf = ({ version }: Pick<Version, 'version'>): string => `v${version}`;

function template(owner: Owner, version: Omit<Version, 'template'>, settings: Settings): RevisionTemplate {
  const { spec, build } = version;
  const { scale, health } = spec.run ?? {};
  const port = portOf(spec, build);
  return {
    metadata: {
      name: names.knativeRevision(owner, version.hash),
      labels: workloadLabels(owner, version.hash),
      annotations: {
        'autoscaling.knative.dev/min-scale': String(scale?.min ?? 0),
        ...(scale?.max !== undefined && { 'autoscaling.knative.dev/max-scale': String(scale.max) }),
        ...(scale?.scaleDownDelay !== undefined && {
          'autoscaling.knative.dev/scale-down-delay': scale.scaleDownDelay,
        }),
        'serving.knative.dev/progress-deadline': `${startupSeconds(version)}s`,
        // Without a tag nothing but this keeps a version's Revision from Knative's garbage collection.
        'serving.knative.dev/no-gc': 'true',
        ...queueProxy(settings),
      },
    },
    spec: {
      ...appPod(version),
      timeoutSeconds: settings.targets.knative.requestSeconds,
      ...(scale?.concurrency !== undefined && { containerConcurrency: scale.concurrency }),
      containers: [
        {
          // Knative sets PORT itself, and refuses one that is set.
          ...appContainerOf(version, settings, []),
          ports: [{ containerPort: port, protocol: 'TCP' }],
          ...(health?.path && { readinessProbe: { httpGet: { path: health.path } } }),
        },
      ],
    },
  };
}

/** The quota of a tenant namespace wants to know what each container takes, and by itself the sidecar does not say. */
function queueProxy({ targets }: Settings): Record<string, string> {
  const { cpu, memory } = targets.knative.queueProxy;
  const key = (what: string) => `queue.sidecar.serving.knative.dev/${what}`;
  return {
    [key('cpu-resource-request')]: cpu,
    [key('memory-resource-request')]: memory,
    [key('memory-resource-limit')]: memory,
  };
}

function desired(owner: Owner, wish: Wish, children: Children): Child[] {
  const [first] = wish.run;
  if (first === undefined) return [];
  const object: KnativeService = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: {
      name: names.knativeService(owner),
      namespace: owner.namespace,
      labels: { ...identityLabels(owner), ...(!wish.exposure.public && clusterLocal) },
      ownerReferences: [ownerReference(owner)],
    },
    spec: {
      template: templateNow(owner, wish, first, children).template as RevisionTemplate,
      traffic: traffic(owner, wish, first, children),
    },
  };
  return [{ kind: kinds.knativeService, object, onto: live => withMadeTemplate(object, live, children) }];
}

/**
 * Knative fills defaults into a new template, and refuses any other one under the same name, also one that lacks them. So what it has
 * made of a template is sent back.
 */
function withMadeTemplate(wish: KnativeService, live: KnativeService, children: Children): KnativeService {
  const template = wish.spec?.template;
  const name = template?.metadata?.name;
  const asked = live.spec?.template;
  if (template === undefined) return wish;
  if (asked?.metadata?.name === name) return { ...wish, spec: { ...wish.spec, template: asked as RevisionTemplate } };
  const made = children.knativeRevisions.find(r => r.metadata.name === name)?.spec;
  return made === undefined ? wish : { ...wish, spec: { ...wish.spec, template: { ...template, spec: made } } };
}

const revisionOf = (owner: Owner, children: Children, { hash }: Version): KnativeRevision | undefined =>
  children.knativeRevisions.find(
    r => r.metadata.name === names.knativeRevision(owner, hash) && r.metadata.deletionTimestamp === undefined,
  );

/** The version whose Revision has to be made; else the one that was, as long as it is of use: a Revision is let go of by its successor. */
function templateNow(owner: Owner, wish: Wish, first: Version, children: Children): Version {
  const missing = wish.run.find(version => revisionOf(owner, children, version) === undefined);
  if (missing !== undefined) return missing;
  const live = serviceOf(owner, children)?.spec?.template?.metadata?.name;
  const made = [...wish.run, ...wish.recorded].find(v => names.knativeRevision(owner, v.hash) === live);
  const isOfUse = made !== undefined && (wish.run.includes(made) || isReadyRevision(revisionOf(owner, children, made)));
  return isOfUse ? made : first;
}

function traffic(owner: Owner, wish: Wish, first: Version, children: Children): TrafficTarget[] {
  const isReady = (version: Version) => isReadyRevision(revisionOf(owner, children, version));
  const wanted = wish.traffic ?? first;
  // A Revision that can't serve would keep Knative from routing anything at all, also to the one that is to mend it.
  const main = isReady(wanted) ? wanted : (wish.run.find(isReady) ?? wanted);
  const others = [...wish.recorded.filter(sleeps), ...wish.run].filter(v => v.hash !== main.hash && isReady(v));
  const entry = (version: Version, percent: number): TrafficTarget => ({
    revisionName: names.knativeRevision(owner, version.hash),
    percent,
    tag: tagOf(version),
  });
  const unique = [...new Map(others.map(v => [v.hash, v])).values()].sort((a, b) => a.version - b.version);
  return [entry(main, 100), ...unique.map(v => entry(v, 0))];
}

/** Whatever has a route is kept at its least scale: with one above zero, old versions would go on running. */
const sleeps = ({ spec }: Version): boolean => (spec.run?.scale?.min ?? 0) === 0;

/**
 * Without a version to run, everything; else Revisions that nothing names and that either failed (Knative would let them crash until
 * their deadline) or whose version is forgotten. Should one be missed later, it is made again from its record.
 */
function surplus(owner: Owner, wish: Wish, children: Children): Stale[] {
  const service = serviceOf(owner, children);
  if (wish.run.length === 0) return children.knativeServices.map(object => ({ kind: kinds.knativeService, object }));
  const named = new Set([
    service?.spec?.template?.metadata?.name,
    ...(service?.spec?.traffic ?? []).map(t => t.revisionName),
    ...wish.run.map(v => names.knativeRevision(owner, v.hash)),
  ]);
  const kept = new Set(wish.recorded.map(v => names.knativeRevision(owner, v.hash)));
  const isOver = (revision: KnativeRevision) =>
    !named.has(revision.metadata.name) && !(kept.has(revision.metadata.name) && isReadyRevision(revision));
  return children.knativeRevisions.filter(isOver).map(object => ({ kind: kinds.knativeRevision, object }));
}
