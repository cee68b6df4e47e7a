// What the owner of a workspace can create there with kubectl: objects that look like vibeD's own.
import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import type { App } from '../lib/app.ts';
import { artifactFrom } from '../lib/artifact-from.ts';
import { type AttackStage, attack } from '../lib/attack.ts';
import { eventually, throughout } from '../lib/eventually.ts';
import { barePod, createSet, exists, foreignJob, identityOf, revision, statefulSet } from '../lib/foreign-objects.ts';
import { plainApp } from '../lib/plain-app.ts';
import { proves } from '../lib/scenario.ts';

const managed = { 'app.kubernetes.io/managed-by': 'vibed' };

attack('revisions that are no versions', proves('hostile.objects'), async ({ cluster: { client }, namespace, app }) => {
  await createSet(client, namespace, 'managed', managed);
  const first = app('first');
  await first.apply(plainApp('one'));
  await first.runs();
  const identity = await identityOf(first);
  await createSet(client, namespace, 'identical', identity);
  for (const [i, data] of [{}, { spec: 5 }, { version: 9, hash: [], spec: null }].entries())
    await client.create(kinds.controllerRevision, revision(namespace, `first-v${90 + i}`, identity, data));

  await first.apply(plainApp('two'));
  await first.runs();
  expect((await first.ask('/')).text).toContain('two');
  expect((await first.recordedSpec(2)).source.files).toBeDefined();
  // They carry its labels, so they go with it, and come back no longer than their makers are there.
  await client.delete(statefulSet, { namespace, name: 'identical' });
  await first.delete();
});

attack('Jobs that are no builds', proves('hostile.objects'), async ({ cluster: { client }, namespace, app }) => {
  const builder = app('builder');
  const identity = { ...managed, 'app.kubernetes.io/instance': 'builder', 'vibed.dev/artifact-namespace': namespace };
  const labels = { ...identity, 'vibed.dev/artifact-uid': 'nobody' };
  await client.create(kinds.job, foreignJob(namespace, 'first-in-line', labels, true));
  for (const name of ['takes-a-place', 'takes-another'])
    await client.create(kinds.job, foreignJob(namespace, name, labels, false));

  await builder.apply(artifactFrom('express-npm'));
  await builder.runs();
  const { spec } = await client.get<KubeObject & { spec?: { suspend?: boolean } }>(kinds.job, {
    namespace,
    name: 'first-in-line',
  });
  expect(spec?.suspend, 'the foreign Job is nobody’s to start').toBe(true);
});

attack('children of a neighbour, elsewhere', proves('hostile.objects'), async stage => {
  const { client } = stage.cluster;
  const { namespace, neighbour } = stage;
  const stolen = await identityOf(neighbour.app);
  await client.create(kinds.job, foreignJob(namespace, 'stolen', stolen, false));
  await client.create(kinds.job, foreignJob(namespace, 'stolen-too', stolen, true));
  await client.create(kinds.pod, barePod(namespace, 'stolen', stolen));
  await client.create(kinds.configMap, { metadata: { name: 'stolen', namespace, labels: stolen } });
  const own = { ...stolen, 'vibed.dev/artifact-namespace': namespace };
  await client.create(kinds.pod, barePod(namespace, 'same-uid', own));
  await throughout(5, async () => (await neighbour.app.ask('/')).status, 200 as number);
});

attack('pods that hold up a deletion', proves('hostile.objects'), async stage => {
  const { client } = stage.cluster;
  const { namespace } = stage;
  const bare = await running(stage, 'bare');
  await client.create(kinds.pod, barePod(namespace, 'left-over', await identityOf(bare)));
  await bare.delete();
  expect(await exists(client, kinds.pod, { namespace, name: 'left-over' })).toBe(false);

  const held = await running(stage, 'held');
  await client.create(kinds.pod, barePod(namespace, 'held-back', await identityOf(held), ['example.com/held']));
  const gone = held.delete();
  const awaited = async () => (await held.state()).conditions.Reconciling?.message ?? '';
  await eventually(awaited, /Pod .*held-back/, { within: 90 });
  await client.mergePatch(kinds.pod, { namespace, name: 'held-back' }, { metadata: { finalizers: null } });
  await gone;
});

async function running({ app }: AttackStage, name: string): Promise<App> {
  const made = app(name);
  await made.apply(artifactFrom('static-nested'));
  await made.runs();
  return made;
}

const railKinds = [kinds.resourceQuota, kinds.networkPolicy, kinds.serviceAccount];
type Rail = KubeObject & { spec?: unknown };

/** Name and spec of every guard rail. */
async function rails({ cluster: { client }, namespace }: AttackStage): Promise<Record<string, unknown>> {
  const labelSelector = 'app.kubernetes.io/managed-by=vibed';
  const pages = await Promise.all(railKinds.map(kind => client.list<Rail>(kind, { namespace, labelSelector })));
  const all = pages.flatMap((page, i) => page.items.map(o => [`${railKinds[i]?.kind} ${o.metadata.name}`, o.spec]));
  return Object.fromEntries(all.sort()) as Record<string, unknown>;
}

const atOnce = { within: 10 };

attack('guard rails taken down', proves('hostile.objects'), async stage => {
  const { client } = stage.cluster;
  const { namespace } = stage;
  const complete = (found: Record<string, unknown>) =>
    railKinds.every(({ kind }) => Object.keys(found).some(name => name.startsWith(`${kind} `)));
  const before = await eventually(() => rails(stage), complete, { within: 30 });
  const back = async () => JSON.stringify(await rails(stage));
  const [policy = ''] = Object.keys(before)
    .filter(name => name.startsWith('NetworkPolicy '))
    .map(name => name.split(' ')[1] ?? '');
  const edit = (change: object) => client.mergePatch(kinds.networkPolicy, { namespace, name: policy }, change);

  for (const name of Object.keys(before)) {
    const kind = railKinds.find(k => name.startsWith(`${k.kind} `)) ?? kinds.networkPolicy;
    await client.delete(kind, { namespace, name: name.split(' ')[1] ?? '' });
  }
  await eventually(back, JSON.stringify(before), atOnce);
  await edit({ spec: { policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] } });
  await eventually(back, JSON.stringify(before), atOnce);
  await edit({ spec: { podSelector: { matchLabels: { nobody: 'here' } } } });
  await eventually(back, JSON.stringify(before), atOnce);
  await edit({ metadata: { labels: { 'app.kubernetes.io/managed-by': null } } });
  await eventually(back, JSON.stringify(before), atOnce);
  const open = { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] };
  const metadata = { name: 'opens-all', namespace, labels: managed };
  await client.create(kinds.networkPolicy, { metadata, spec: open } as KubeObject);
  await eventually(back, JSON.stringify(before), atOnce);
});

attack('more than a node has', proves('hostile.objects'), async ({ app }) => {
  const greedy = app('greedy');
  await greedy.apply(artifactFrom('static-nested', { build: { resources: { cpu: '64', memory: '512Gi' } } }));
  const { failure } = await greedy.reaches({ current: true, phase: 'failed' }, { within: 30 });
  expect(failure).toMatchObject({
    reason: 'LimitExceeded',
    message: expect.stringContaining('spec.build.resources.cpu: 64'),
  });
  expect(failure?.remedy).toContain('builds.resourcesMax.cpu');
  expect(await greedy.children()).toEqual([]);
});
