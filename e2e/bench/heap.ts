// (d) Heap of the operator's caches for each object they hold, measured in a process of its own with the real caches on
// objects that this cluster has really had.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { type Figure, type Row, shown } from './figures.ts';
import type { BenchStage } from './stage.ts';

const child = fileURLToPath(new URL('heap-child.ts', import.meta.url));
const count = 1000;
const ofLargest = 200;
const runs = 3;

export async function heap(stage: BenchStage): Promise<Figure> {
  const namespace = await stage.namespace();
  const rows: Row[] = [];
  for (const kibibytes of [4, 128]) {
    const artifact = await running(stage, namespace, `inline-${kibibytes}`, kibibytes);
    rows.push(
      await rowOf(`Artifact, ${kibibytes} KiB inline`, kinds.artifact, artifact, kibibytes > 4 ? ofLargest : count),
    );
  }
  const uid = await stage.app(namespace, 'inline-4').uid();
  const cached: readonly [string, Kind][] = [
    ['version record', kinds.controllerRevision],
    ['build Job', kinds.job],
    ['Deployment', kinds.deployment],
    ['Service', kinds.service],
    ['Ingress', kinds.ingress],
    ['ConfigMap (metadata)', kinds.configMap],
  ];
  for (const [what, kind] of cached) {
    const [object] = await childrenOf(stage.cluster, kind, namespace, uid);
    if (object !== undefined) rows.push(await rowOf(what, kind, object, count));
  }
  const pods = await childrenOf(stage.cluster, kinds.pod, namespace, uid);
  for (const pod of pods) {
    const what = pod.metadata.namespace === namespace ? 'app Pod' : 'build Pod';
    rows.push(await rowOf(what, kinds.pod, pod, count));
  }
  return {
    title: 'Heap per cached object',
    rows,
    notes: [
      `What ${count} copies more of an object of this cluster add to as many, ${ofLargest} of the largest, as of as many apps, in the operator’s own caches. So what is there once (compiled code) does not count.`,
    ],
  };
}

async function running(stage: BenchStage, namespace: string, name: string, kibibytes: number): Promise<KubeObject> {
  const page = artifactFrom('static-nested').spec.source.files ?? [];
  const size = page.reduce((sum, file) => sum + file.content.length, 0);
  const filler = { path: 'filler.txt', content: 'x'.repeat(Math.max(0, kibibytes * 1024 - size - 64)) };
  const app = stage.app(namespace, name);
  await app.apply(artifactOf({ files: [...page, filler] }, { name }));
  await app.runs();
  return await app.read();
}

async function rowOf(what: string, kind: Kind, object: KubeObject, copies: number): Promise<Row> {
  const values: number[] = [];
  for (let i = 0; i < runs; i += 1) values.push(await bytesOf(kind, object, copies));
  const wire = Buffer.byteLength(JSON.stringify(object));
  return { what: `${what} (${shown(wire)} bytes as JSON)`, unit: 'bytes', values, wanted: '≤ 1638' };
}

async function bytesOf(kind: Kind, object: KubeObject, copies: number): Promise<number> {
  const some = await heapOf(kind, object, copies);
  return ((await heapOf(kind, object, 2 * copies)) - some) / copies;
}

async function heapOf(kind: Kind, object: KubeObject, copies: number): Promise<number> {
  const measured = spawn(process.execPath, ['--expose-gc', child, kind.plural, String(copies)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  measured.stdin.end(JSON.stringify(object));
  return (JSON.parse(await text(measured.stdout)) as { bytes: number }).bytes;
}
