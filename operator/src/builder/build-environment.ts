// What the steps of every build Job are given: the site's network, our own image, and where both are mounted.
import type { BuildSpec } from '@vibed/crds';
import type { KubeObject } from '@vibed/store/kube';
import { registriesConf } from '../build-pod/registries-conf.ts';
import type { RegistryEndpoint } from '../build-pod/registry-config.ts';
import type { Settings } from '../settings.ts';
import { buildEnvironment } from './build-files.ts';

export interface StepOptions {
  settings: Settings;
  /** Image of our own steps: the operator's. */
  stepsImage: string;
  /** PEM text of additional authorities; undefined when the site has none. */
  caBundle: string | undefined;
}

export const buildEnvironmentConfigMap = 'vibed-build-environment';
/** Its key for Buildah's own configuration; the others are for the commands of a build. */
export const registriesKey = 'registries.conf';

/** The site's proxies, package indexes and authorities as files; one ConfigMap for all builds of a namespace. */
export function buildEnvironmentObject(
  { settings, caBundle }: StepOptions,
  namespace: string,
): KubeObject & { data: Record<string, string> } {
  const { files } = buildEnvironment(networkOf(settings, caBundle));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: buildEnvironmentConfigMap, namespace },
    data: { ...files, [registriesKey]: registriesConf(Object.keys(settings.builds.baseRegistries)) },
  };
}

/** Some of its keys as a volume. */
export const environmentVolume = (name: string, keys: readonly string[]) =>
  keys.length === 0
    ? { name, emptyDir: {} }
    : { name, configMap: { name: buildEnvironmentConfigMap, items: keys.map(key => ({ key, path: key })) } };

/** The endpoints that bases are read from: ours is inside, the others are reached as a build reaches the world. */
export function baseEndpoints(settings: Settings): Record<string, RegistryEndpoint> {
  const ours = new URL(settings.registry.push).origin;
  const { process } = buildEnvironment(networkOf(settings, undefined));
  const { pull, push } = settings.registry;
  return Object.fromEntries(
    Object.entries({ [pull]: { url: push }, ...settings.builds.baseRegistries }).map(([host, { url }]) => [
      host,
      new URL(url).origin === ours ? { url } : { url, proxyEnv: process },
    ]),
  );
}

export function networkOf({ builds }: Settings, caBundle: string | undefined) {
  const given = Object.fromEntries(Object.entries(builds.network).filter(([, value]) => value !== undefined));
  return { ...given, ...(caBundle !== undefined && { caBundle }) };
}

/** Of the container that runs the tenant's commands: what the spec asks, else what the site gives. */
export function buildResources(asked: BuildSpec['resources'], { builds }: Settings) {
  return {
    requests: { cpu: '100m', memory: '256Mi' },
    limits: {
      cpu: asked?.cpu ?? builds.resources.cpu,
      memory: asked?.memory ?? builds.resources.memory,
      'ephemeral-storage': builds.ephemeralStorage,
    },
  };
}
