// (f) The layers builder against Buildah: both from a file to the first right answer at the URL, in pairs, on one cluster. (g) What
// the operator holds in memory while it makes twenty images at once.
import { setTimeout as pause } from 'node:timers/promises';
import type { V1Deployment } from '@kubernetes/client-node';
import type { Artifact } from '@vibed/crds';
import { kinds, type Typed } from '@vibed/store/kube';
import type { App } from '../lib/app.ts';
import { artifactFrom, type Overrides } from '../lib/artifact-from.ts';
import { get } from '../lib/http.ts';
import { askRegistry } from '../lib/registry.ts';
import { type Figure, interleaved, type Row, ratios } from './figures.ts';
import { timeline } from './source-to-url.ts';
import { type BenchStage, operatorUsage } from './stage.ts';

type Builder = 'layers' | 'buildah';
interface Sample {
  what: string;
  folder: string;
  wantedCold?: string;
  wantedRatio?: string;
  /** A one-line change whose effect `/` shows. */
  change?: { path: string; from: string; to: string; wanted: string };
}
const samples: readonly Sample[] = [
  { what: 'static', folder: 'static-nested', wantedCold: '≤ 3 s' },
  { what: 'plain Node', folder: 'node-plain', wantedCold: '≤ 4 s' },
  {
    what: 'Express',
    folder: 'express-npm',
    wantedRatio: '≤ 0.7',
    change: { path: 'server.js', from: "'hello'", to: "'hello again'", wanted: '≤ 0.25' },
  },
  {
    what: 'Vite',
    folder: 'vite-react',
    wantedRatio: '≤ 0.7',
    change: { path: 'src/App.jsx', from: 'built by vite', to: 'built by vite again', wanted: '≤ 0.25' },
  },
];

interface Run {
  cold: number;
  change: number;
  /** Bytes in the registry that are not the base's: of the first version, and what the second added. */
  bytes: number;
  added: number;
}

export async function layersFigure(stage: BenchStage, pairs: number): Promise<Figure> {
  const namespace = await stage.namespace();
  const rows: Row[] = [];
  for (const sample of samples) {
    // One of each goes before, so that both find their images on the node.
    await runOf(stage, namespace, sample, 'layers', 'warm');
    const { ours, theirs } = await interleaved(
      pairs,
      i => runOf(stage, namespace, sample, 'layers', `${i}`),
      i => runOf(stage, namespace, sample, 'buildah', `${i}`),
    );
    rows.push(...rowsOf(sample, ours, theirs));
  }
  return {
    title: 'The layers builder against Buildah: source → first 200',
    rows,
    notes: [
      'Inline files; a new Artifact each time, so dependencies come over the network when cold; the change is one line with an unchanged lockfile, until / shows it (Vite: the name of its script).',
      'Bytes are compressed layers beyond the base: of the first version, and those that the second one added.',
    ],
  };
}

function rowsOf(
  { what, wantedCold, wantedRatio, change }: Sample,
  ours: readonly Run[],
  theirs: readonly Run[],
): Row[] {
  const of = (runs: readonly Run[], key: keyof Run) => runs.map(run => run[key]);
  const both = (label: string, key: keyof Run, unit: string, wanted?: string): Row[] => [
    { what: `${what}, ${label}: layers`, unit, values: of(ours, key), ...(wanted !== undefined && { wanted }) },
    { what: `${what}, ${label}: Buildah`, unit, values: of(theirs, key) },
  ];
  const ratio = (label: string, key: keyof Run, wanted?: string): Row => ({
    what: `${what}, ${label}: layers ÷ Buildah`,
    unit: '',
    values: ratios(of(ours, key), of(theirs, key)),
    ...(wanted !== undefined && { wanted }),
  });
  return [
    ...both('first version', 'cold', 's', wantedCold),
    ratio('first version', 'cold', wantedRatio),
    ...(change === undefined
      ? []
      : [...both('one line changed', 'change', 's'), ratio('one line changed', 'change', change.wanted)]),
    ...both('first version', 'bytes', 'bytes'),
    ...(change === undefined ? [] : both('one line changed', 'added', 'bytes')),
  ];
}

async function runOf(stage: BenchStage, namespace: string, sample: Sample, builder: Builder, id: string): Promise<Run> {
  const app = stage.app(namespace, `${builder}-${sample.folder}-${id}`);
  const artifactWith = (more: Overrides = {}) =>
    artifactFrom(sample.folder, { name: app.name, build: { builder }, ...more });
  const first = artifactWith();
  const { first200 } = await timeline(app, first);
  const before = await layersOf(stage, app);
  const change =
    sample.change === undefined
      ? Number.NaN
      : await changed(app, artifactWith({ files: fileWith(first, sample.change) }));
  const after = await layersOf(stage, app);
  await app.delete();
  const added = [...after].filter(([digest]) => !before.has(digest));
  const sum = (layers: Iterable<[string, number]>) => [...layers].reduce((total, [, size]) => total + size, 0);
  return { cold: first200, change, bytes: sum(before), added: sum(added) };
}

function fileWith({ spec }: Artifact, { path, from, to }: NonNullable<Sample['change']>): Record<string, string> {
  const text = spec.source.files?.find(file => file.path === path)?.content ?? '';
  if (!text.includes(from)) throw new Error(`${path} does not contain ${from}`);
  return { [path]: text.replace(from, to) };
}

/** Seconds until `/` says something else than before. */
async function changed(app: App, artifact: Artifact): Promise<number> {
  const url = await app.url();
  const ask = () => get(url, '/', { port: app.cluster.ingressPort }).catch(() => undefined);
  const before = (await ask())?.text;
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  await app.apply(artifact);
  for (;;) {
    const answer = await ask();
    if (answer?.status === 200 && answer.text !== before) break;
    if (since() > 300) throw new Error(`${app.name} did not change`);
    await pause(25);
  }
  const took = since();
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  return took;
}

/** Digest → bytes of the serving image's layers beyond the base: of all its layers those that no other sample's base has. */
async function layersOf(stage: BenchStage, app: App): Promise<Map<string, number>> {
  const image = (await app.state()).serving?.image ?? '';
  const [, repository = '', digest = ''] = /^[^/]+\/(.+)@(.+)$/.exec(image) ?? [];
  const read = async (name: string, reference: string) => {
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    const answer = await askRegistry(stage.facts, `/v2/${name}/manifests/${reference}`, { headers: { accept } });
    if (!answer.ok) throw new Error(`${name}:${reference}: ${answer.status}`);
    return (await answer.json()) as { layers: { digest: string; size: number }[] };
  };
  const bases = await Promise.all(
    [
      ['nginxinc/nginx-unprivileged', '1.22'],
      ['library/node', '24-slim'],
    ].map(([name = '', tag = '']) => read(name, tag)),
  );
  const known = new Set(bases.flatMap(base => base.layers.map(layer => layer.digest)));
  const { layers } = await read(repository, digest);
  return new Map(layers.filter(layer => !known.has(layer.digest)).map(({ digest: d, size }) => [d, size]));
}

const atOnce = 20;

export async function layersMemory(stage: BenchStage): Promise<Figure> {
  const namespace = await stage.namespace();
  const megabytes = async () => (await operatorUsage(stage.cluster)).bytes / 2 ** 20;
  const before = await megabytes();
  // Past what a ConfigMap or an etcd object would like: 100 KiB that gzip cannot make smaller.
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('base64');
  const apps = Array.from({ length: atOnce }, (_, i) => stage.app(namespace, `many-${i}`));
  const started = performance.now();
  let most = before;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, await megabytes());
      await pause(100);
    }
  })();
  await Promise.all(
    apps.map((app, i) =>
      app.apply(artifactFrom('static-nested', { name: app.name, files: { 'n.txt': `${i}${noise}` } })),
    ),
  );
  const built = apps.map(app => app.reaches({ build: { builder: 'layers' } }));
  await Promise.all(built);
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(apps.map(app => app.runs()));
  isOver = true;
  await watching;
  const limit = (
    await stage.cluster.client.get<Typed<V1Deployment>>(kinds.deployment, {
      namespace: stage.cluster.systemNamespace,
      name: stage.cluster.operatorDeployment,
    })
  ).spec?.template.spec?.containers[0]?.resources?.limits?.memory;
  return {
    title: `The operator while it makes ${atOnce} images at once`,
    rows: [
      { what: 'resident before', unit: 'MiB', values: [before] },
      { what: 'resident, at most', unit: 'MiB', values: [most] },
      { what: 'until all images were made', unit: 's', values: [seconds] },
    ],
    notes: [
      `Static sites of 80 KiB that do not compress, by as many Artifacts of one namespace; the limit of its container is ${limit}.`,
    ],
  };
}
