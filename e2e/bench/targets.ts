// (k) What the targets cost: created → Ready of an Artifact with a prebuilt image over the same workload applied by hand and watched
// until it is ready; rollback by traffic; and the latency per Artifact as they become many. Needs Knative on the cluster.
import type { V1Deployment } from '@kubernetes/client-node';
import { type Artifact, type ConcreteTarget, labels } from '@vibed/crds';
import { type Kind, type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import { imageByDigest } from '../crash/cluster-inside.ts';
import type { App } from '../lib/app.ts';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { eventually } from '../lib/eventually.ts';
import { type Figure, interleaved, median, type Row, ratios } from './figures.ts';
import type { BenchStage } from './stage.ts';

const rollbacks = 6;
const perNamespace = 50;
/** So many are asleep when the latency is taken again. */
const populations = [1, 50, 100, 200];

export async function targets(stage: BenchStage, pairs: number): Promise<Figure> {
  const rows: Row[] = [];
  for (const target of ['knative', 'kubernetes'] as const) rows.push(...(await readiness(stage, target, pairs)));
  rows.push(await rollback(stage));
  rows.push(...(await crowd(stage, pairs)));
  return {
    title: 'Targets: created → Ready, rollback by traffic, many',
    rows,
    notes: [
      'Created → Ready: a prebuilt image that the node has. Ours: from sending the Artifact to Ready=True, which is said after two probes. By hand: the objects that the operator made, applied with the same client in a namespace of its own, until the workload says that it is ready.',
      'Rollback: from sending the recorded spec to the first answer of the old version at the URL, both versions awake, asked every 5 ms.',
      'Beside many: pairs as above, each deleted before the next, while so many Artifacts of other namespaces are asleep.',
    ],
  };
}

async function readiness(stage: BenchStage, target: ConcreteTarget, pairs: number): Promise<Row[]> {
  const image = await imageByDigest(stage.facts, 'nginxinc/nginx-unprivileged', '1.22');
  const namespace = await stage.namespace();
  const bare = await stage.namespace();
  const template = await objectsOf(stage.app(namespace, 'model'), image, target);
  let count = 0;
  const { ours, theirs } = await interleaved(
    pairs,
    () => created(stage.app(namespace, `ours-${count++}`), image, target),
    () => applied(stage, template, bare, `hand-${count++}`),
  );
  return [
    { what: `${target}: Artifact ÷ by hand`, unit: '', values: ratios(ours, theirs), wanted: '≤ 1.1' },
    { what: `${target}: Artifact created → Ready`, unit: 's', values: ours },
    { what: `${target}: by hand created → ready`, unit: 's', values: theirs },
  ];
}

/** Seconds from sending it to Ready, as a watch tells; it is deleted afterwards. */
async function created(app: App, image: string, target: ConcreteTarget): Promise<number> {
  const seconds = await untilReady(app, artifactOf({ image: { ref: image } }, { name: app.name, target }));
  await app.delete();
  return seconds;
}

async function untilReady(app: App, artifact: Artifact): Promise<number> {
  return await untilSeen(
    app.cluster.client,
    kinds.artifact,
    app.ref,
    () => app.apply(artifact),
    object => {
      const ready = (object as Artifact).status?.conditions?.find(c => c.type === 'Ready');
      return ready?.status === 'True' && ready.observedGeneration === object.metadata.generation;
    },
  );
}

type Client = BenchStage['cluster']['client'];

/** Seconds from the start of `act` to the first event of the object that fits. */
async function untilSeen(
  client: Client,
  kind: Kind,
  { namespace, name }: { namespace: string; name: string },
  act: () => Promise<unknown>,
  fits: (object: KubeObject) => boolean,
): Promise<number> {
  const { resourceVersion } = await client.list(kind, { namespace });
  const stop = AbortSignal.timeout(180_000);
  const options = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion, timeoutSeconds: 180 };
  const started = performance.now();
  const acting = act();
  for await (const event of client.watch<KubeObject>(kind, options, stop)) {
    if (event.type === 'ERROR') throw event.error;
    if (event.type === 'BOOKMARK' || !fits(event.object)) continue;
    await acting;
    return (performance.now() - started) / 1000;
  }
  throw new Error(`${kind.kind} ${name} was not ready in time`);
}

/** What the operator makes of one Artifact, to be made by hand; the first is the workload. */
async function objectsOf(
  app: App,
  image: string,
  target: ConcreteTarget,
): Promise<{ kind: Kind; object: KubeObject }[]> {
  await app.apply(artifactOf({ image: { ref: image } }, { name: app.name, target }));
  await app.runs();
  const uid = await app.uid();
  const made = target === 'knative' ? [kinds.knativeService] : [kinds.deployment, kinds.service, kinds.ingress];
  const found = await Promise.all(
    made.map(async kind => {
      const objects = await childrenOf(app.cluster, kind, app.namespace, uid);
      return objects.map(object => ({ kind, object: bareOf(object) }));
    }),
  );
  await app.delete();
  return found.flat();
}

/** The object as a person would have written it, under NAME. */
function bareOf(object: KubeObject): KubeObject {
  const { metadata, status: _, ...rest } = object as KubeObject & { status?: unknown };
  const kept = { name: 'NAME', labels: { ...metadata.labels, [labels.managedBy]: 'hand' } };
  const text = JSON.stringify({ ...rest, metadata: kept }, (key, value: unknown) =>
    key === 'clusterIP' || key === 'clusterIPs' || key.startsWith('serving.knative.dev/creator') ? undefined : value,
  );
  return JSON.parse(
    text.replaceAll(metadata.name, 'NAME').replaceAll('"vibed"', '"hand"').replaceAll('"model"', '"NAME"'),
  ) as KubeObject;
}

async function applied(
  { cluster: { client } }: BenchStage,
  template: { kind: Kind; object: KubeObject }[],
  namespace: string,
  name: string,
): Promise<number> {
  const objects = template.map(({ kind, object }) => {
    const named = JSON.parse(JSON.stringify(object).replaceAll('NAME', name)) as KubeObject;
    return { kind, object: { ...named, metadata: { ...named.metadata, namespace } } };
  });
  const [workload] = objects;
  if (workload === undefined) throw new Error('there is nothing to apply');
  const make = async () => {
    for (const { kind, object } of objects) await client.create(kind, object);
  };
  const seconds = await untilSeen(
    client,
    workload.kind,
    { namespace, name: workload.object.metadata.name },
    make,
    isReady,
  );
  for (const { kind, object } of objects) await client.delete(kind, object.metadata);
  return seconds;
}

/** A Deployment with its replica, or a Knative Service that says so. */
function isReady(object: KubeObject): boolean {
  const { status } = object as Typed<V1Deployment>;
  const current = (status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
  const says = status?.conditions?.find(c => c.type === 'Ready' || c.type === 'Available');
  return current && says?.status === 'True';
}

async function rollback(stage: BenchStage): Promise<Row> {
  const app = stage.app(await stage.namespace(), 'back');
  const version = (text: string) =>
    artifactFrom('node-plain', { target: 'knative', run: { env: [{ name: 'MODE', value: text }], scale: { min: 1 } } });
  await app.apply(version('one'));
  await app.runs();
  await app.apply(version('two'));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  const values: number[] = [];
  for (let i = 0; i < rollbacks; i += 1) {
    const text = i % 2 === 0 ? 'one' : 'two';
    const started = performance.now();
    await app.apply(version(text));
    await eventually(async () => JSON.parse((await app.ask('/')).text).mode, text, { within: 60, everyMs: 5 });
    values.push(performance.now() - started);
    await app.runs();
  }
  return { what: 'knative: rollback, spec → answer of the old version', unit: 'ms', values, wanted: '< 1,000' };
}

/** Beside so many apps asleep, ours and by hand: what grows with both is the cluster's, not ours. */
async function crowd(stage: BenchStage, pairs: number): Promise<Row[]> {
  const image = await imageByDigest(stage.facts, 'nginxinc/nginx-unprivileged', '1.22');
  const measured = await stage.namespace();
  const bare = await stage.namespace();
  const template = await objectsOf(stage.app(measured, 'model'), image, 'knative');
  const rows: Row[] = [];
  const crowded: string[] = [];
  let count = 0;
  let measurements = 0;
  for (const population of populations) {
    for (; count < population; count += 1) {
      if (count % perNamespace === 0) crowded.push(await stage.namespace());
      const app = stage.app(crowded.at(-1) ?? '', `many-${count}`);
      await untilReady(app, artifactOf({ image: { ref: image } }, { name: app.name, target: 'knative' }));
    }
    for (const namespace of crowded) await asleep(stage, namespace);
    const { ours, theirs } = await interleaved(
      pairs,
      () => created(stage.app(measured, `ours-${measurements++}`), image, 'knative'),
      () => applied(stage, template, bare, `hand-${measurements++}`),
    );
    const beside = `knative, beside ${population} asleep`;
    rows.push({ what: `${beside}: Artifact ÷ by hand`, unit: '', values: ratios(ours, theirs), wanted: 'flat' });
    rows.push({ what: `${beside}: Artifact created → Ready`, unit: 's', values: ours, wanted: 'flat' });
    rows.push({ what: `${beside}: by hand created → ready`, unit: 's', values: theirs });
    console.log(`${population}: median ${median(ours).toFixed(2)} s, by hand ${median(theirs).toFixed(2)} s`);
  }
  return rows;
}

const asleep = ({ cluster: { client } }: BenchStage, namespace: string) =>
  eventually(async () => (await client.list(kinds.pod, { namespace })).items.length, 0 as number, { within: 300 });
