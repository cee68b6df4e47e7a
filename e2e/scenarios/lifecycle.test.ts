import { kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import type { App } from '../lib/app.ts';
import { artifactFrom } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { Creations } from '../lib/creations.ts';
import { eventually } from '../lib/eventually.ts';
import { proves, type Stage, scenario } from '../lib/scenario.ts';

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

async function isStopped(stage: Stage, app: App, url: string): Promise<void> {
  const pods = async () => (await childrenOf(stage.cluster, kinds.pod, stage.namespace, await app.uid())).length;
  await eventually(pods, 0 as number, { within: 90 });
  expect((await app.state()).url).toBeUndefined();
  expect((await app.askAt(url)).status).toBeGreaterThanOrEqual(400);
  expect((await app.recordedSpec(1)).source.files).toBeDefined();
}

scenario('suspend and resume', proves('versions.suspend'), async stage => {
  const app = stage.app('sleeper');
  await app.apply(artifactFrom('node-plain'));
  const { url = '' } = await app.runs();
  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());

  await app.patchSpec({ suspend: true });
  const suspended = await app.reaches({ current: true, phase: 'suspended' });
  expect(suspended.conditions).toMatchObject({ Ready: { status: 'True', reason: 'Suspended' } });
  await isStopped(stage, app, url);

  await app.patchSpec({ suspend: null });
  expect((await app.runs()).url).toBe(url);
  expect(JSON.parse((await app.ask('/')).text)).toMatchObject({ app: 'node-plain' });
  expect(await jobs.end()).toEqual([]);
});

scenario('an app with an end', proves('versions.expires'), async stage => {
  const app = stage.app('mayfly');
  await app.apply(artifactFrom('node-plain'));
  const { url = '' } = await app.runs();

  await app.patchSpec({ expiresAt: inSeconds(12) });
  await app.runs();
  const expired = await app.reaches({ current: true, phase: 'suspended' }, { within: 60 });
  expect(expired.conditions).toMatchObject({ Ready: { status: 'True', reason: 'Expired' } });
  await isStopped(stage, app, url);

  await app.patchSpec({ expiresAt: inSeconds(3600) });
  await app.runs();
  expect((await app.ask('/')).status).toBe(200);
});
