// The NetworkPolicies of an installation. What no rule names is refused, in both directions:
//
//   a workspace        in: the ingress controller, vibeD, Knative, itself      out: DNS, itself, the internet
//   where builds run   in: nobody                                              out: DNS, registries, proxies, sources, the internet
//   vibeD itself       in: the ingress controller, builds (sources), metrics   out: anything
//
// A policy does not hold between a pod and its own node, so probes of the kubelet pass. vibeD's own way out stays open: what
// its processes connect to is decided by the settings, and the address of the kube-apiserver is not known to a policy.

import { isIP } from 'node:net';
import type {
  V1NetworkPolicy,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
  V1NetworkPolicySpec,
} from '@kubernetes/client-node';
import type { Typed, Wire } from '@vibed/store/kube';
import type { Allowed, Settings } from '../settings.ts';
import { isIpv6Range, notPublic } from './addresses.ts';

type Spec = Wire<V1NetworkPolicySpec>;
type Ingress = NonNullable<Spec['ingress']>[number];
type Egress = NonNullable<Spec['egress']>[number];
type Peer = V1NetworkPolicyPeer;

export const componentLabels = (component: 'operator' | 'api-server') => ({
  'app.kubernetes.io/name': 'vibed',
  'app.kubernetes.io/component': component,
});

/** Ports of vibeD's processes. */
export const ports = { operator: 8081, doors: 8090, health: 8091, sources: 8092, metrics: 8093 } as const;

const namespaceCalled = (name: string): Peer => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const block = (cidr: string, except: readonly string[] = []): Peer => ({
  ipBlock: { cidr, ...(except.length > 0 && { except: [...except] }) },
});
const tcp = (port: number): V1NetworkPolicyPort => ({ protocol: 'TCP', port });
const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** Of every pod in a workspace, also of those that are not vibeD's. */
export function workspacePolicy(settings: Settings): Spec {
  const { systemNamespace, targets, tenants } = settings;
  const itself: Peer = { podSelector: {} };
  const inside = [systemNamespace, targets.knative.namespace].map(namespaceCalled);
  return {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [itself, ...inside, ...ingressPeers(settings)] }],
    egress: [dns(settings), { to: [itself] }, ...wayOut(tenants.egress, settings)],
  };
}

/** The policies that do not belong to a workspace. */
export function installationPolicies(settings: Settings): (Typed<V1NetworkPolicy> & { spec: Spec })[] {
  const { builds, systemNamespace } = settings;
  const policy = (namespace: string, name: string, spec: Spec) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'vibed' } },
    spec,
  });
  return [
    policy(builds.namespace, 'vibed-builds', buildPolicy(settings, [sources(settings)])),
    policy(builds.installNamespace, 'vibed-builds', buildPolicy(settings, [])),
    policy(systemNamespace, 'vibed-operator', into('operator', [metrics(settings, ports.operator)])),
    policy(systemNamespace, 'vibed-api', into('api-server', apiServerIngress(settings))),
  ];
}

function buildPolicy(settings: Settings, more: readonly Egress[]): Spec {
  const out = [...more, ...servers(settings), ...wayOut(settings.builds.egress, settings)];
  return { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [dns(settings), ...out] };
}

function into(component: 'operator' | 'api-server', rules: readonly Ingress[]): Spec {
  // A rule without peers would let everybody in.
  const ingress = rules.filter(({ from }) => (from ?? []).length > 0);
  return {
    podSelector: { matchLabels: componentLabels(component) },
    policyTypes: ['Ingress'],
    ...(ingress.length > 0 && { ingress }),
  };
}

function apiServerIngress(settings: Settings): Ingress[] {
  const operator: Peer = { podSelector: { matchLabels: componentLabels('operator') } };
  return [
    { from: ingressPeers(settings), ports: [tcp(ports.doors)] },
    { from: [operator, namespaceCalled(settings.builds.namespace)], ports: [tcp(ports.sources)] },
    metrics(settings, ports.metrics),
  ];
}

const metrics = ({ network }: Settings, port: number): Ingress => ({
  from: network.metricsNamespaces.map(namespaceCalled),
  ports: [tcp(port)],
});

/** What requests from outside come from. A controller that is a process of the pod's own node needs no rule. */
function ingressPeers({ apps, targets, tenants }: Settings): Peer[] {
  const named = [apps.probeVia, targets.knative.probeVia].flatMap(address => namespaceIn(address ?? ''));
  const gateway = targets.gateway === undefined ? [] : [targets.gateway.namespace];
  const namespaces = unique([...tenants.ingressNamespaces, ...named, ...gateway]);
  return [...namespaces.map(namespaceCalled), ...tenants.ingressCidrs.map(cidr => block(cidr))];
}

/** The namespace in `service.namespace.svc:port`. */
function namespaceIn(address: string): string[] {
  const [, namespace] = /^[^.:/]+\.([^.:/]+)\.svc(?:[.:]|$)/.exec(address) ?? [];
  return namespace === undefined ? [] : [namespace];
}

function dns({ network: { dns: resolver } }: Settings): Egress {
  const pods = { ...namespaceCalled(resolver.namespace), podSelector: { matchLabels: resolver.podLabels } };
  const port = resolver.port;
  return {
    to: [pods, ...resolver.cidrs.map(cidr => block(cidr))],
    ports: [
      { protocol: 'UDP', port },
      { protocol: 'TCP', port },
    ],
  };
}

const sources = ({ systemNamespace }: Settings): Egress => ({
  to: [{ ...namespaceCalled(systemNamespace), podSelector: { matchLabels: componentLabels('api-server') } }],
  ports: [tcp(ports.sources)],
});

/** The internet, where the settings allow it, and the addresses that they name. */
function wayOut({ internet, allow }: Settings['tenants']['egress'], { network }: Settings): Egress[] {
  const internal = (isWanted: (cidr: string) => boolean) => network.internalRanges.filter(isWanted);
  const everywhere: Egress = {
    to: [
      block('0.0.0.0/0', [...notPublic.ipv4, ...internal(cidr => !isIpv6Range(cidr))]),
      block('::/0', [...notPublic.ipv6, ...internal(isIpv6Range)]),
    ],
  };
  return [...(internet ? [everywhere] : []), ...allow.map(allowed)];
}

const allowed = ({ cidr, ports: only }: Allowed): Egress => ({
  to: [block(cidr)],
  ...(only !== undefined && { ports: only.map(tcp) }),
});

/** Servers that builds are given by URL, as far as a policy can name them: by an address, or as a Service of the cluster. */
function servers({ builds, registry }: Settings): Egress[] {
  const { httpProxy, httpsProxy, npmRegistry, pipIndexUrl, goProxy, cargoIndex } = builds.network;
  const bases = Object.values(builds.baseRegistries).map(({ url }) => url);
  const given = [registry.push, ...bases, httpProxy, httpsProxy, npmRegistry, pipIndexUrl, goProxy, cargoIndex];
  // GOPROXY is a list, and cargo has its own prefix.
  const urls = given.flatMap(text => (text ?? '').split(/[,|]/)).map(text => text.replace(/^sparse\+/, ''));
  const rules = unique(urls).flatMap(text => (URL.canParse(text) ? server(new URL(text)) : []));
  return [...new Map(rules.map(rule => [JSON.stringify(rule), rule])).values()];
}

function server({ host, hostname, port, protocol }: URL): Egress[] {
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family !== 0)
    return [
      { to: [block(`${address}/${family === 4 ? 32 : 128}`)], ports: [tcp(Number(port) || defaultPort(protocol))] },
    ];
  // The port of a Service is not that of its pods, which is the one that counts.
  return namespaceIn(host).map(namespace => ({ to: [namespaceCalled(namespace)] }));
}

const defaultPort = (protocol: string): number => (protocol === 'https:' ? 443 : 80);
