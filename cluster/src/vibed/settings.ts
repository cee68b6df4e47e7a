// The settings document: of this checkout's cluster from what that says of itself, of a given cluster from what its owner
// says and what can be found in it.
import { settingsSchema } from '../../../operator/src/settings.ts';
import type { Environment } from '../environment.ts';
import { APPS_DOMAIN, NET } from '../layout.ts';
import type { Tree } from './config.ts';

export const PUSH_SECRET = 'vibed-registry';

/** Of the end-to-end tests (e2e/lib/git-server.ts): a Service `git` in a namespace of each test. */
const GIT_SERVER = { hosts: 'git.*.svc', port: 8080 } as const;

const repositories = { node: 'node', python: 'python', go: 'golang' } as const;

/** The versions of each language that this cluster has an image of, in their order; a source that asks for another is refused. */
function basesOf(images: readonly string[]): Tree {
  const lists = Object.entries(repositories).map(([language, repository]) => {
    const tags = images
      .filter(name => name.startsWith(`${repository}:`))
      .map(name => name.slice(repository.length + 1));
    const base = (tag: string) => ({
      version: tag.split('-')[0],
      image: `docker.io/library/${repository}:${tag}`,
    });
    return [language, tags.map(base)] as const;
  });
  return Object.fromEntries(lists.filter(([, list]) => list.length > 0));
}

export function settingsFor(env: Environment) {
  return {
    // CoreDNS and the ingress controller are processes of the node.
    network: { dns: { cidrs: [`${env.nodeIP}/32`] } },
    tenants: { egress: { allow: [{ cidr: `${env.nodeIP}/32`, ports: [NET.ingressPort] }] } },
    apps: {
      domain: APPS_DOMAIN,
      scheme: 'http',
      externalPort: env.ingress.loopbackPort,
      ingressClass: env.ingress.class,
      probeVia: env.ingress.address,
    },
    registry: { push: `http://${env.registry}`, pull: env.registry, pushSecret: PUSH_SECRET },
    builds: {
      image: env.images.buildah,
      parallel: 2,
      parallelPerOwner: 2,
      bases: basesOf(env.images.base),
      // Packages come by the proxy; the git server of the end-to-end tests is a pod.
      egress: { internet: false, allow: [{ cidr: NET.podCIDR, ports: [GIT_SERVER.port] }] },
      baseRegistries: { 'docker.io': { url: `http://${env.registry}`, withLogin: true } },
      network: {
        httpProxy: env.egress.proxy,
        httpsProxy: env.egress.proxy,
        noProxy: env.egress.noProxy.join(','),
        npmRegistry: env.packages.npmRegistry,
        pipIndexUrl: env.packages.pipIndexUrl,
        goProxy: env.packages.goProxy,
        goSumDb: env.packages.goSumDB,
        cargoIndex: env.packages.cargoIndex,
      },
    },
    api: { publicUrl: `http://vibed.localhost:${env.ingress.loopbackPort}` },
    // The git server of the end-to-end tests speaks plain http inside the cluster.
    sources: { gitSchemes: ['https', 'http'], gitAllowPrivate: [GIT_SERVER.hosts] },
  };
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Later trees win, field by field; lists are taken whole. */
export function merged(...trees: readonly Tree[]): Tree {
  return trees.reduce(laidOver, {});
}

function laidOver(below: Tree, above: Tree): Tree {
  const result: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = below[name];
    result[name] = isTree(under) && isTree(value) ? laidOver(under, value) : value;
  }
  return result;
}

/** The api-server is the host `vibed` beside the apps. */
export function apiBelow(settings: Tree): { publicUrl?: string } {
  const apps = (settings.apps ?? {}) as { domain?: string; scheme?: string; externalPort?: number };
  if (apps.domain === undefined) return {};
  const port = apps.externalPort === undefined ? '' : `:${apps.externalPort}`;
  return { publicUrl: `${apps.scheme ?? 'http'}://vibed.${apps.domain}${port}` };
}

/** What to say when a field without a default is known from nowhere. */
export const REMEDIES = {
  'registry.push': 'VIBED_REGISTRY=https://registry.example.com: where build pods push to and nodes pull from',
  'apps.domain': 'VIBED_DOMAIN=apps.example.com: a domain whose names all lead to the ingress',
  'apps.probeVia': 'VIBED_INGRESS_ADDRESS=host:port: the ingress controller as pods reach it (no known one was found)',
} as const satisfies Readonly<Record<string, string>>;

/** One line per field that is missing or wrong. */
export function problemsOf(settings: Tree): readonly string[] {
  const parsed = settingsSchema.safeParse(merged({ apps: {}, registry: {}, builds: {} }, settings));
  if (parsed.success) return [];
  const paths = new Map(parsed.error.issues.map(({ path, message }) => [path.join('.'), message]));
  if (paths.has('registry.push')) paths.delete('registry.pull');
  return [...paths].map(
    ([path, message]) => (REMEDIES as Readonly<Record<string, string>>)[path] ?? `settings: ${path}: ${message}`,
  );
}
