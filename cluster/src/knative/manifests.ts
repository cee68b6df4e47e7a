// Knative's own manifests, made to fit one small node: images under their names in the registry, single replicas with
// small requests, and the settings that this cluster has an opinion on. Everything else stays as it is released.
import { parseAllDocuments } from 'yaml';
import { APPS_DOMAIN, type Layout, KNATIVE_NAMESPACE as NAMESPACE, NET, REGISTRY } from '../layout.ts';
import { PINNED } from '../pinned.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** As recipes name it: without `docker.io/`. */
export const imageName = (program: string): string => `vibed/knative-${program}:${PINNED.knative}`;

const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'config-network': {
    'ingress-class': 'traefik.ingress.networking.knative.dev',
    // An app has the host it would have without Knative, as docs/targets.md asks of every cluster.
    'domain-template':
      '{{if eq (index .Labels "app.kubernetes.io/managed-by") "vibed"}}{{.Name}}.{{.Domain}}' +
      '{{else}}{{.Name}}.{{.Namespace}}.{{.Domain}}{{end}}',
  },
  'config-domain': { [APPS_DOMAIN]: '' },
  // Names are answered by a registry without TLS that the controller would have to ask with it.
  'config-deployment': { 'registries-skipping-tag-resolving': `${REGISTRY},docker.io,index.docker.io` },
  // Idle apps are gone in seconds, where a release waits a minute and a half.
  'config-autoscaler': { 'stable-window': '10s', 'scale-to-zero-grace-period': '10s' },
  // A version that can be gone back to is a revision that must stay.
  'config-gc': {
    'retain-since-create-time': 'disabled',
    'retain-since-last-active-time': 'disabled',
    'max-non-active-revisions': 'disabled',
  },
  // Kubernetes' own periods: after a stop the leases of the ended pods would keep the new ones waiting for a minute.
  'config-leader-election': { 'lease-duration': '15s', 'renew-deadline': '10s', 'retry-period': '2s' },
};

/** There are no metrics to scale by, one node to drain, and no TLS inside the cluster. */
const LEFT_OUT = ['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Certificate'];

/** All objects of Knative Serving; CRDs first, and none twice. */
export function manifestsIn(released: string, layout: Layout): readonly Manifest[] {
  const text = released
    .replaceAll(/ko:\/\/knative\.dev\/serving\/cmd\/(\w+)/g, (_, program: string) => `docker.io/${imageName(program)}`)
    .replaceAll('app.kubernetes.io/version: devel', `app.kubernetes.io/version: "${PINNED.knative}"`);
  const objects = parseAllDocuments(text)
    .map(document => document.toJS() as Manifest | null)
    .filter(object => object !== null && !LEFT_OUT.includes(object.kind)) as readonly Manifest[];
  const unique = new Map([...objects, ...ingressServices(layout)].map(object => [idOf(object), fitted(object)]));
  return [...unique.values()].sort((a, b) => rank(a) - rank(b));
}

const idOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

export const isFirst = ({ kind }: Manifest): boolean => kind === 'Namespace' || kind === 'CustomResourceDefinition';
const rank = (object: Manifest): number => (isFirst(object) ? 0 : 1);

function fitted(object: Manifest): Manifest {
  if (object.kind === 'ConfigMap') return withSettings(object);
  if (object.kind === 'Deployment') return small(object);
  if (object.kind === 'Namespace') return restricted(object);
  return object;
}

function withSettings(object: Manifest): Manifest {
  const { _example, ...data } = object.data as Record<string, string>;
  const { annotations: _, ...metadata } = object.metadata; // a checksum of the example
  return { ...object, metadata, data: { ...data, ...SETTINGS[object.metadata.name] } };
}

function restricted(object: Manifest): Manifest {
  const labels = { ...object.metadata.labels, 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { ...object, metadata: { ...object.metadata, labels } };
}

interface Container {
  readonly resources: { readonly limits: object };
}
interface DeploymentSpec {
  readonly template: { readonly spec: { readonly containers: readonly Container[] } };
}

const REQUESTS = { cpu: '10m', memory: '40Mi' };

function small(object: Manifest): Manifest {
  const spec = object.spec as DeploymentSpec;
  const pod = spec.template.spec;
  const containers = pod.containers.map(container => ({
    ...container,
    resources: { ...container.resources, requests: REQUESTS },
  }));
  const template = { ...spec.template, spec: { ...pod, hostUsers: false, containers } };
  return { ...object, spec: { ...spec, replicas: 1, template } };
}

/** Where the cluster's Traefik is for those who ask the cluster: it is a process on the node. */
function ingressServices(layout: Layout): readonly Manifest[] {
  return [['traefik', NET.ingressPort] as const, ['traefik-internal', NET.internalPort] as const].flatMap(
    ([name, port]) => [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: NAMESPACE },
        spec: { ports: [{ name: 'http', port: 80, targetPort: port }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [NET.nodeIP], conditions: { ready: true }, nodeName: layout.name }],
        ports: [{ name: 'http', port }],
      },
    ],
  );
}
