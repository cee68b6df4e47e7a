// (e) From the creation of an Artifact to the first 200 at its URL, split at the phases as a watch tells them. The first run of
// each app is cold (no layers, no dependencies in the cache of its repository); each run is an Artifact of its own.
import { setTimeout as pause } from 'node:timers/promises';
import type { V1Ingress } from '@kubernetes/client-node';
import type { Artifact, Phase } from '@vibed/crds';
import { type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import type { App } from '../lib/app.ts';
import { artifactFrom } from '../lib/artifact-from.ts';
import { eventually } from '../lib/eventually.ts';
import { get } from '../lib/http.ts';
import type { Figure, Row } from './figures.ts';
import { type BenchStage, operatorUsage } from './stage.ts';

const apps = { static: 'static-nested', 'plain Node': 'node-plain', Express: 'express-npm' } as const;
export interface Timeline {
  /** Seconds after the creation. */
  at: Partial<Record<Phase, number>>;
  first200: number;
  cpu: number;
}

export async function sourceToUrl(stage: BenchStage, runs: number): Promise<Figure> {
  const namespace = await stage.namespace();
  const rows: Row[] = [];
  for (const [what, folder] of Object.entries(apps)) {
    const lines: Timeline[] = [];
    for (let i = 0; i < runs; i += 1) {
      const app = stage.app(namespace, `${folder}-${i}`);
      lines.push(
        await timeline(
          app,
          artifactFrom(folder, { name: app.name, target: 'kubernetes', build: { builder: 'buildah' } }),
        ),
      );
      await app.delete();
    }
    const between = (from: Phase | undefined, to: Phase) =>
      lines.map(l => (l.at[to] ?? Number.NaN) - (from === undefined ? 0 : (l.at[from] ?? Number.NaN)));
    rows.push(
      { what: `${what}: created → first 200`, unit: 's', values: lines.map(l => l.first200) },
      { what: `${what}: created → building`, unit: 's', values: between(undefined, 'building') },
      { what: `${what}: building → deploying`, unit: 's', values: between('building', 'deploying') },
      { what: `${what}: deploying → running`, unit: 's', values: between('deploying', 'running') },
      { what: `${what}: operator`, unit: 'CPU-s', values: lines.map(l => l.cpu) },
    );
  }
  return {
    title: 'Source → first 200, built by Buildah',
    rows,
    notes: [
      'Inline files, built by Buildah (the layers builder is figure f); one after the other; each run is a new Artifact with an empty layer cache, so Express installs its dependencies over the network each time.',
    ],
  };
}

export async function timeline(app: App, artifact: Artifact): Promise<Timeline> {
  const { client } = app.cluster;
  const { resourceVersion } = await client.list(kinds.artifact, { namespace: app.namespace });
  const stop = new AbortController();
  const before = await operatorUsage(app.cluster);
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const at: Timeline['at'] = {};
  const options = {
    namespace: app.namespace,
    fieldSelector: `metadata.name=${app.name}`,
    resourceVersion,
    timeoutSeconds: 900,
  };
  const follow = async () => {
    for await (const event of client.watch<KubeObject>(kinds.artifact, options, stop.signal)) {
      if (event.type === 'ERROR') throw event.error;
      const phase = event.type === 'BOOKMARK' ? undefined : (event.object as Artifact).status?.phase;
      if (phase !== undefined) at[phase] ??= since();
      if (phase === 'running' || phase === 'failed') return;
    }
  };
  const watching = follow();
  await app.apply(artifact);
  const first200 = await answered(app, since);
  await watching;
  stop.abort();
  if (at.running === undefined) throw new Error(`${app.name} did not run: ${JSON.stringify(at)}`);
  return { at, first200, cpu: (await operatorUsage(app.cluster)).cpu - before.cpu };
}

/** Asks every 25 ms once the Ingress names the host. */
async function answered(app: App, since: () => number): Promise<number> {
  const host = async () => {
    const ingress = await app.cluster.client.get<Typed<V1Ingress>>(kinds.ingress, app.ref);
    return ingress.spec?.rules?.[0]?.host ?? '';
  };
  const url = `http://${await eventually(host, /./, { within: 300, everyMs: 100 })}`;
  for (;;) {
    const answer = await get(url, '/', { port: app.cluster.ingressPort }).catch(() => undefined);
    if (answer?.status === 200) return since();
    if (since() > 300) throw new Error(`${url} never answered 200`);
    await pause(25);
  }
}
