import type { V1Deployment, V1Ingress, V1Service } from '@kubernetes/client-node';
import { type Kind, kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { eventually } from '../lib/eventually.ts';
import { fails } from '../lib/fails.ts';
import { proves, type Stage, scenario } from '../lib/scenario.ts';

async function onlyChild<T>(stage: Stage, kind: Kind, uid: string): Promise<Typed<T>> {
  const [child, ...others] = await childrenOf<Typed<T>>(stage.cluster, kind, stage.namespace, uid);
  if (child === undefined || others.length > 0) throw new Error(`there is not one ${kind.kind}`);
  return child;
}

scenario('children deleted by hand return', proves('children.deleted-returns'), async stage => {
  const app = stage.app('tough');
  await app.apply(artifactFrom('node-plain'));
  await app.runs();
  const uid = await app.uid();
  for (const kind of [kinds.ingress, kinds.service, kinds.deployment]) {
    const child = await onlyChild(stage, kind, uid);
    await stage.cluster.client.delete(kind, child.metadata);
    const other = async () => (await onlyChild(stage, kind, uid)).metadata.uid !== child.metadata.uid;
    await eventually(other, true as boolean, { within: 30 });
  }
  await eventually(async () => (await app.ask('/')).status, 200 as number, { within: 60 });
  await app.reaches({ current: true, phase: 'running', serving: { version: 1 } });
});

scenario('children edited by hand are set right', proves('children.edited-returns'), async stage => {
  const app = stage.app('stubborn');
  await app.apply(artifactFrom('node-plain'));
  await app.runs();
  const uid = await app.uid();
  const { client } = stage.cluster;
  const service = await onlyChild<V1Service>(stage, kinds.service, uid);
  const ingress = await onlyChild<V1Ingress>(stage, kinds.ingress, uid);
  const deployment = await onlyChild<V1Deployment>(stage, kinds.deployment, uid);
  const container = deployment.spec?.template.spec?.containers[0];

  await client.mergePatch(kinds.service, service.metadata, {
    spec: { selector: { 'vibed.dev/version-hash': 'elsewhere' } },
  });
  await client.jsonPatch(kinds.ingress, ingress.metadata, [
    { op: 'replace', path: '/spec/rules/0/host', value: 'stolen.example.com' },
  ]);
  const port = [{ ...container, ports: [{ name: 'http', containerPort: 9999, protocol: 'TCP' }] }];
  await client.mergePatch(kinds.deployment, deployment.metadata, {
    spec: { template: { spec: { containers: port } } },
  });

  const restored = async () => ({
    selector: (await onlyChild<V1Service>(stage, kinds.service, uid)).spec?.selector,
    host: (await onlyChild<V1Ingress>(stage, kinds.ingress, uid)).spec?.rules?.[0]?.host,
    ports: (await onlyChild<V1Deployment>(stage, kinds.deployment, uid)).spec?.template.spec?.containers[0]?.ports,
  });
  const wanted = { selector: service.spec?.selector, host: ingress.spec?.rules?.[0]?.host, ports: container?.ports };
  await eventually(async () => JSON.stringify(await restored()), JSON.stringify(wanted), { within: 30 });
  await eventually(async () => (await app.ask('/')).status, 200 as number, { within: 60 });
});

scenario('a foreign Service of the same name', proves('failure.NotOwned'), async stage => {
  const { client } = stage.cluster;
  const foreign = await client.create<Typed<V1Service>>(kinds.service, {
    metadata: { name: 'taken', namespace: stage.namespace, labels: { owner: 'somebody' } },
    spec: { selector: { app: 'somebody' }, ports: [{ port: 80 }] },
  });
  const app = stage.app('taken');
  await app.apply(artifactFrom('node-plain'));
  await fails(app, 'NotOwned', {
    step: 'deploy',
    message: /Service.*taken|taken.*Service/i,
    remedy: /rename|delete|name/i,
  });
  const ref = { namespace: stage.namespace, name: 'taken' };
  expect(await client.get(kinds.service, ref)).toEqual(foreign);

  await app.delete();
  expect(await client.get(kinds.service, ref)).toEqual(foreign);
  expect(await deploymentsOfNobody(stage)).toEqual([]);
});

async function deploymentsOfNobody({ cluster, namespace }: Stage): Promise<string[]> {
  return (await cluster.client.list(kinds.deployment, { namespace })).items.map(d => d.metadata.name);
}
