// What a person says about a cluster of their own. The only reader of VIBED_*: everything else is discovered, or edited
// in the settings afterwards.
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Layout } from '../layout.ts';

export const VARIABLES: Readonly<Record<string, string>> = {
  KUBECONFIG: 'the cluster; its current context is used, as an administrator',
  VIBED_REGISTRY: 'URL that build pods push to: https://registry.example.com, or with a first path: …/team',
  VIBED_REGISTRY_PULL: 'host[:port] that nodes pull from, where it is another one',
  VIBED_REGISTRY_HERE: 'URL of the same registry from this machine, where it is another one',
  VIBED_REGISTRY_AUTH: 'file like ~/.docker/config.json with a login for it; build pods get it as a Secret',
  VIBED_REGISTRY_OPEN:
    '1 accepts a registry that asks for no login: apps and builds can read and change all images then',
  VIBED_DOMAIN: 'apps answer below it: apps.example.com, https://apps.example.com, localhost:8080',
  VIBED_INGRESS_CLASS: 'class of the Ingress objects, where there are several and no default',
  VIBED_INGRESS_ADDRESS: 'host:port of the ingress controller as pods reach it',
  VIBED_SETTINGS_FILE: 'YAML with further settings (docs/reference/settings.md), laid over what is discovered',
  VIBED_CA: 'PEM file of all authorities that builds trust, the public ones included',
  VIBED_OPERATOR_IMAGE: 'operator image by digest, built elsewhere; nothing is built here then',
  VIBED_BUILDAH_IMAGE: 'image with Buildah ≥ 1.38.1, from elsewhere',
};

/** Parts of the settings document, as YAML has them. */
export type Tree = { readonly [name: string]: unknown };

export interface Given {
  /** `registry`, `apps` and `builds` of the settings as far as variables say them; wins over everything else. */
  readonly settings: Tree;
  /** Of VIBED_SETTINGS_FILE. */
  readonly file: Tree;
  readonly registryHere: string | undefined;
  /** Text of a docker config.json. */
  readonly registryAuth: string | undefined;
  readonly registryOpen: boolean;
  readonly ca: string | undefined;
  readonly operatorImage: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Is a cluster given that is not this checkout's own? */
export function isGiven(layout: Layout, environment: Environment = process.env): boolean {
  const path = environment.KUBECONFIG;
  if (!path) return false;
  const same = (a: string, b: string) => existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b);
  return !same(path, layout.kubeconfig);
}

export async function readGiven(environment: Environment = process.env): Promise<Given> {
  const value = (name: keyof typeof VARIABLES): string | undefined => environment[name]?.trim() || undefined;
  const text = async (name: keyof typeof VARIABLES): Promise<string | undefined> => {
    const path = value(name);
    if (path === undefined) return undefined;
    return readFile(path, 'utf8').catch(error => {
      throw new Error(`${name}: ${error.message}`);
    });
  };
  return {
    settings: settingsIn(value),
    file: (parse((await text('VIBED_SETTINGS_FILE')) ?? '{}') ?? {}) as Tree,
    registryHere: value('VIBED_REGISTRY_HERE') ?? value('VIBED_REGISTRY'),
    registryAuth: await text('VIBED_REGISTRY_AUTH'),
    registryOpen: value('VIBED_REGISTRY_OPEN') === '1',
    ca: await text('VIBED_CA'),
    operatorImage: value('VIBED_OPERATOR_IMAGE'),
  };
}

function settingsIn(value: (name: string) => string | undefined): Tree {
  const registry = value('VIBED_REGISTRY');
  const pull = value('VIBED_REGISTRY_PULL');
  const domain = value('VIBED_DOMAIN');
  const ingressClass = value('VIBED_INGRESS_CLASS');
  const probeVia = value('VIBED_INGRESS_ADDRESS');
  const image = value('VIBED_BUILDAH_IMAGE');
  return {
    registry: { ...(registry && registryIn(registry)), ...(pull && { pull }) },
    apps: { ...(domain && domainIn(domain)), ...(ingressClass && { ingressClass }), ...(probeVia && { probeVia }) },
    builds: { ...(image && { image }) },
  };
}

/** `https://host:port/first/path` as the registry of the settings. */
export function registryIn(text: string): { push: string; pull: string; prefix?: string } {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new Error(`VIBED_REGISTRY: ${text} is no URL: write https:// (or http://) before the host`);
  const { origin, host, pathname } = new URL(text);
  const prefix = pathname.replace(/^\/|\/$/g, '');
  return { push: origin, pull: host, ...(prefix && { prefix }) };
}

/** `[scheme://]domain[:port]` as the apps of the settings. */
export function domainIn(text: string): { domain: string; scheme: 'http' | 'https'; externalPort?: number } {
  const [, scheme = 'http', domain, port] = /^(?:(https?):\/\/)?([a-z0-9.-]+)(?::(\d+))?\/?$/.exec(text) ?? [];
  if (domain === undefined)
    throw new Error(`VIBED_DOMAIN: ${text} is not a domain such as apps.example.com, with or without scheme and port`);
  return { domain, scheme: scheme === 'https' ? 'https' : 'http', ...(port !== undefined && { externalPort: +port }) };
}
