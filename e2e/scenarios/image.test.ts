import { expect } from 'vitest';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { Creations } from '../lib/creations.ts';
import { PhaseRecord } from '../lib/phases.ts';
import { leavesNoOrphan } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario('a prebuilt image', proves('source.image', 'path.no-orphan'), async stage => {
  const builder = stage.app('built');
  await builder.apply(artifactFrom('node-plain'));
  const { build } = await builder.runs();

  const app = stage.app('prebuilt');
  await using record = await PhaseRecord.of(stage.cluster.client, stage.namespace, app.name);
  const env = [{ name: 'MODE', value: 'prebuilt' }];
  const created = await app.apply(artifactOf({ image: { ref: build?.image ?? '' } }, { run: { port: 4000, env } }));
  await using jobs = await Creations.ofJobs(stage.cluster, created.metadata.uid ?? '');
  const state = await app.runs();
  expect(state.serving?.image).toBe(build?.image);
  expect(JSON.parse((await app.ask('/')).text)).toMatchObject({ mode: 'prebuilt' });
  expect(await jobs.end()).toEqual([]);
  expect(await record.end()).not.toContain('building');
  await leavesNoOrphan(app);
});
