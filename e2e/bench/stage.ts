// Where figures are taken: the cluster of this checkout, tenant namespaces that go away again, and what the operator spends.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { labels } from '@vibed/crds';
import { kinds, type Typed } from '@vibed/store/kube';
import { ports } from '../../operator/src/network/policies.ts';
import { type Facts, readFacts } from '../crash/cluster-inside.ts';
import { App } from '../lib/app.ts';
import { type Cluster, theCluster } from '../lib/cluster.ts';
import { eventually } from '../lib/eventually.ts';
import { removeNamespace } from '../lib/namespace.ts';

export class BenchStage implements AsyncDisposable {
  readonly cluster: Cluster = theCluster();
  readonly facts: Facts = readFacts();
  readonly run = randomBytes(3).toString('hex');
  readonly #namespaces: string[] = [];

  /** A tenant namespace with its guard rails in place; `owned: false`: one that vibeD has nothing to do with. */
  async namespace({ owned = true }: { owned?: boolean } = {}): Promise<string> {
    const name = `vibed-bench-${this.run}-${this.#namespaces.length}`;
    this.#namespaces.push(name);
    const owner = owned ? { [labels.owner]: name } : {};
    await this.cluster.client.create(kinds.namespace, { metadata: { name, labels: owner } });
    const rails = async () => (await this.cluster.client.list(kinds.networkPolicy, { namespace: name })).items.length;
    if (owned) await eventually(rails, 1 as number);
    return name;
  }

  app(namespace: string, name: string): App {
    return new App(this.cluster, namespace, name);
  }

  /** Nothing stays: namespaces with all that is in them. Waits, so that what comes next does not pay for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#namespaces.map(name => removeNamespace(this.cluster.client, name)));
    const left = async () =>
      (await this.cluster.client.list(kinds.namespace)).items.filter(n => this.#namespaces.includes(n.metadata.name))
        .length;
    await eventually(left, 0 as number, { within: 1200, everyMs: 1000 });
  }
}

export type Component = 'operator' | 'api-server';

/** Port of each process's /metrics. */
const metricsPorts: Record<Component, number> = { operator: ports.operator, 'api-server': ports.metrics };

/** Reads the metrics of one process of vibeD once; the result returns a single value by its name and labels, NaN when it is absent. */
export async function processMetrics(
  { client, systemNamespace }: Cluster,
  component: Component,
): Promise<(series: string) => number> {
  const { items } = await client.list<Typed<V1Pod>>(kinds.pod, {
    namespace: systemNamespace,
    labelSelector: `app.kubernetes.io/component=${component}`,
  });
  const pod = items.find(p => p.status?.phase === 'Running' && p.metadata.deletionTimestamp === undefined);
  const address = `${pod?.metadata.name}:${metricsPorts[component]}`;
  const text = String(await client.raw('GET', `/api/v1/namespaces/${systemNamespace}/pods/${address}/proxy/metrics`));
  const lines = text.split('\n');
  return series => Number(lines.find(line => line.startsWith(`${series} `))?.slice(series.length) ?? Number.NaN);
}

/** CPU-seconds that the operator has used since it started, and its resident bytes. */
export async function operatorUsage(cluster: Cluster): Promise<{ cpu: number; bytes: number }> {
  const metric = await processMetrics(cluster, 'operator');
  return { cpu: metric('process_cpu_seconds_total'), bytes: metric('process_resident_memory_bytes') };
}

/** Runs the jobs with so many workers, in order. */
export async function atOnce<T>(workers: number, jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const left = jobs.entries();
  const work = async () => {
    for (const [i, job] of left) results[i] = await job();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

/** Waits until `count` has not changed for so long: the cluster's own controllers have caught up. */
export async function steady(count: () => Promise<number>, seconds: number, within: number): Promise<void> {
  const deadline = performance.now() + within * 1000;
  for (let last = -1, since = performance.now(); performance.now() < deadline; await pause(1000)) {
    const now = await count();
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since >= seconds * 1000) return;
  }
}
