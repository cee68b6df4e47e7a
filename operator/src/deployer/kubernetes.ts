// A Deployment per version, one Service whose selector says which of them gets the traffic, one Ingress (or HTTPRoute).
//
//   Ingress <name> ─▶ Service <name> ─selector vibed.dev/version-hash─▶ Deployment <name>-<hash of serving version>
//                                                                        Deployment <name>-<hash of the next one>
import { kinds } from '@vibed/store/kube';
import { identityLabels, type Owner, ownerReference, versionLabel } from '../artifact/identity.ts';
import { clusterUrlOf, hostOf, names, urlOf } from '../artifact/names.ts';
import type { Child, Stale } from '../artifact/outcome.ts';
import type { Children, Deployment, Ingress, Service } from '../artifact/world.ts';
import type { Settings } from '../settings.ts';
import { appPodTemplate, type PodTemplate, workloadLabels } from './app-pod.ts';
import {
  type Deployer,
  type Exposure,
  portOf,
  questionOf,
  type Readiness,
  type Rule,
  starting,
  startupSeconds,
  trafficMoves,
  type Version,
  type Wish,
} from './deployer.ts';
import { acceptanceAwaited, type HttpRoute, httpRoute, isAccepted } from './http-route.ts';
import { isReady, overdueProblem, type PodProblem, problemOf, refusedPodProblem } from './pod-problems.ts';
import { isElastic, scaleChildren, spreadOf } from './scale.ts';

export function kubernetesDeployer(settings: Settings): Deployer {
  return {
    target: 'kubernetes',
    rights: [
      all('apps', 'deployments'),
      all('', 'services'),
      all('networking.k8s.io', 'ingresses'),
      all('gateway.networking.k8s.io', 'httproutes'),
      all('autoscaling', 'horizontalpodautoscalers'),
      all('policy', 'poddisruptionbudgets'),
    ],
    template: (owner, version) => template(owner, version, settings),
    desired: (owner, wish) => [
      ...wish.run.flatMap(version => workload(owner, version)),
      ...(wish.traffic === undefined ? [] : route(owner, wish.traffic, wish, settings)),
    ],
    surplus: (_owner, wish, children) => surplus(wish, children, settings),
    readiness: (_owner, children, version) => readiness(children, version),
    routeProbe: (owner, children, version, exposure) => routeProbe(owner, children, version, exposure, settings),
    url: (owner, _children, exposure) => (exposure.public ? urlOf(owner, settings.apps) : clusterUrlOf(owner)),
  };
}

const all = (apiGroup: string, resource: string): Rule => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
});

const child = (owner: Owner, name: string, labels: Record<string, string>) => ({
  name,
  namespace: owner.namespace,
  labels,
  ownerReferences: [ownerReference(owner)],
});

const selector = (owner: Owner, hash: string) => ({
  'vibed.dev/artifact-uid': owner.uid,
  [versionLabel]: hash,
});

function template(owner: Owner, version: Omit<Version, 'template'>, settings: Settings): PodTemplate {
  const made = appPodTemplate(version, workloadLabels(owner, version.hash), settings);
  return { ...made, spec: { ...made.spec, ...spreadOf(version, selector(owner, version.hash)) } };
}

function workload(owner: Owner, version: Version): Child[] {
  const labels = workloadLabels(owner, version.hash);
  const metadata = child(owner, names.workload(owner, version.hash), labels);
  return [
    { kind: kinds.deployment, object: deployment(owner, version, metadata) },
    ...scaleChildren(version, metadata, selector(owner, version.hash)),
  ];
}

function deployment(owner: Owner, version: Version, metadata: ReturnType<typeof child>): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      // The autoscaler writes it where there is one.
      ...(!isElastic(version) && { replicas: Math.max(1, version.spec.run?.scale?.min ?? 1) }),
      revisionHistoryLimit: 0,
      progressDeadlineSeconds: startupSeconds(version),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selector(owner, version.hash) },
      template: version.template as PodTemplate,
    },
  };
}

/** HTTPRoutes instead of Ingresses: where a Gateway is named and the cluster has the kind. */
const gatewayFor = ({ served }: Wish, { targets }: Settings) =>
  served.has(kinds.httpRoute) ? targets.gateway : undefined;

function route(owner: Owner, version: Version, wish: Wish, settings: Settings): Child[] {
  const children: Child[] = [{ kind: kinds.service, object: service(owner, version.hash) }];
  if (!wish.exposure.public) return children;
  const gateway = gatewayFor(wish, settings);
  return gateway === undefined
    ? [...children, { kind: kinds.ingress, object: ingress(owner, settings) }]
    : [...children, { kind: kinds.httpRoute, object: httpRoute(owner, gateway, settings) }];
}

function service(owner: Owner, hash: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: child(owner, names.service(owner), identityLabels(owner)),
    spec: {
      type: 'ClusterIP',
      selector: selector(owner, hash),
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

function ingress(owner: Owner, { apps }: Settings): Ingress {
  const host = hostOf(owner, apps);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: child(owner, names.ingress(owner), identityLabels(owner)),
    spec: {
      ...(apps.ingressClass !== undefined && { ingressClassName: apps.ingressClass }),
      ...(apps.tlsSecret !== undefined && { tls: [{ hosts: [host], secretName: apps.tlsSecret }] }),
      rules: [
        {
          host,
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: names.service(owner), port: { name: 'http' } } },
              },
            ],
          },
        },
      ],
    },
  };
}

/** Routes first: what asks must not find a Service gone. A route's successor must be accepted before it goes. */
function surplus(wish: Wish, children: Children, settings: Settings): Stale[] {
  const kept = new Set(wish.run.map(v => v.hash));
  const isOld = (object: Stale['object']) => !kept.has(object.metadata.labels?.[versionLabel] ?? '');
  const isRouted = wish.traffic !== undefined && wish.exposure.public;
  const byGateway = isRouted && gatewayFor(wish, settings) !== undefined;
  const ingresses = isRouted && !(byGateway && children.httpRoutes.some(isAccepted)) ? [] : children.ingresses;
  const httpRoutes = byGateway ? [] : children.httpRoutes;
  const services = wish.traffic === undefined && wish.run.length === 0 ? children.services : [];
  return [
    ...ingresses.map(object => ({ kind: kinds.ingress, object })),
    ...httpRoutes.map(object => ({ kind: kinds.httpRoute, object })),
    ...services.map(object => ({ kind: kinds.service, object })),
    ...children.autoscalers.filter(isOld).map(object => ({ kind: kinds.autoscaler, object })),
    ...children.disruptionBudgets.filter(isOld).map(object => ({ kind: kinds.disruptionBudget, object })),
    ...children.deployments.filter(isOld).map(object => ({ kind: kinds.deployment, object })),
  ];
}

function readiness(children: Children, version: Version): Readiness {
  const live = children.deployments.find(d => d.metadata.labels?.[versionLabel] === version.hash);
  if (live === undefined || (live.status?.observedGeneration ?? 0) < (live.metadata.generation ?? 0)) return starting;
  const pods = children.pods.filter(p => p.metadata.labels?.[versionLabel] === version.hash);
  const ready = pods.find(isReady);
  if (ready?.status?.podIP !== undefined) {
    const address = `${ready.status.podIP.includes(':') ? `[${ready.status.podIP}]` : ready.status.podIP}:${portOf(version.spec, version.build)}`;
    return {
      state: 'ready',
      pod: ready,
      probe: { address, host: 'localhost', scheme: 'http', ...questionOf(version) },
    };
  }
  const problem = problemOf(pods) ?? refusedPods(live) ?? overdue(live, pods, version);
  return problem === undefined ? starting : { state: 'failed', ...problem };
}

const conditionOf = (live: Deployment, type: string) => live.status?.conditions?.find(c => c.type === type);

function refusedPods(live: Deployment): PodProblem | undefined {
  const refused = conditionOf(live, 'ReplicaFailure');
  return refused?.status === 'True' ? refusedPodProblem(refused.message ?? '') : undefined;
}

function overdue(live: Deployment, pods: Children['pods'], version: Version): PodProblem | undefined {
  const progressing = conditionOf(live, 'Progressing');
  if (progressing?.status !== 'False' || progressing.reason !== 'ProgressDeadlineExceeded') return undefined;
  return overdueProblem(pods, portOf(version.spec, version.build));
}

function routeProbe(
  owner: Owner,
  children: Children,
  version: Version,
  exposure: Exposure,
  { apps }: Settings,
): ReturnType<Deployer['routeProbe']> {
  const live = children.services.find(s => s.metadata.name === names.service(owner));
  if (live?.spec?.selector?.[versionLabel] !== version.hash) return trafficMoves;
  if (!exposure.public)
    return {
      address: `${names.service(owner)}.${owner.namespace}.svc:80`,
      host: `${owner.name}.${owner.namespace}.svc`,
      scheme: 'http',
      ...questionOf(version),
    };
  const isOurs = (route: Ingress | HttpRoute) => route.metadata.name === names.ingress(owner);
  const httpRoute = children.httpRoutes.find(isOurs);
  if (httpRoute === undefined && !children.ingresses.some(isOurs)) return trafficMoves;
  if (httpRoute !== undefined && !isAccepted(httpRoute)) return { awaits: acceptanceAwaited(httpRoute) };
  const route = { address: apps.probeVia, host: hostOf(owner, apps), scheme: apps.scheme, routed: true };
  return { ...route, ...questionOf(version) };
}
