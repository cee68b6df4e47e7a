// What runs beside Kubernetes, as plain processes in the namespace: the registry, cluster DNS, the ingress controller, the
// way in (forwarders on loopback) and the only way out (the egress proxy).
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeKubeconfig } from './certificates.ts';
import { clusterObjects } from './cluster-objects.ts';
import { run } from './command.ts';
import { hasKnative, INGRESS_CLASS, KNATIVE_NAMESPACE, type Layout, NET, REGISTRY } from './layout.ts';
import { startNetworkPolicies } from './network-policies.ts';
import type { Ports } from './ports.ts';
import { type Daemon, start, stop, until } from './processes.ts';
import { createRegistryUsers, htpasswdFile } from './registry-users.ts';

const program = (name: string) => join(import.meta.dirname, `${name}.ts`);

/** The three services that loopback reaches, by the socket that carries them. */
const PUBLISHED = {
  ingress: `tcp:${NET.nodeIP}:${NET.ingressPort}`,
  apiserver: `tcp:${NET.nodeIP}:${NET.apiserverPort}`,
  registry: `tcp:${REGISTRY}`,
} as const;

function forwarders(layout: Layout, ports: Ports): readonly [Daemon, Daemon] {
  const socket = (name: string) => `unix:${join(layout.run, `${name}.sock`)}`;
  const names = Object.keys(PUBLISHED) as (keyof typeof PUBLISHED)[];
  const inside = names.flatMap(name => [socket(name), PUBLISHED[name]]);
  const outside = names.flatMap(name => [`tcp:127.0.0.1:${ports[name]}`, socket(name)]);
  const egress = [`tcp:${NET.nodeIP}:${NET.egressPort}`, socket('egress')];
  return [
    { name: 'forward-inside', argv: [process.execPath, program('forward'), ...inside, ...egress] },
    { name: 'forward-outside', argv: [process.execPath, program('forward'), ...outside], inside: false },
  ];
}

function registry(layout: Layout): Daemon {
  const config = join(layout.config, 'registry.json');
  return { name: 'registry', argv: [join(layout.bin, 'docker-registry'), 'serve', config] };
}

const registryConfig = (layout: Layout): object => ({
  version: 0.1,
  log: { level: 'warn', accesslog: { disabled: true } },
  storage: {
    filesystem: { rootdirectory: join(layout.state, 'registry') },
    delete: { enabled: true },
    cache: { blobdescriptor: 'inmemory' },
  },
  auth: { htpasswd: { realm: 'vibed', path: htpasswdFile(layout) } },
  // Locations in its answers are relative: it is reached by two addresses.
  http: { addr: REGISTRY, relativeurls: true },
});

function coredns(layout: Layout): Daemon {
  return { name: 'coredns', argv: [join(layout.bin, 'coredns'), '-conf', join(layout.config, 'Corefile')] };
}

const corefile = (layout: Layout): string => `.:53 {
  bind ${NET.nodeIP}
  errors
  health 127.0.0.1:8082
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(layout.config, 'coredns.kubeconfig')}
    pods verified
    ttl 5
  }
  cache 5
}
`;

/** Without its kinds the provider would only fill the log. */
const KNATIVE_FLAGS: Readonly<Record<string, string>> = {
  'experimental.knative': 'true',
  'entrypoints.web.asdefault': 'true',
  'entrypoints.internal.address': `${NET.nodeIP}:${NET.internalPort}`,
  'providers.knative': 'true',
  'providers.knative.publicentrypoints': 'web',
  'providers.knative.publicservice.name': 'traefik',
  'providers.knative.publicservice.namespace': KNATIVE_NAMESPACE,
  'providers.knative.privateentrypoints': 'internal',
  'providers.knative.privateservice.name': 'traefik-internal',
  'providers.knative.privateservice.namespace': KNATIVE_NAMESPACE,
  // It says that a route is ready this long after it handed the route on.
  'providers.knative.throttleduration': '150ms',
};

function traefik(layout: Layout): Daemon {
  const flags = {
    'entrypoints.web.address': `${NET.nodeIP}:${NET.ingressPort}`,
    'entrypoints.traefik.address': '127.0.0.1:8083',
    ping: 'true',
    'providers.kubernetesingress': 'true',
    'providers.kubernetesingress.ingressclass': INGRESS_CLASS,
    'providers.kubernetesingress.ingressendpoint.ip': NET.nodeIP,
    'providers.kubernetesingress.allowemptyservices': 'true',
    'providers.kubernetesingress.throttleduration': '0s',
    'providers.providersthrottleduration': '100ms',
    'global.checknewversion': 'false',
    'global.sendanonymoususage': 'false',
    'log.level': 'WARN',
    ...(hasKnative(layout) && KNATIVE_FLAGS),
  };
  return {
    name: 'traefik',
    argv: [join(layout.bin, 'traefik'), ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)],
    env: { KUBECONFIG: join(layout.config, 'traefik.kubeconfig') },
  };
}

/** The registry comes before the node, whose sandbox image is in it. */
export async function startRegistry(layout: Layout, ports: Ports): Promise<void> {
  await mkdir(join(layout.state, 'registry'), { recursive: true });
  await mkdir(layout.run, { recursive: true });
  await createRegistryUsers(layout, ports);
  const config = join(layout.config, 'registry.json');
  const text = JSON.stringify(registryConfig(layout));
  // One that an older checkout has started may let everybody in.
  if (existsSync(config) && (await readFile(config, 'utf8')) !== text) await stop(layout, 'registry');
  await writeFile(config, text);
  await start(layout, registry(layout));
  for (const forwarder of forwarders(layout, ports)) await start(layout, forwarder);
  const address = `http://127.0.0.1:${ports.registry}/v2/`;
  const daemons = ['registry', 'forward-inside', 'forward-outside'];
  await until(layout, 'the registry asks for a login', daemons, 30, async () => (await fetch(address)).status === 401);
}

export async function startEgressProxy(layout: Layout, allowed: readonly string[]): Promise<void> {
  await mkdir(layout.run, { recursive: true });
  const list = join(layout.config, 'egress.json');
  await writeFile(list, `${JSON.stringify(allowed, null, 2)}\n`);
  const argv = [process.execPath, program('egress-proxy'), join(layout.run, 'egress.sock'), list] as const;
  await start(layout, { name: 'egress-proxy', argv, inside: false });
}

export async function startAddons(layout: Layout, ports: Ports): Promise<void> {
  await writeFile(join(layout.config, 'Corefile'), corefile(layout));
  await writeKubeconfig(layout, 'admin', `https://127.0.0.1:${ports.apiserver}`, layout.kubeconfig);
  const kubectl = join(layout.bin, 'kubectl');
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=vibed-cluster', '-f', '-'];
  await run([kubectl, `--kubeconfig=${layout.kubeconfig}`, ...apply], {
    input: JSON.stringify(clusterObjects(layout)),
  });
  await startNetworkPolicies(layout);
  await start(layout, coredns(layout));
  const inside = (url: string) => run(['nsenter', `--net=${layout.netns}`, '--', process.execPath, '-e', probe(url)]);
  await until(layout, 'cluster DNS is ready', ['coredns'], 60, async () =>
    Boolean(await inside('http://127.0.0.1:8181/ready')),
  );
  await startTraefik(layout, ports);
}

/** With the flags that are right now. */
export async function restartTraefik(layout: Layout, ports: Ports): Promise<void> {
  await stop(layout, 'traefik');
  await startTraefik(layout, ports);
}

async function startTraefik(layout: Layout, ports: Ports): Promise<void> {
  await start(layout, traefik(layout));
  await until(layout, 'the ingress answers', ['traefik'], 60, () => ingressAnswers(ports));
}

/** Any answer will do: without an Ingress for the host it is a 404. */
export async function ingressAnswers(ports: Ports): Promise<boolean> {
  await fetch(`http://127.0.0.1:${ports.ingress}/`, { signal: AbortSignal.timeout(5_000) });
  return true;
}

const probe = (url: string): string =>
  `const answer = await fetch('${url}'); if (!answer.ok) process.exit(1); console.log(await answer.text());`;
