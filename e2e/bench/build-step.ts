// (a) What our build script costs over Buildah called by hand. Both run in the Job's own pod spec, with its source step, its
// registry sidecar and its limits; only the command of the container "build" differs. Each pod has fresh storage and, when
// cold, an empty layer cache; the one-line change finds the cache that the cold run of the same side has left.
import { readFileSync } from 'node:fs';
import type { V1ConfigMap, V1Job, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { type KubeObject, kinds, type Typed, type Wire } from '@vibed/store/kube';
import { podPaths } from '../../operator/src/build-pod/job.ts';
import { artifactFrom } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import type { Cluster } from '../lib/cluster.ts';
import { eventually } from '../lib/eventually.ts';
import { type Figure, interleaved, ratios } from './figures.ts';
import type { BenchStage } from './stage.ts';

type PodSpec = Wire<V1PodSpec>;

/** A build as the operator made it: its pod, and a copy of its input that outlives the Job. */
interface Recorded {
  spec: PodSpec;
  repository: string;
  input: string;
}
interface Timed {
  seconds: number;
  cpu: number;
}
type Side = 'ours' | 'hand';

const server = readFileSync(new URL('../apps/express-npm/server.js', import.meta.url), 'utf8');
const changed = { 'server.js': server.replace("'hello'", "'hello again'") };

/** Nanoseconds before and after, and what the children used. */
const timed = 'date +%s%N; "$@"; code=$?; date +%s%N; times; exit "$code"';
/** What a person would type: the same options, build and push. $1 image, $2 tag, then options. */
const byHand = `image=$1; tag=$2; shift 2
buildah build --layers --format oci --retry 3 "$@" --file ${podPaths.dockerfile} --tag "$image:$tag" ${podPaths.context} && buildah push --retry 3 --digestfile /tmp/digest "$image:$tag" "docker://$image:$tag"`;

export async function buildStep(stage: BenchStage, pairs: number): Promise<Figure> {
  const { cluster } = stage;
  await using inputs = new Inputs(cluster, stage.run);
  const app = stage.app(await stage.namespace(), 'express');
  await app.apply(artifactFrom('express-npm', { name: 'express', build: { builder: 'buildah' } }));
  await app.runs();
  const cold = await inputs.record(app.namespace, await app.uid(), 'cold');
  await app.apply(artifactFrom('express-npm', { name: 'express', build: { builder: 'buildah' }, files: changed }));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  const change = await inputs.record(app.namespace, await app.uid(), 'change');

  const { nodeName } = stage.facts;
  const run = async (side: Side, i: number): Promise<{ cold: Timed; change: Timed }> => {
    const repository = `vibed/bench-${stage.run}/${side}-${i}`;
    return {
      cold: await timedPod(cluster, `bench-${stage.run}-${side}-${i}-cold`, {
        ...podOf(cold, side, repository),
        nodeName,
      }),
      change: await timedPod(cluster, `bench-${stage.run}-${side}-${i}-change`, {
        ...podOf(change, side, repository),
        nodeName,
      }),
    };
  };
  const { ours, theirs } = await interleaved(
    pairs,
    i => run('ours', i),
    i => run('hand', i),
  );
  const rows = (['cold', 'change'] as const).flatMap(kind => {
    const seconds = [ours, theirs].map(runs => runs.map(r => r[kind].seconds));
    const cpu = [ours, theirs].map(runs => runs.map(r => r[kind].cpu));
    const what = kind === 'cold' ? 'cold' : 'one-line change';
    return [
      {
        what: `${what}: ours ÷ by hand`,
        unit: '',
        values: ratios(seconds[0] ?? [], seconds[1] ?? []),
        wanted: '≤ 1.05',
      },
      { what: `${what}: ours`, unit: 's', values: seconds[0] ?? [] },
      { what: `${what}: by hand`, unit: 's', values: seconds[1] ?? [] },
      { what: `${what}: ours`, unit: 'CPU-s', values: cpu[0] ?? [] },
      { what: `${what}: by hand`, unit: 'CPU-s', values: cpu[1] ?? [] },
    ];
  });
  return {
    title: 'Build step ÷ Buildah by hand in the same pod',
    rows,
    notes: [
      'Express with npm dependencies; pairs interleaved, in alternating order; packages come over the network when cold.',
    ],
  };
}

function podOf({ spec, repository, input }: Recorded, side: Side, own: string): PodSpec {
  const pod = JSON.parse(JSON.stringify(spec).replaceAll(repository, own)) as PodSpec;
  for (const volume of pod.volumes ?? []) if (volume.name === 'input') volume.configMap = { name: input };
  const build = pod.containers.find(c => c.name === 'build');
  if (build === undefined) throw new Error('the build pod has no container "build"');
  const [, , , , image = '', tag = '', , , ...options] = build.command ?? [];
  const ours = build.command ?? [];
  const hand = ['sh', '-euc', byHand, 'by-hand', image, tag, ...options];
  build.command = ['sh', '-c', timed, 'timed', ...(side === 'ours' ? ours : hand)];
  return pod;
}

async function timedPod({ client, buildNamespace: namespace }: Cluster, name: string, spec: PodSpec): Promise<Timed> {
  const ref = { namespace, name };
  await client.create<KubeObject & { spec: PodSpec }>(kinds.pod, { metadata: ref, spec });
  try {
    const phase = async () => (await client.get<Typed<V1Pod>>(kinds.pod, ref)).status?.phase;
    const ended = await eventually(phase, /Succeeded|Failed/, { within: 300 });
    const log = await client.logs(ref, { container: 'build' });
    if (ended !== 'Succeeded') throw new Error(`${name} failed:\n${log.slice(-2000)}`);
    return readTimes(log);
  } finally {
    await client.delete(kinds.pod, ref, { gracePeriodSeconds: 0 });
  }
}

function readTimes(log: string): Timed {
  const [from = Number.NaN, to = Number.NaN] = [...log.matchAll(/^(\d{19})$/gm)].map(m => Number(m[1]) / 1e9);
  const [user = 0, system = 0] = [...(log.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    m => Number(m[1]) * 60 + Number(m[2]),
  );
  return { seconds: to - from, cpu: user + system };
}

/** Copies of build inputs: the Job's own go away with the Job. */
class Inputs implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #run: string;
  readonly #names: string[] = [];

  constructor(cluster: Cluster, run: string) {
    this.#cluster = cluster;
    this.#run = run;
  }

  async record(namespace: string, uid: string, what: string): Promise<Recorded> {
    const { client, buildNamespace } = this.#cluster;
    const [job] = await childrenOf<Typed<V1Job>>(this.#cluster, kinds.job, namespace, uid);
    const spec = job?.spec?.template.spec as PodSpec;
    const volume = spec.volumes?.find(v => v.name === 'input');
    const input = await client.get<Typed<V1ConfigMap>>(kinds.configMap, {
      namespace: buildNamespace,
      name: volume?.configMap?.name ?? '',
    });
    const name = `bench-${this.#run}-${what}`;
    this.#names.push(name);
    const copy = { metadata: { namespace: buildNamespace, name }, binaryData: input.binaryData ?? {} };
    await client.create<KubeObject>(kinds.configMap, copy as KubeObject);
    const build = spec.containers.find(c => c.name === 'build');
    const repository = (build?.command?.[4] ?? '').split('/').slice(1).join('/');
    return { spec, repository, input: name };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { client, buildNamespace: namespace } = this.#cluster;
    for (const name of this.#names) await client.delete(kinds.configMap, { namespace, name });
  }
}
