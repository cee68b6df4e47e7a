// Knative as a scenario needs it: put on the cluster and taken off, and what it made of an app.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { isKubeError, type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import type { App } from './app.ts';
import { childrenOf } from './children.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import type { Answer } from './http.ts';

export const knativeNamespace = 'knative-serving';
const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Idempotent: it also repairs what is there. */
export const installKnative = () => onCluster('knative');
export const removeKnative = () => onCluster('knative-remove');

async function onCluster(command: string): Promise<void> {
  try {
    await run(process.execPath, ['cluster/src/main.ts', command], { cwd: root, maxBuffer: 64 * 2 ** 20 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} failed: ${`${stdout}${stderr}`.slice(-2000)}`, { cause: error });
  }
}

export interface KnativeServiceState extends KubeObject {
  spec: { template: { metadata: { name: string } }; traffic: { revisionName: string; percent: number; tag: string }[] };
  status?: { url?: string };
}

export async function knativeServiceOf(app: App): Promise<KnativeServiceState> {
  const [service, ...others] = await childrenOf<KnativeServiceState>(
    app.cluster,
    kinds.knativeService,
    app.namespace,
    await app.uid(),
  );
  if (service === undefined || others.length > 0) throw new Error(`${app.name} has not one Knative Service`);
  return service;
}

interface RevisionState extends KubeObject {
  spec?: { containerConcurrency?: number };
}
const allRevisionsOf = async (app: App) =>
  await childrenOf<RevisionState>(app.cluster, kinds.knativeRevision, app.namespace, await app.uid());

export async function revisionsOf(app: App): Promise<string[]> {
  return (await allRevisionsOf(app)).map(r => r.metadata.name).sort();
}

/** The only one. */
export async function revisionOf(app: App): Promise<RevisionState> {
  const [revision, ...others] = await allRevisionsOf(app);
  if (revision === undefined || others.length > 0) throw new Error(`${app.name} has not one Revision`);
  return revision;
}

/** Names of pods that are not on their way out. */
export async function podsOf(app: App): Promise<string[]> {
  const pods = await childrenOf<Typed<V1Pod>>(app.cluster, kinds.pod, app.namespace, await app.uid());
  return pods.filter(p => p.metadata.deletionTimestamp === undefined).map(p => p.metadata.name);
}

/** Nobody asks, so nothing runs any more. */
export async function fallsAsleep(app: App): Promise<void> {
  await eventually(() => podsOf(app), [], { within: 180, everyMs: 500 });
}

/** Asks one version by its own URL; a sleeping one gets its time to wake. */
export async function askVersion(app: App, version: number): Promise<Answer> {
  const url = new URL(await app.url());
  url.host = `v${version}-${url.host}`;
  return await app.askAt(url.href);
}

/** Away until the end of `act`: nothing of Knative can be written meanwhile. */
export async function withoutWebhook(cluster: Cluster, act: () => Promise<void>): Promise<void> {
  await scale(cluster, 'webhook', 0);
  try {
    await act();
  } finally {
    await scale(cluster, 'webhook', 1);
  }
}

async function scale({ client }: Cluster, name: string, replicas: number): Promise<void> {
  const ref = { namespace: knativeNamespace, name };
  await client.mergePatch(kinds.deployment, ref, { spec: { replicas } });
  const state = async () => ({
    ready: (await client.get<Typed<V1Deployment>>(kinds.deployment, ref)).status?.readyReplicas ?? 0,
    // One that is on its way out still answers.
    pods: (await client.list(kinds.pod, { namespace: knativeNamespace, labelSelector: `app=${name}` })).items.length,
  });
  await eventually(state, { ready: replicas, pods: replicas }, { within: 180 });
}

export async function isKnativeThere(cluster: Cluster): Promise<boolean> {
  try {
    await cluster.client.list(kinds.knativeService, { limit: 1 });
    return true;
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return false;
    throw error;
  }
}
