// Names of children: injective, never truncated (an Artifact's name is at most 40 characters), so equal names mean the
// same thing and different things have different names.
import { createHash } from 'node:crypto';
import type { Settings } from '../settings.ts';

/** First `length` hex digits of sha256 over the parts; parts are length-prefixed, so ("a","bc") ≠ ("ab","c"). */
export function shortHash(length: number, ...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest('hex').slice(0, length);
}

/** JSON with sorted keys, so that equal values give equal text. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

interface Ref {
  namespace: string;
  name: string;
}

export const names = {
  /** In the build namespace all tenants meet, so the namespace is part of the hash. ≤ 60 characters. */
  job: (ref: Ref, key: string) => jobName(ref, key),
  /** Beside the job of the same key, which ends in ten hex digits. ≤ 62 characters. */
  cloneJob: (ref: Ref, key: string) => `${jobName(ref, key)}-c`,
  workload: (ref: Ref, versionHash: string) => `${ref.name}-${versionHash}`,
  service: (ref: Ref) => ref.name,
  ingress: (ref: Ref) => ref.name,
  /**
   * The first label of the app's host, so that a domain template `{{.Name}}.{{.Domain}}` gives the URL of every target. Not the bare
   * name: Knative makes a Service named like this one, beside the Kubernetes target's while the target changes.
   */
  knativeService: (ref: Ref) => hostLabel(ref),
  /** ≤ 58 characters; it must begin with the Knative Service's name. */
  knativeRevision: (ref: Ref, versionHash: string) => `${hostLabel(ref)}-${versionHash}`,
  versionRecord: (ref: Ref, version: number) => `${ref.name}-v${version}`,
  /** By key, not version: a failed build and its retry may be of one version. */
  buildLog: (ref: Ref, key: string) => `${ref.name}-log-${key.slice(0, 10)}`,
} as const;

/** `<name>-<8 hex of namespace and name>`: one per Artifact of a cluster. ≤ 49 characters. */
const hostLabel = (ref: Ref) => `${ref.name}-${shortHash(8, ref.namespace, ref.name)}`;

const jobName = (ref: Ref, key: string) => `${hostLabel(ref)}-${key.slice(0, 10)}`;

/** The app's public host: `<name>-<8 hex of namespace and name>.<domain>`. */
export const hostOf = (ref: Ref, apps: Settings['apps']): string => `${hostLabel(ref)}.${apps.domain}`;

/** The URL people open. */
export const urlOf = (ref: Ref, apps: Settings['apps']): string => urlOfHost(hostOf(ref, apps), apps);

export function urlOfHost(host: string, apps: Settings['apps']): string {
  const port = apps.externalPort === undefined ? '' : `:${apps.externalPort}`;
  return `${apps.scheme}://${host}${port}`;
}

/** The address inside the cluster, for `exposure: cluster`. */
export const clusterUrlOf = (ref: Ref) => `http://${ref.name}.${ref.namespace}.svc`;

/** The image repository of an Artifact, without registry: lowercase by the rules of names and namespaces. */
export const repositoryOf = (ref: Ref, registry: Settings['registry']) =>
  `${registry.prefix}/${ref.namespace}/${ref.name}`;

/** Where its builds keep layers for the next one. No name has a "_", so this is never the repository of another Artifact. */
export const cacheRepositoryOf = (ref: Ref, registry: Settings['registry']) => `${repositoryOf(ref, registry)}_cache`;
