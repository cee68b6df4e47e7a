// (b) From "the Artifacts are created" to "the last child is there", over a bare script that makes the same objects with the
// same client and as many workers as the operator has. Nothing can run: the node is cordoned and the source is an image, so
// what is measured is the operator and the apiserver. Artifacts live in tenant namespaces of 50, as the default quota has it.

import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { imageByDigest } from '../crash/cluster-inside.ts';
import { artifactOf } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import type { Cluster } from '../lib/cluster.ts';
import { type Figure, interleaved, median, type Row, ratios } from './figures.ts';
import { atOnce, type BenchStage, operatorUsage, steady } from './stage.ts';

/** VIBED_WORKERS of the operator. */
const workers = 8;
const perNamespace = 50;
/** Artifacts of one measurement. */
const burstSize = 25;
const bareLabel = 'vibed.dev/bench-bare';
/** In the operator's order. */
const made: readonly Kind[] = [kinds.controllerRevision, kinds.deployment, kinds.service, kinds.ingress];

/** Artifacts one after the other, of which the median counts. */
const singles = 3;

interface Timed {
  ms: number;
  /** From the answer to the last creation of an Artifact. */
  msSinceCreated: number;
  cpu: number;
}

export async function operatorTax(stage: BenchStage, pairs: number, populations: readonly number[]): Promise<Figure> {
  await using _ = await cordoned(stage);
  const image = await imageByDigest(stage.facts, 'nginxinc/nginx-unprivileged', '1.22');
  const bench = new Bench(stage, image);
  const rows: Row[] = [];
  for (const population of populations) {
    rows.push(await bench.grow(population));
    const { ours, theirs } = await interleaved(
      pairs,
      () => bench.burst(),
      () => bench.bareBurst(),
    );
    const [tax, bare] = [ours.map(t => t.ms / burstSize), theirs.map(t => t.ms / burstSize)];
    const one = await interleaved(
      pairs,
      () => bench.single(),
      () => bench.bareSingle(),
    );
    rows.push(
      {
        what: `at ${population}, one by one: operator ÷ bare script`,
        unit: '',
        values: ratios(one.ours, one.theirs),
        wanted: '≤ 2, flat',
      },
      { what: `at ${population}, one by one: operator`, unit: 'ms', values: one.ours },
      { what: `at ${population}, one by one: bare script`, unit: 'ms', values: one.theirs },
      {
        what: `at ${population}, bursts: operator ÷ bare script`,
        unit: '',
        values: ratios(tax, bare),
        wanted: '≤ 2, flat',
      },
      { what: `at ${population}, bursts: operator, per artifact`, unit: 'ms', values: tax },
      { what: `at ${population}, bursts: bare script, per artifact`, unit: 'ms', values: bare },
      {
        what: `at ${population}, bursts: operator, per artifact`,
        unit: 'CPU-ms',
        values: ours.map(t => (t.cpu * 1000) / burstSize),
      },
    );
  }
  return {
    title: 'Operator tax: Artifact created → last child created',
    rows,
    notes: [
      `Bursts of ${burstSize} Artifacts beside those that are there already, with ${workers} workers on both sides; the operator’s time includes the creation of the Artifacts. One by one: from the answer to the creation of an Artifact, median of ${singles}.`,
      'Operator: finalizer, version record, Deployment, Service, Ingress, status. Script: version record, Deployment, Service, Ingress.',
    ],
  };
}

/** No pod starts; undone at the end. */
async function cordoned({ cluster, facts }: BenchStage): Promise<AsyncDisposable> {
  const set = (unschedulable: boolean) =>
    cluster.client.mergePatch(kinds.node, { name: facts.nodeName }, { spec: { unschedulable } });
  await set(true);
  return { [Symbol.asyncDispose]: async () => void (await set(false)) };
}

class Bench {
  readonly #stage: BenchStage;
  readonly #cluster: Cluster;
  readonly #image: string;
  #count = 0;
  #room: { namespace: string; left: number } = { namespace: '', left: 0 };
  #templates: (KubeObject & Record<string, unknown>)[] = [];
  #bareNamespace = '';
  #bareCount = 0;

  constructor(stage: BenchStage, image: string) {
    this.#stage = stage;
    this.#cluster = stage.cluster;
    this.#image = image;
  }

  /** Creates Artifacts until there are so many; what one took on the way. */
  async grow(population: number): Promise<Row> {
    const values: number[] = [];
    while (this.#count < population) {
      const size = Math.min(perNamespace, population - this.#count);
      values.push((await this.#make(size)).ms / size);
    }
    await this.#caughtUp();
    return { what: `growing to ${population}, per artifact`, unit: 'ms', values };
  }

  /** From the answer to the creation of one Artifact to its last child; the median of a few. */
  async single(): Promise<number> {
    const values: number[] = [];
    for (let i = 0; i < singles; i += 1) values.push((await this.#make(1)).msSinceCreated);
    return median(values);
  }

  async bareSingle(): Promise<number> {
    const values: number[] = [];
    for (let i = 0; i < singles; i += 1) values.push((await this.#bare(1)).ms);
    return median(values);
  }

  async burst(): Promise<Timed> {
    await this.#caughtUp();
    return await this.#make(burstSize);
  }

  async bareBurst(): Promise<Timed> {
    await this.#caughtUp();
    return await this.#bare(burstSize);
  }

  async #bare(size: number): Promise<Timed> {
    const { client } = this.#cluster;
    const names = Array.from({ length: size }, () => `bare-${(this.#bareCount++).toString(36)}`);
    await using seen = await Arrivals.of(this.#cluster, `${bareLabel}=${this.#stage.run}`, size);
    const started = performance.now();
    await atOnce(
      workers,
      names.map(name => async () => {
        for (const [i, template] of this.#templates.entries())
          await client.create(made[i] as Kind, renamed(template, name, this.#bareNamespace));
      }),
    );
    const ms = (await seen.last) - started;
    return { ms, msSinceCreated: ms, cpu: 0 };
  }

  async #make(size: number): Promise<Timed> {
    if (this.#room.left < size) this.#room = { namespace: await this.#stage.namespace(), left: perNamespace };
    const { namespace } = this.#room;
    this.#room.left -= size;
    const from = this.#count;
    this.#count += size;
    const artifacts = Array.from({ length: size }, (_, i) =>
      artifactOf({ image: { ref: this.#image } }, { name: `a${from + i}`, target: 'kubernetes' }),
    );
    await using seen = await Arrivals.of(this.#cluster, 'app.kubernetes.io/managed-by=vibed', size, namespace);
    const before = await operatorUsage(this.#cluster);
    const started = performance.now();
    await atOnce(
      workers,
      artifacts.map(a => () => this.#stage.app(namespace, a.metadata.name).apply(a)),
    );
    const created = performance.now();
    const last = await seen.last;
    const cpu = (await operatorUsage(this.#cluster)).cpu - before.cpu;
    if (this.#templates.length === 0) await this.#record(namespace, `a${from}`);
    return { ms: last - started, msSinceCreated: last - created, cpu };
  }

  /** What the operator makes of one Artifact, to be made by hand. */
  async #record(namespace: string, name: string): Promise<void> {
    const uid = await this.#stage.app(namespace, name).uid();
    const found = await Promise.all(made.map(kind => childrenOf(this.#cluster, kind, namespace, uid)));
    const bare = { [bareLabel]: this.#stage.run, 'app.kubernetes.io/managed-by': 'bench' };
    this.#templates = found.flat().map(object => bareOf(object, name, bare));
    this.#bareNamespace = await this.#stage.namespace({ owned: false });
  }

  /**
   * Until the cluster’s own controllers have made their pods, but not for long: at 20 requests a second they need a quarter of an
   * hour for 2,000 Deployments, and hold both sides up alike.
   */
  async #caughtUp(): Promise<void> {
    const pods = async () => (await this.#cluster.client.list(kinds.pod, { metadataOnly: true })).items.length;
    await steady(pods, 3, 10);
  }
}

/** The object without what the server gave it, under `NAME`, with labels that the operator does not watch. */
function bareOf(
  object: KubeObject,
  name: string,
  labels: Record<string, string>,
): KubeObject & Record<string, unknown> {
  const { metadata, status: _, ...rest } = object as KubeObject & { status?: unknown };
  const kept = {
    name: metadata.name,
    namespace: '',
    labels: { ...metadata.labels, ...labels },
    annotations: metadata.annotations,
  };
  const text = JSON.stringify({ ...rest, metadata: kept }, (key, value: unknown) =>
    key === 'clusterIP' || key === 'clusterIPs' || key === 'resourceVersion' ? undefined : value,
  );
  return JSON.parse(text.replaceAll(name, 'NAME')) as KubeObject & Record<string, unknown>;
}

const renamed = (template: KubeObject, name: string, namespace: string): KubeObject => {
  const object = JSON.parse(JSON.stringify(template).replaceAll('NAME', name)) as KubeObject;
  return { ...object, metadata: { ...object.metadata, namespace } };
};

/** Waits for the n-th Ingress, the last of the children, as a watch tells it. */
class Arrivals implements AsyncDisposable {
  readonly last: Promise<number>;
  readonly #stop = new AbortController();

  private constructor(
    cluster: Cluster,
    labelSelector: string,
    count: number,
    namespace: string | undefined,
    from: string,
  ) {
    this.last = this.#follow(cluster, labelSelector, count, namespace, from);
    this.last.catch(() => undefined);
  }

  static async of(cluster: Cluster, labelSelector: string, count: number, namespace?: string): Promise<Arrivals> {
    const { resourceVersion } = await cluster.client.list(kinds.ingress, { namespace, metadataOnly: true });
    return new Arrivals(cluster, labelSelector, count, namespace, resourceVersion);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.last.catch(() => undefined);
  }

  async #follow(
    cluster: Cluster,
    labelSelector: string,
    count: number,
    namespace: string | undefined,
    from: string,
  ): Promise<number> {
    const options = { namespace, labelSelector, resourceVersion: from, timeoutSeconds: 1800, metadataOnly: true };
    let left = count;
    for await (const event of cluster.client.watch(kinds.ingress, options, this.#stop.signal)) {
      if (event.type === 'ERROR') throw event.error;
      if (event.type === 'ADDED') left -= 1;
      if (left === 0) return performance.now();
    }
    throw new Error(`${left} of ${count} Ingresses never came`);
  }
}
