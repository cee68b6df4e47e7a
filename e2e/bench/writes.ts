// (c) What the operator writes, by the apiserver's own account: over the life of an Artifact, and while nothing happens.
import { setTimeout as pause } from 'node:timers/promises';
import type { Artifact } from '@vibed/crds';
import { imageByDigest } from '../crash/cluster-inside.ts';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { auditMark, operatorWritesSince } from '../lib/audit.ts';
import type { Figure } from './figures.ts';
import type { BenchStage } from './stage.ts';

const idleSeconds = 60;

export async function writes(stage: BenchStage): Promise<Figure> {
  const image = await imageByDigest(stage.facts, 'nginxinc/nginx-unprivileged', '1.22');
  const lives: Record<string, { artifact: Artifact; wanted: string }> = {
    'a prebuilt image': { artifact: artifactOf({ image: { ref: image } }, { name: 'image' }), wanted: '≤ 10' },
    'inline files, by Buildah': {
      artifact: artifactFrom('static-nested', { name: 'inline', build: { builder: 'buildah' } }),
      wanted: '≤ 15',
    },
    'inline files, laid onto a base': { artifact: artifactFrom('static-nested', { name: 'layers' }), wanted: '≤ 15' },
  };
  const namespace = await stage.namespace();
  const rows = [];
  const notes = [];
  for (const [what, { artifact, wanted }] of Object.entries(lives)) {
    const app = stage.app(namespace, artifact.metadata.name);
    const created = await recorded(stage, namespace, app.name, async () => {
      await app.apply(artifact);
      await app.runs();
    });
    const deleted = await recorded(stage, namespace, app.name, () => app.delete());
    rows.push({ what: `${what}: created → running`, unit: 'writes', values: [created.length], wanted });
    rows.push({ what: `${what}: deleted → gone`, unit: 'writes', values: [deleted.length] });
    notes.push(`${what}, created: ${shortly(created)}.`, `${what}, deleted: ${shortly(deleted)}.`);
  }
  const idle = await quietly(stage);
  rows.push({ what: `idle for ${idleSeconds} s`, unit: 'writes', values: [idle.length], wanted: '0' });
  return { title: 'Operator writes, from the audit log, without Leases and Events', rows, notes };
}

/** Writes for one artifact while `act` goes on, and shortly after. */
async function recorded({ cluster }: BenchStage, namespace: string, name: string, act: () => Promise<void>) {
  const mark = await auditMark(cluster);
  await act();
  await pause(4000);
  const all = await operatorWritesSince(cluster, mark);
  return all.filter(
    line =>
      line.includes(`${namespace}/`) ||
      line.includes(`${cluster.buildNamespace}/${name}-`) ||
      line.includes(`${cluster.buildNamespace}/undefined`),
  );
}

async function quietly({ cluster }: BenchStage): Promise<string[]> {
  const mark = await auditMark(cluster);
  await pause(idleSeconds * 1000);
  return await operatorWritesSince(cluster, mark);
}

/** `patch artifacts/status ×3, create deployments`, in the order of their first. */
function shortly(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const what = line.split(' ').slice(0, 2).join(' ');
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => (count === 1 ? what : `${what} ×${count}`)).join(', ');
}
