// These stop the operator or watch it being quiet, so nothing else may run meanwhile.
import { kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom } from '../../lib/artifact-from.ts';
import { auditMark, operatorWritesSince } from '../../lib/audit.ts';
import { childrenOf } from '../../lib/children.ts';
import { eventually, throughout } from '../../lib/eventually.ts';
import { namespacesGone } from '../../lib/namespace.ts';
import { killOperator, operatorReady, withoutOperator } from '../../lib/operator.ts';
import { proves, scenario } from '../../lib/scenario.ts';

/** Seconds in which a busy operator would have shown itself. */
const quietSeconds = 20;

scenario('apps serve on without the operator', proves('operator.dead-apps-serve'), async stage => {
  const app = stage.app('on-its-own');
  await app.apply(artifactFrom('node-plain'));
  await app.runs();
  const pods = async () => await childrenOf(stage.cluster, kinds.pod, stage.namespace, await app.uid());

  await withoutOperator(stage.cluster, async () => {
    await using visitors = await app.steadyProbe();
    await throughout(5, async () => (await app.ask('/')).status, 200 as number);
    expect((await visitors.stop()).failures).toEqual([]);

    const names = (await pods()).map(pod => pod.metadata.name);
    for (const pod of await pods())
      await stage.cluster.client.delete(kinds.pod, pod.metadata, { gracePeriodSeconds: 0 });
    const others = async () => (await pods()).some(pod => !names.includes(pod.metadata.name));
    await eventually(others, true as boolean);
    await eventually(async () => (await app.ask('/')).status, 200 as number);
  });
  await app.runs();
});

scenario('the operator is killed during a build', proves('operator.killed-converges'), async stage => {
  const app = stage.app('interrupted');
  await app.apply(artifactFrom('express-npm'));
  await app.reaches({ current: true, phase: 'building' });
  await killOperator(stage.cluster);
  await app.runs();
  expect(JSON.parse((await app.ask('/')).text)).toMatchObject({ app: 'express-npm' });
  const jobs = await childrenOf(stage.cluster, kinds.job, stage.namespace, await app.uid());
  expect(jobs.length).toBeLessThanOrEqual(1);
  await operatorReady(stage.cluster);
});

scenario('a second reconcile writes nothing', proves('operator.quiet'), async stage => {
  const { client } = stage.cluster;
  await namespacesGone(client);
  const app = stage.app('settled');
  await app.apply(artifactFrom('node-plain'));
  const settled = await app.runs();
  const failing = stage.app('failed');
  await failing.apply(artifactFrom('failing/bad-build'));
  await failing.reaches({ current: true, phase: 'failed' });
  await operatorReady(stage.cluster);
  const unchanged = async () => await app.state();
  await throughout(5, unchanged, { phase: 'running' });

  const idle = await auditMark(stage.cluster);
  await throughout(quietSeconds, unchanged, { phase: 'running' });
  expect(await operatorWritesSince(stage.cluster, idle)).toEqual([]);

  const touched = await auditMark(stage.cluster);
  await client.mergePatch(kinds.artifact, app.ref, {
    metadata: { annotations: { 'example.com/note': 'of no concern' } },
  });
  await throughout(5, unchanged, { phase: 'running' });
  expect(await operatorWritesSince(stage.cluster, touched)).toEqual([]);

  const restarted = await auditMark(stage.cluster);
  await killOperator(stage.cluster);
  await operatorReady(stage.cluster);
  await throughout(quietSeconds, unchanged, { phase: 'running' });
  expect(await operatorWritesSince(stage.cluster, restarted)).toEqual([]);
  expect(await app.state()).toEqual(settled);
});
