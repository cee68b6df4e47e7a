// Everything an Artifact has come to, in words that are the same for every run with the same end: what differs between two
// incarnations (uids, versions, times, generated names) is left out or replaced.
import { type KubeObject, kinds } from '@vibed/store/kube';
import { childKinds, objectsOf } from '../lib/children.ts';
import type { Cluster } from '../lib/cluster.ts';
import { differences } from '../lib/differences.ts';

/** `Kind name` → what it is; pods and ReplicaSets, whose names are dice, are counted by version. */
export type EndState = Record<string, unknown>;

const generated = ['Pod', 'ReplicaSet'];
/** The cluster's own, or the guard rails. */
const isForeign = ({ metadata }: KubeObject) => metadata.name === 'kube-root-ca.crt';

/**
 * The artifact and every object of a kind that vibeD makes, in this namespace and, by name, in the build namespace. Nothing is
 * selected by label, so that an orphan without one is seen too.
 */
export async function endStateOf(cluster: Cluster, namespace: string, name: string): Promise<EndState> {
  const places = [namespace, cluster.buildNamespace, cluster.installNamespace];
  const [artifacts, ...found] = await Promise.all([
    objectsOf<KubeObject>(cluster, kinds.artifact, { namespace }),
    ...places.flatMap(place => childKinds.map(kind => objectsOf<KubeObject>(cluster, kind, { namespace: place }))),
  ]);
  const children = found
    .flat()
    .filter(o => !isForeign(o))
    .filter(o => o.metadata.namespace === namespace || o.metadata.name.startsWith(`${name}-`));
  const state: EndState = {};
  for (const artifact of artifacts) state[`Artifact ${artifact.metadata.name}`] = plain(artifact);
  for (const child of children) {
    const { kind = '', metadata } = child;
    const labels: Readonly<Record<string, string>> = metadata.labels ?? {};
    const version = labels['vibed.dev/version-hash'] ?? labels['vibed.dev/build-key'] ?? 'none';
    if (!generated.includes(kind)) state[`${kind} ${metadata.name}`] = plain({ ...child, status: undefined });
    else if (metadata.deletionTimestamp !== undefined) state[`${kind} on its way out`] = true;
    else state[`${kind}s of ${version}`] = Number(state[`${kind}s of ${version}`] ?? 0) + 1;
  }
  return state;
}

const differing = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'clusterIP',
  'clusterIPs',
  'latencyMs',
  // A log in gzip, and a source whose archive is proven elsewhere.
  'binaryData',
  // A hash of labels that hold the artifact's uid.
  'vibed.dev/desired-hash',
]);
const uid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** A build writes times into its image. */
const digest = /sha256:[0-9a-f]{64}/g;
const time = /\d{4}-\d\d-\d\dT[0-9:.]+Z/g;

function plain(object: object): unknown {
  const text = JSON.stringify(object, (key, value: unknown) => (differing.has(key) ? undefined : value));
  return sorted(JSON.parse(text.replaceAll(uid, '<uid>').replaceAll(time, '<time>').replaceAll(digest, '<digest>')));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

/** One line per object that is missing, surplus or different; empty when both are the same. */
export function changes(wanted: EndState, actual: EndState): string {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])].sort();
  return names
    .filter(name => JSON.stringify(wanted[name]) !== JSON.stringify(actual[name]))
    .map(name => describe(name, wanted[name], actual[name]))
    .join('\n');
}

function describe(name: string, wanted: unknown, actual: unknown): string {
  if (actual === undefined) return `${name} is missing`;
  if (wanted === undefined) return `${name} is left over`;
  const lines = [...differences(wanted, actual), ...differences(actual, wanted)];
  return `${name}: ${lines.slice(0, 3).join('; ')}`;
}
