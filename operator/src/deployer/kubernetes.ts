// A Deployment per version, one Service whose selector says which of them gets the traffic, one Ingress.
//
//   Ingress <name> ─▶ Service <name> ─selector vibed.dev/version-hash─▶ Deployment <name>-<hash of serving version>
//                                                                        Deployment <name>-<hash of the next one>
import { kinds } from '@vibed/store/kube';
import { identityLabels, type Owner, ownerReference, versionLabel } from '../artifact/identity.ts';
import { clusterUrlOf, hostOf, names, urlOf } from '../artifact/names.ts';
import type { Stale } from '../artifact/outcome.ts';
import type { Children, Deployment, Ingress, Service } from '../artifact/world.ts';
import type { Settings } from '../settings.ts';
import { appPodTemplate, type PodTemplate } from './app-pod.ts';
import { type Deployer, type Exposure, portOf, type Readiness, type Version } from './deployer.ts';
import { isReady, problemOf, pullProblemOf } from './pod-problems.ts';

const defaultStartupSeconds = 120;

export function kubernetesDeployer(settings: Settings): Deployer {
  return {
    target: 'kubernetes',
    kinds: [kinds.deployment, kinds.service, kinds.ingress],
    rights: [
      {
        apiGroups: ['apps'],
        resources: ['deployments'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      },
      {
        apiGroups: [''],
        resources: ['services'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      },
      {
        apiGroups: ['networking.k8s.io'],
        resources: ['ingresses'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      },
    ],
    template: (owner, version) => appPodTemplate(version, workloadLabels(owner, version.hash), settings),
    workload: (owner, version) => [{ kind: kinds.deployment, object: deployment(owner, version) }],
    route: (owner, version, exposure) => [
      { kind: kinds.service, object: service(owner, version.hash) },
      ...(exposure.public ? [{ kind: kinds.ingress, object: ingress(owner, settings) }] : []),
    ],
    readiness,
    routeProbe: (owner, children, version, exposure) => routeProbe(owner, children, version, exposure, settings),
    url: (owner, exposure) => (exposure.public ? urlOf(owner, settings.apps) : clusterUrlOf(owner)),
    others: (children, keep) =>
      children.deployments
        .filter(d => !keep.includes(d.metadata.labels?.[versionLabel] ?? ''))
        .map(object => ({ kind: kinds.deployment, object })),
    all,
  };
}

const workloadLabels = (owner: Owner, hash: string) => ({
  ...identityLabels(owner),
  'app.kubernetes.io/name': owner.name,
  [versionLabel]: hash,
});

const child = (owner: Owner, name: string, labels: Record<string, string>) => ({
  name,
  namespace: owner.namespace,
  labels,
  ownerReferences: [ownerReference(owner)],
});

function deployment(owner: Owner, version: Version): Deployment {
  const { run } = version.spec;
  const labels = workloadLabels(owner, version.hash);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: child(owner, names.workload(owner, version.hash), labels),
    spec: {
      replicas: Math.max(1, run?.scale?.min ?? 1),
      revisionHistoryLimit: 0,
      progressDeadlineSeconds: Math.max(2, secondsOf(run?.health?.startupTimeout) ?? defaultStartupSeconds),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selector(owner, version.hash) },
      template: version.template as PodTemplate,
    },
  };
}

const selector = (owner: Owner, hash: string) => ({
  'vibed.dev/artifact-uid': owner.uid,
  [versionLabel]: hash,
});

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

/** Seconds of `90s`, `10m` or `1h`; undefined for undefined. */
export function secondsOf(duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const unit = { s: 1, m: 60, h: 3600 }[duration.slice(-1)] ?? 1;
  return Number.parseInt(duration, 10) * unit;
}

/** One message from the wish to the first ready pod: every change of words is a write. */
const starting: Readiness = { state: 'progressing', message: 'the app is starting' };

function readiness(children: Children, version: Version): Readiness {
  const live = children.deployments.find(d => d.metadata.labels?.[versionLabel] === version.hash);
  if (live === undefined || (live.status?.observedGeneration ?? 0) < (live.metadata.generation ?? 0)) return starting;
  const pods = children.pods.filter(p => p.metadata.labels?.[versionLabel] === version.hash);
  const ready = pods.find(isReady);
  if (ready?.status?.podIP !== undefined) {
    const address = `${ready.status.podIP.includes(':') ? `[${ready.status.podIP}]` : ready.status.podIP}:${portOf(version.spec, version.build)}`;
    return { state: 'ready', pod: ready, probe: { address, host: 'localhost', scheme: 'http', ...pathOf(version) } };
  }
  const problem = problemOf(pods) ?? refusedPods(live) ?? overdue(live, pods, version);
  return problem === undefined ? starting : { state: 'failed', ...problem };
}

const pathOf = ({ spec }: Version) => {
  const path = spec.run?.health?.path;
  return { path: path ?? '/', strict: path !== undefined };
};

type Problem = Omit<Extract<Readiness, { state: 'failed' }>, 'state'>;

const conditionOf = (live: Deployment, type: string) => live.status?.conditions?.find(c => c.type === type);

function refusedPods(live: Deployment): Problem | undefined {
  const refused = conditionOf(live, 'ReplicaFailure');
  if (refused?.status !== 'True') return undefined;
  const message = (refused.message ?? '').slice(0, 400);
  if (/exceeded quota/.test(message))
    return {
      reason: 'QuotaExceeded',
      message: `the namespace has no room for the app: ${message.replace(/^pods "[^"]*" is forbidden: /, '')}`,
      remedy: 'Ask for less in spec.run.resources, delete or suspend other artifacts, or have the quota raised.',
    };
  return {
    reason: 'PodRefused',
    message,
    remedy: 'A policy of this cluster refuses the pod; its message says what to change.',
  };
}

function overdue(live: Deployment, pods: Children['pods'], version: Version): Problem | undefined {
  const progressing = conditionOf(live, 'Progressing');
  if (progressing?.status !== 'False' || progressing.reason !== 'ProgressDeadlineExceeded') return undefined;
  const unpulled = pullProblemOf(pods);
  if (unpulled !== undefined) return unpulled;
  const pod = pods.find(p => p.metadata.deletionTimestamp === undefined);
  const running = pod?.status?.containerStatuses?.some(s => s.state?.running !== undefined);
  const unschedulable = pod?.status?.conditions?.find(c => c.type === 'PodScheduled' && c.status === 'False');
  return {
    reason: 'StartTimeout',
    message: unschedulable
      ? `no node has room for the app: ${unschedulable.message ?? ''}`.slice(0, 400)
      : `the app did not take connections on port ${portOf(version.spec, version.build)} within its start-up time`,
    remedy: unschedulable
      ? 'Ask for less in spec.run.resources, or add capacity to the cluster.'
      : 'Let it listen on the port in $PORT at 0.0.0.0, or set spec.run.port; a slow start needs a longer spec.run.health.startupTimeout.',
    ...(pod && running && { log: { pod, container: 'app', previous: false } }),
  };
}

function routeProbe(owner: Owner, children: Children, version: Version, exposure: Exposure, { apps }: Settings) {
  const live = children.services.find(s => s.metadata.name === names.service(owner));
  if (live?.spec?.selector?.[versionLabel] !== version.hash) return undefined;
  if (!exposure.public)
    return {
      address: `${names.service(owner)}.${owner.namespace}.svc:80`,
      host: `${owner.name}.${owner.namespace}.svc`,
      scheme: 'http',
      ...pathOf(version),
    } as const;
  if (!children.ingresses.some(i => i.metadata.name === names.ingress(owner))) return undefined;
  return { address: apps.probeVia, host: hostOf(owner, apps), scheme: apps.scheme, ...pathOf(version) };
}

function all(children: Children): Stale[] {
  return [
    ...children.ingresses.map(object => ({ kind: kinds.ingress, object })),
    ...children.services.map(object => ({ kind: kinds.service, object })),
    ...children.deployments.map(object => ({ kind: kinds.deployment, object })),
  ];
}
