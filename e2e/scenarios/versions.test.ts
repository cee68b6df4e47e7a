import { kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { Creations } from '../lib/creations.ts';
import { eventually, throughout } from '../lib/eventually.ts';
import { fails } from '../lib/fails.ts';
import { plainApp } from '../lib/plain-app.ts';
import { deploymentsOf } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario(
  'update, failed update, rollback',
  proves('versions.no-downtime', 'versions.failed-update', 'versions.rollback', 'path.probe'),
  async stage => {
    const app = stage.app('versions');
    await app.apply(plainApp('one'));
    await app.runs();
    await using visitors = await app.steadyProbe();

    await app.apply(plainApp('two', 'b'));
    await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
    // The old version drains while visitors go on.
    await eventually(async () => (await deploymentsOf(app)).length, 1 as number, { within: 90 });
    expect((await app.ask('/')).text).toBe('two b');

    await app.apply(artifactFrom('failing/crash-loop'));
    const failed = await fails(app, 'CrashLoop', { step: 'deploy', remedy: /\S/, excerpt: /DATABASE_URL/ });
    expect(failed).toMatchObject({ desired: { version: 3 }, serving: { version: 2 }, failure: { version: 3 } });
    expect(failed.conditions.Available?.status).toBe('True');
    expect((await app.ask('/')).text).toBe('two b');

    await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
    await app.apply({ ...plainApp('unused'), spec: await app.recordedSpec(1) });
    await app.reaches({ current: true, phase: 'running', serving: { version: 1 } });
    await eventually(async () => (await app.ask('/')).text, 'one a', { within: 20 });
    await eventually(async () => (await deploymentsOf(app)).length, 1 as number, { within: 90 });
    expect(await jobs.end()).toEqual([]);

    const report = await visitors.stop();
    expect(report.failures).toEqual([]);
    expect(report.bodies).toEqual(['one a', 'two b']);
    expect(report.requests).toBeGreaterThan(100);
  },
);

scenario('what an update does not send is gone', proves('versions.full-replacement'), async stage => {
  const app = stage.app('replaced');
  const files = [
    { path: 'index.html', content: 'first' },
    { path: 'old/page.html', content: 'old' },
  ];
  await app.apply(artifactOf({ files }, {}));
  await app.runs();
  expect((await app.ask('/old/page.html')).text).toBe('old');

  await app.apply(artifactOf({ files: [{ path: 'index.html', content: 'second' }] }, {}));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  expect((await app.ask('/')).text).toBe('second');
  expect((await app.ask('/old/page.html')).text).not.toBe('old');
});

scenario(
  'a newer spec cancels the running build',
  proves('versions.supersede', 'versions.suspend-build'),
  async stage => {
    const app = stage.app('hasty');
    await app.apply(artifactFrom('failing/slow-build'));
    await app.reaches({ current: true, phase: 'building' });
    const jobs = async () =>
      (await childrenOf(stage.cluster, kinds.job, stage.namespace, await app.uid())).map(job => job.metadata.name);
    const [slow = 'no job'] = await jobs();

    await app.patchSpec({ suspend: true });
    await app.reaches({ current: true, phase: 'suspended' });
    await eventually(jobs, [], { within: 60 });
    await app.patchSpec({ suspend: false });
    await app.reaches({ current: true, phase: 'building' });

    await app.apply(plainApp('quick'));
    await app.runs();
    expect(await jobs()).not.toContain(slow);
    expect((await app.ask('/')).text).toBe('quick a');
  },
);

scenario('the history limit', proves('versions.history-limit'), async stage => {
  const app = stage.app('history');
  const at = (mode: string) => {
    const artifact = plainApp('same', mode);
    return { ...artifact, spec: { ...artifact.spec, historyLimit: 2 } };
  };
  await app.apply(at('m1'));
  await app.runs();
  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
  for (const version of [2, 3, 4]) {
    await app.apply(at(`m${version}`));
    await app.reaches({ current: true, phase: 'running', serving: { version } });
  }
  // How an app runs is a version of its own, and needs no build.
  expect(await jobs.end()).toEqual([]);
  expect((await app.ask('/')).text).toBe('same m4');
  const records = async () => {
    const found = await childrenOf(stage.cluster, kinds.controllerRevision, stage.namespace, await app.uid());
    return found.map(r => r.metadata.name).sort();
  };
  await eventually(records, ['history-v3', 'history-v4'], { within: 20 });
  await throughout(3, records, ['history-v3', 'history-v4']);
});
