// What can be read off a cluster: the class and address of its ingress, whether it is on this machine, and the settings
// of a vibeD that is there already.
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { Tree } from './config.ts';
import type { Kubectl } from './kubectl.ts';

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
export interface IngressClass {
  readonly metadata: Meta;
}
export interface Service {
  readonly metadata: Meta;
  readonly spec: { readonly type?: string; readonly ports?: readonly { readonly port: number }[] };
}
interface Ingress {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { ip?: string; hostname?: string }[] } };
}

const DEFAULT = 'ingressclass.kubernetes.io/is-default-class';

/** The default class, or the only one. */
export function chosenClass(classes: readonly IngressClass[]): string | undefined {
  const marked = classes.filter(({ metadata }) => metadata.annotations?.[DEFAULT] === 'true');
  const chosen = marked.length > 0 ? marked : classes;
  return chosen.length === 1 ? chosen[0]?.metadata.name : undefined;
}

/** Names under which the usual controllers install themselves (label app.kubernetes.io/name, or the Service's name). */
const CONTROLLERS =
  /^(traefik|ingress-nginx(-controller)?|nginx-ingress|haproxy(-kubernetes)?-ingress|contour|envoy|kong)/;

/** `service.namespace.svc:port` of the Service in front of a usual ingress controller. */
export function controllerAddress(services: readonly Service[], scheme: 'http' | 'https'): string | undefined {
  const port = scheme === 'https' ? 443 : 80;
  const found = services.filter(({ metadata, spec }) => {
    const names = [metadata.labels?.['app.kubernetes.io/name'] ?? '', metadata.name];
    return names.some(name => CONTROLLERS.test(name)) && spec.ports?.some(p => p.port === port);
  });
  const [service] = found.sort((a, b) => rank(a) - rank(b));
  return service && `${service.metadata.name}.${service.metadata.namespace}.svc:${port}`;
}

/** A Service that is meant to be reached from outside comes first: others may be for metrics or admission. */
const rank = ({ spec }: Service): number => ({ LoadBalancer: 0, NodePort: 1 })[spec.type ?? ''] ?? 2;

/** Only where the cluster is on this machine do names below `localhost` lead to it. */
export function isLoopback(server: string): boolean {
  const { hostname } = new URL(server);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** Everything found, as a part of the settings; `known` is what need not be looked for. */
export async function discovered(kubectl: Kubectl, known: Tree): Promise<Tree> {
  const said = (known.apps ?? {}) as { ingressClass?: string; probeVia?: string; scheme?: 'http' | 'https' };
  const classes = await kubectl.list<IngressClass>('ingressclasses');
  const ingressClass = said.ingressClass ?? chosenClass(classes);
  const server = await kubectl.run('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}');
  const scheme = said.scheme ?? 'http';
  const find = async () =>
    controllerAddress(await kubectl.list<Service>('services'), scheme) ??
    (ingressClass && (await addressInStatus(kubectl, ingressClass, scheme)));
  const probeVia = said.probeVia ?? (await find());
  return {
    apps: {
      ...(isLoopback(server) && { domain: 'localhost' }),
      ...(ingressClass && { ingressClass }),
      ...(probeVia && { probeVia }),
    },
  };
}

/** A controller without a Service (on the node's own network) writes its address into every Ingress. */
async function addressInStatus(
  kubectl: Kubectl,
  ingressClassName: string,
  scheme: string,
): Promise<string | undefined> {
  return kubectl.inScratch('restricted', async namespace => {
    const backend = { service: { name: 'nothing', port: { number: 80 } } };
    const metadata = { name: 'address', namespace };
    const spec = { ingressClassName, defaultBackend: backend };
    await kubectl.apply({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec });
    for (let tries = 0; tries < 20; tries++, await sleep(500)) {
      const { status } = await kubectl.get<Ingress>('ingress', 'address', namespace);
      const [at] = status?.loadBalancer?.ingress ?? [];
      const host = at?.hostname ?? at?.ip;
      if (host) return `${host}:${scheme === 'https' ? 443 : 80}`;
    }
    return undefined;
  });
}

export interface Installed {
  readonly settings: Tree;
  readonly ca: string | undefined;
}

/** What is in the ConfigMap of a vibeD that is there already; a person may have edited it. */
export async function installedSettings(kubectl: Kubectl): Promise<Installed | undefined> {
  const text = await kubectl.run(
    '-n',
    'vibed-system',
    'get',
    'configmap',
    'vibed-settings',
    '--ignore-not-found',
    '-o',
    'json',
  );
  if (!text.trim()) return undefined;
  const { data = {} } = JSON.parse(text) as { data?: Record<string, string> };
  return { settings: (parse(data['settings.yaml'] ?? '{}') ?? {}) as Tree, ca: data['ca.crt'] };
}
