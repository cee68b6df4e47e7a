// What can happen to Knative and to the operator; nothing else may run meanwhile.
import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom, artifactOf } from '../../../lib/artifact-from.ts';
import { auditMark, operatorWritesSince } from '../../../lib/audit.ts';
import { eventually, throughout } from '../../../lib/eventually.ts';
import { fallsAsleep, installKnative, podsOf, withoutWebhook } from '../../../lib/knative.ts';
import { withoutOperator } from '../../../lib/operator.ts';
import { proves, scenario } from '../../../lib/scenario.ts';

scenario('nothing is written while nothing happens, also asleep and waking', proves('knative.quiet'), async stage => {
  const app = stage.app('settled');
  await app.apply(artifactFrom('node-plain'));
  const settled = await app.runs();
  await throughout(5, () => app.state(), { phase: 'running' });
  const mark = await auditMark(stage.cluster);
  await fallsAsleep(app);
  expect((await app.ask('/')).status).toBe(200);
  await throughout(10, () => app.state(), { phase: 'running' });
  expect(await operatorWritesSince(stage.cluster, mark)).toEqual([]);
  expect(await app.state()).toEqual(settled);
});

scenario('apps serve, sleep and wake without the operator', proves('knative.operator-dead'), async stage => {
  const app = stage.app('on-its-own');
  await app.apply(artifactFrom('node-plain'));
  await app.runs();
  await withoutOperator(stage.cluster, async () => {
    expect((await app.ask('/')).status).toBe(200);
    await fallsAsleep(app);
    expect((await app.ask('/')).status).toBe(200);
    expect((await podsOf(app)).length).toBeGreaterThan(0);
  });
  await app.runs();
});

scenario('Knative’s webhook is down', proves('knative.webhook-down'), async stage => {
  const built = stage.app('built');
  await built.apply(artifactFrom('node-plain'));
  const { build } = await built.runs();
  const app = stage.app('patient');
  await withoutWebhook(stage.cluster, async () => {
    const mark = await auditMark(stage.cluster);
    await app.apply(artifactOf({ image: { ref: build?.image ?? '' } }, {}));
    await throughout(20, async () => (await app.state()).serving !== undefined, false as boolean);
    const tried = (await operatorWritesSince(stage.cluster, mark)).filter(w => w.startsWith('create services'));
    // It backs off: some tries, not hundreds.
    expect(tried.length).toBeGreaterThan(1);
    expect(tried.length).toBeLessThan(25);
    expect((await built.ask('/')).status).toBe(200);
  });
  expect((await app.runs({ within: 200, evenIfFailed: true })).target).toBe('knative');
});

scenario('Knative’s CRDs are removed and come back', proves('knative.crds-return'), async stage => {
  const { client } = stage.cluster;
  const app = stage.app('bereft');
  await app.apply(artifactFrom('node-plain'));
  await app.runs();
  const stays = stage.app('elsewhere');
  await stays.apply(artifactFrom('node-plain', { target: 'kubernetes' }));
  await stays.runs();

  const crds = (await client.list<KubeObject>(kinds.crd, { metadataOnly: true })).items;
  for (const { metadata } of crds.filter(c => c.metadata.name.endsWith('.serving.knative.dev')))
    await client.delete(kinds.crd, metadata);
  const said = async () => (await app.state()).conditions.Accepted?.reason;
  await eventually(said, 'TargetUnavailable', { within: 90 });
  expect((await stays.ask('/')).status).toBe(200);
  const next = stage.app('next');
  await next.apply(artifactFrom('node-plain'));
  expect((await next.runs()).target).toBe('kubernetes');

  await installKnative();
  const healed = await app.reaches({ current: true, phase: 'running' }, { within: 200, evenIfFailed: true });
  expect(healed.target).toBe('knative');
  await eventually(async () => (await app.ask('/')).status, 200 as number, { within: 60 });
  expect((await next.state()).target).toBe('kubernetes');
});
