import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom, artifactOf } from '../../lib/artifact-from.ts';
import { eventually } from '../../lib/eventually.ts';
import { fails, failsFromTheStart } from '../../lib/fails.ts';
import { knativeServiceOf } from '../../lib/knative.ts';
import { deploymentsOf } from '../../lib/sample-run.ts';
import { proves, scenario } from '../../lib/scenario.ts';

scenario('the target of a live app is changed, there and back', proves('target.change'), async stage => {
  const app = stage.app('mover');
  await app.apply(artifactFrom('node-plain', { target: 'kubernetes' }));
  await app.runs();
  await using visitors = await app.steadyProbe();
  const url = await app.url();

  await app.patchSpec({ target: 'knative' });
  const moved = await app.reaches({ current: true, phase: 'running', target: 'knative', serving: { version: 2 } });
  expect(moved.url).toBe(url);
  // Knative's own Deployment carries the same uid; the one that goes is named by the version.
  const ofKubernetes = async () =>
    (await deploymentsOf(app)).filter(d => d.metadata.ownerReferences?.some(o => o.kind === 'Artifact')).length;
  await eventually(ofKubernetes, 0 as number, { within: 60 });
  const ingresses = async () => (await app.children()).filter(c => c.startsWith('Ingress '));
  await eventually(ingresses, [], { within: 30 });

  await app.patchSpec({ target: 'kubernetes' });
  await app.reaches({ current: true, phase: 'running', target: 'kubernetes' });
  const services = async () =>
    (await stage.cluster.client.list(kinds.knativeService, { namespace: stage.namespace })).items.length;
  await eventually(services, 0 as number, { within: 60 });
  expect(await app.url()).toBe(url);
  const report = await visitors.stop();
  expect(report.failures).toEqual([]);
  expect(report.requests).toBeGreaterThan(100);
});

scenario('a failed change of target leaves the app where it was', proves('target.change'), async stage => {
  const app = stage.app('stayer');
  await app.apply(artifactFrom('node-plain', { target: 'kubernetes' }));
  await app.runs();
  await app.apply(artifactFrom('failing/crash-loop', { target: 'knative' }));
  await fails(app, 'CrashLoop', { step: 'deploy', remedy: /\S/, excerpt: /DATABASE_URL/ });
  expect((await app.ask('/')).status).toBe(200);
  const services = async () =>
    (await stage.cluster.client.list(kinds.knativeService, { namespace: stage.namespace })).items.length;
  await eventually(services, 0 as number, { within: 60 });
});

scenario('a Knative Service of that name made by somebody else', proves('knative.NotOwned'), async stage => {
  const { client } = stage.cluster;
  const probe = stage.app('taken');
  await probe.apply(artifactFrom('node-plain'));
  await probe.runs();
  const { metadata, spec } = await knativeServiceOf(probe);
  await probe.delete();
  const gone = async () => (await client.list(kinds.knativeService, { namespace: stage.namespace })).items.length;
  await eventually(gone, 0 as number, { within: 60 });

  const { name: _, ...template } = (spec.template as unknown as { metadata: { name: string } }).metadata;
  const foreign = (await client.create(kinds.knativeService, {
    metadata: { name: metadata.name, namespace: stage.namespace, labels: { owner: 'somebody' } },
    spec: {
      template: { ...spec.template, metadata: { annotations: (template as KubeObject['metadata']).annotations } },
    },
  } as KubeObject)) as KubeObject & { spec: unknown };
  const app = stage.app('taken');
  await app.apply(artifactFrom('node-plain'));
  await fails(app, 'NotOwned', { step: 'deploy', message: /Service.*taken-/, remedy: /rename|name/i });
  const now = await client.get<typeof foreign>(kinds.knativeService, foreign.metadata);
  expect(now.spec).toEqual(foreign.spec);
  expect(now.metadata.labels).toEqual(foreign.metadata.labels);
  await app.delete();
  expect((await client.get(kinds.knativeService, foreign.metadata)).metadata.uid).toBe(foreign.metadata.uid);
});

scenario.beside('a crash on Knative', proves('knative.failures'), async stage => {
  const app = stage.app('crash');
  await app.apply(artifactFrom('failing/crash-loop'));
  await failsFromTheStart(app, 'CrashLoop', { step: 'deploy', remedy: /spec\.run\.env/, excerpt: /DATABASE_URL/ });
});

scenario.beside('a wrong port on Knative', proves('knative.failures'), async stage => {
  const app = stage.app('port');
  // Knative's proxy asks from inside the pod, so listening on loopback is no fault here; and a port that is found in the code is believed.
  const listen = "const port = Number('30' + '00');\nrequire('node:http').createServer((_, answer) => answer.end('x'))";
  const content = `${listen}.listen(port, () => console.log('Server listening on http://127.0.0.1:' + port));\n`;
  const files = [{ path: 'server.js', content }];
  await app.apply(artifactOf({ files }, { run: { health: { startupTimeout: '15s' } } }));
  await failsFromTheStart(app, 'WrongPort', {
    step: 'deploy',
    message: /Server listening on http:\/\/127\.0\.0\.1:3000/,
    remedy: /spec\.run\.port: 3000|0\.0\.0\.0/,
  });
});

scenario.beside('an image that cannot be pulled on Knative', proves('knative.failures'), async stage => {
  const app = stage.app('no-image');
  const ref = `registry.example.com/nobody/nothing@sha256:${'0'.repeat(64)}`;
  const artifact = artifactFrom('node-plain');
  await app.apply({ ...artifact, spec: { source: { image: { ref } } } });
  await failsFromTheStart(app, 'ImagePullFailed', { step: 'deploy', message: /nobody\/nothing/, remedy: /digest/ });
});

scenario.beside('an app that answers 500 on Knative', proves('knative.failures'), async stage => {
  const app = stage.app('five-hundred');
  await app.apply(artifactFrom('failing/probe-500'));
  await failsFromTheStart(app, 'ProbeFailed', { step: 'verify', message: /GET \/ .*500/, remedy: /health\.path/ });
});
