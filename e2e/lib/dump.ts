// What a person would look at first when a scenario failed, kept before the namespace goes away: the artifacts on the
// screen, everything in a file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EventsV1Event, V1Pod } from '@kubernetes/client-node';
import { labels } from '@vibed/crds';
import { type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import { stringify } from 'yaml';
import { allChildren } from './children.ts';
import type { Cluster } from './cluster.ts';

const folder = fileURLToPath(new URL('../../.vibed/e2e/', import.meta.url));

/** Artifacts with their status, children, events, the pods' last log lines, and the operator's. Never throws. */
export async function dump(cluster: Cluster, namespace: string): Promise<void> {
  const sections = [artifacts, children, events, podLogs, operatorLog];
  const texts = await Promise.all(sections.map(section => section(cluster, namespace).catch(unreadable)));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${namespace}.txt`, texts.join('\n\n'));
  console.error(`──── ${namespace}: more in .vibed/e2e/${namespace}.txt ────\n${texts[0]}`);
}

const unreadable = (error: unknown) => `(could not be read: ${error instanceof Error ? error.message : String(error)})`;

async function artifacts({ client }: Cluster, namespace: string): Promise<string> {
  const { items } = await client.list<KubeObject & { spec?: unknown; status?: unknown }>(kinds.artifact, { namespace });
  return items
    .map(({ metadata, spec, status }) => {
      const { name, generation, annotations, deletionTimestamp, finalizers } = metadata;
      return stringify({
        artifact: { name, generation, annotations, deletionTimestamp, finalizers },
        spec: brief(spec),
        status,
      });
    })
    .join('\n');
}

/** Inline contents are of no interest here. */
function brief(spec: unknown): unknown {
  return JSON.parse(
    JSON.stringify(spec ?? null, (key, value) => (key === 'content' ? `${String(value).length} characters` : value)),
  );
}

async function children(cluster: Cluster, namespace: string): Promise<string> {
  const { items } = await cluster.client.list(kinds.artifact, { namespace });
  const found = await Promise.all(items.map(a => allChildren(cluster, namespace, a.metadata.uid ?? '')));
  return `children:\n${found.flat().join('\n')}`;
}

async function events({ client, buildNamespace, installNamespace }: Cluster, namespace: string): Promise<string> {
  const { items } = await client.list(kinds.artifact, { namespace });
  const own = await client.list<Typed<EventsV1Event>>(kinds.event, { namespace });
  const builds = await Promise.all(
    [buildNamespace, installNamespace].map(place =>
      client.list<Typed<EventsV1Event>>(kinds.event, { namespace: place }),
    ),
  );
  const isTheirs = (event: Typed<EventsV1Event>) =>
    items.some(a => event.regarding?.name?.startsWith(`${a.metadata.name}-`));
  const lines = [...own.items, ...builds.flatMap(page => page.items).filter(isTheirs)].map(
    e => `${e.eventTime ?? e.deprecatedLastTimestamp} ${e.regarding?.kind}/${e.regarding?.name} ${e.reason}: ${e.note}`,
  );
  return `events:\n${lines.sort().join('\n')}`;
}

async function podLogs(cluster: Cluster, namespace: string): Promise<string> {
  const labelSelector = `${labels.artifactNamespace}=${namespace}`;
  const builds = [cluster.buildNamespace, cluster.installNamespace].map(place => ({ namespace: place, labelSelector }));
  const places = [{ namespace }, ...builds];
  const pages = await Promise.all(places.map(place => cluster.client.list<Typed<V1Pod>>(kinds.pod, place)));
  const logs = await Promise.all(pages.flatMap(page => page.items).map(pod => logsOf(cluster, pod)));
  return logs.join('\n');
}

async function logsOf({ client }: Cluster, pod: Typed<V1Pod>): Promise<string> {
  const { namespace, name } = pod.metadata;
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const logs = containers.map(async ({ name: container }) => {
    const text = await client.logs({ namespace, name }, { container, tailLines: 100 }).catch(unreadable);
    return `log of ${namespace}/${name} ${container} (${pod.status?.phase}):\n${text}`;
  });
  return (await Promise.all(logs)).join('\n');
}

async function operatorLog({ client, systemNamespace }: Cluster, namespace: string): Promise<string> {
  const { items } = await client.list<Typed<V1Pod>>(kinds.pod, { namespace: systemNamespace });
  const logs = items.map(async ({ metadata, spec }) => {
    const container = spec?.containers[0]?.name ?? '';
    const text = await client.logs({ namespace: systemNamespace, name: metadata.name }, { container, tailLines: 400 });
    const lines = text.split('\n').filter(line => line.includes(namespace) || /"level":"(error|warn)"/.test(line));
    return `${metadata.name}:\n${lines.slice(-40).join('\n')}`;
  });
  return (await Promise.all(logs)).join('\n');
}
