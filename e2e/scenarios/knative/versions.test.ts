import { kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom } from '../../lib/artifact-from.ts';
import { Creations } from '../../lib/creations.ts';
import { eventually, throughout } from '../../lib/eventually.ts';
import { fails } from '../../lib/fails.ts';
import { askVersion, fallsAsleep, knativeServiceOf, podsOf, revisionOf, revisionsOf } from '../../lib/knative.ts';
import { plainApp } from '../../lib/plain-app.ts';
import { proves, scenario } from '../../lib/scenario.ts';

scenario(
  'update, versions by their own URLs, failed update, rollback by traffic',
  proves('knative.rollback-by-traffic', 'knative.version-urls', 'knative.no-downtime'),
  async stage => {
    const app = stage.app('versions');
    await app.apply(plainApp('one'));
    await app.runs();
    await using visitors = await app.steadyProbe();

    await app.apply(plainApp('two', 'b'));
    await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
    expect((await app.ask('/')).text).toBe('two b');
    expect((await askVersion(app, 1)).text).toBe('one a');
    expect((await askVersion(app, 2)).text).toBe('two b');

    await app.apply(artifactFrom('failing/crash-loop'));
    const failed = await fails(app, 'CrashLoop', { step: 'deploy', remedy: /\S/, excerpt: /DATABASE_URL/ });
    expect(failed).toMatchObject({ target: 'knative', serving: { version: 2 }, failure: { version: 3 } });
    expect((await app.ask('/')).text).toBe('two b');

    // Back and forth, so that both are awake; nothing is built and no Revision made.
    await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
    const [first, second] = [await app.recordedSpec(1), await app.recordedSpec(2)];
    await eventually(async () => (await revisionsOf(app)).length, 2 as number, { within: 60 });
    const revisions = await revisionsOf(app);
    const template = (await knativeServiceOf(app)).spec.template.metadata.name;
    for (const [spec, text] of [
      [first, 'one a'],
      [second, 'two b'],
      [first, 'one a'],
    ] as const) {
      const written = performance.now();
      await app.apply({ ...plainApp('unused'), spec });
      await eventually(async () => (await app.ask('/')).text, text, { within: 90, everyMs: 10 });
      console.log(`rollback to "${text}": ${Math.round(performance.now() - written)} ms from the spec to the answer`);
      await app.runs();
    }
    expect((await app.state()).serving?.version).toBe(1);
    expect(await jobs.end()).toEqual([]);
    expect(await revisionsOf(app)).toEqual(revisions);
    expect((await knativeServiceOf(app)).spec.template.metadata.name).toBe(template);

    const report = await visitors.stop();
    expect(report.failures).toEqual([]);
    expect(report.bodies).toEqual(['one a', 'two b']);
  },
);

scenario('an app nobody asks sleeps, and wakes', proves('knative.sleeps-and-wakes'), async stage => {
  const app = stage.app('sleepy');
  await app.apply(plainApp('awake'));
  await app.runs();
  await fallsAsleep(app);
  await throughout(3, async () => (await app.state()).phase, 'running' as const);
  expect(await podsOf(app)).toEqual([]);
  const asked = performance.now();
  expect((await app.ask('/')).text).toBe('awake a');
  console.log(`woken: ${Math.round(performance.now() - asked)} ms to the answer`);
});

scenario('scale settings reach Knative', proves('knative.scale'), async stage => {
  const app = stage.app('scaled');
  const artifact = plainApp('scaled');
  const scale = { min: 1, max: 2, concurrency: 7, scaleDownDelay: '30s' };
  await app.apply({ ...artifact, spec: { ...artifact.spec, run: { ...artifact.spec.run, scale } } });
  await app.runs();
  const revision = await revisionOf(app);
  expect(revision.spec?.containerConcurrency).toBe(7);
  expect(revision.metadata.annotations).toMatchObject({
    'autoscaling.knative.dev/min-scale': '1',
    'autoscaling.knative.dev/max-scale': '2',
    'autoscaling.knative.dev/scale-down-delay': '30s',
  });
  await throughout(45, async () => (await podsOf(app)).length, 1 as number);
});

scenario('what is deleted or edited by hand comes back', proves('knative.children-return'), async stage => {
  const { client } = stage.cluster;
  const app = stage.app('tough');
  await app.apply(plainApp('here'));
  await app.runs();
  const service = await knativeServiceOf(app);
  await client.mergePatch(kinds.knativeService, service.metadata, {
    spec: { traffic: [{ latestRevision: true, percent: 100 }] },
  });
  await eventually(
    async () => (await knativeServiceOf(app)).spec.traffic[0],
    { tag: 'v1', percent: 100 },
    { within: 30 },
  );
  await client.delete(kinds.knativeService, service.metadata);
  const other = async () => (await knativeServiceOf(app)).metadata.uid !== service.metadata.uid;
  await eventually(other, true as boolean, { within: 60 });
  await eventually(async () => (await app.ask('/')).text, 'here a', { within: 90 });
  await app.reaches({ current: true, phase: 'running', serving: { version: 1 } }, { evenIfFailed: true });
});
