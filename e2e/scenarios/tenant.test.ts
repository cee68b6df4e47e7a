import { randomBytes } from 'node:crypto';
import type { V1Namespace } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import { App } from '../lib/app.ts';
import { artifactFrom } from '../lib/artifact-from.ts';
import { eventually } from '../lib/eventually.ts';
import { removeNamespace } from '../lib/namespace.ts';
import { enforcesRestricted } from '../lib/sample-run.ts';
import { proves, type Stage, scenario } from '../lib/scenario.ts';

const guardKinds = [kinds.resourceQuota, kinds.networkPolicy, kinds.serviceAccount];

/** `Kind name` of what vibeD put into the namespace. */
async function guards({ cluster, namespace }: Stage): Promise<string[]> {
  const labelSelector = 'app.kubernetes.io/managed-by=vibed';
  const pages = await Promise.all(guardKinds.map(kind => cluster.client.list(kind, { namespace, labelSelector })));
  return pages.flatMap((page, i) => page.items.map(o => `${guardKinds[i]?.kind} ${o.metadata.name}`)).sort();
}

scenario('guard rails', proves('tenant.guard-rails', 'path.restricted'), async stage => {
  const { client } = stage.cluster;
  const complete = (found: string[]) =>
    guardKinds.every(kind => found.some(guard => guard.startsWith(`${kind.kind} `)));
  const before = await eventually(() => guards(stage), complete, { within: 30 });
  await enforcesRestricted(stage);

  for (const kind of guardKinds) {
    const { items } = await client.list(kind, {
      namespace: stage.namespace,
      labelSelector: 'app.kubernetes.io/managed-by=vibed',
    });
    for (const guard of items) await client.delete(kind, guard.metadata);
  }
  const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  await client.mergePatch(kinds.namespace, { name: stage.namespace }, { metadata: { labels } });
  await eventually(() => guards(stage), before, { within: 30 });
  const read = async () =>
    (await client.get<Typed<V1Namespace>>(kinds.namespace, { name: stage.namespace })).metadata.labels ?? {};
  await eventually(read, { 'pod-security.kubernetes.io/enforce': 'restricted' }, { within: 30 });
});

scenario('not a tenant namespace', proves('failure.NamespaceRefused'), async stage => {
  const { client } = stage.cluster;
  const name = `vibed-e2e-nobody-${randomBytes(3).toString('hex')}`;
  await client.create(kinds.namespace, { metadata: { name, labels: { 'vibed.dev/e2e': 'true' } } });
  try {
    const app = new App(stage.cluster, name, 'homeless');
    await app.apply(artifactFrom('static-nested'));
    const state = await app.reaches({ current: true, phase: 'failed' }, { within: 60 });
    expect(state.failure).toMatchObject({ step: 'accept', reason: 'NamespaceRefused' });
    expect(state.failure?.remedy).toContain('vibed.dev/owner');
    expect(await app.children()).toEqual([]);
    await client.mergePatch(kinds.namespace, { name }, { metadata: { labels: { 'vibed.dev/owner': name } } });
    await app.reaches({ phase: /pending|building|deploying|running/ }, { within: 60 });
    await app.delete();
  } finally {
    await removeNamespace(client, name);
  }
});
