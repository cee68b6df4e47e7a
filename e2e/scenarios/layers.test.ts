// The layers builder on the real cluster: quick where nothing has to run, a restricted Job in the base image where something has.
import { statfs } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { V1Job, V1Namespace, V1Pod } from '@kubernetes/client-node';
import type { Artifact } from '@vibed/crds';
import { isKubeError, kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import type { App } from '../lib/app.ts';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { Creations } from '../lib/creations.ts';
import { eventually } from '../lib/eventually.ts';
import { failsFromTheStart } from '../lib/fails.ts';
import { get } from '../lib/http.ts';
import { proves, type Stage, scenario } from '../lib/scenario.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const jobsOf = (stage: Stage, app: App) =>
  app.uid().then(uid => childrenOf<Typed<V1Job>>(stage.cluster, kinds.job, stage.namespace, uid));
const page = (files: Record<string, string>): Artifact =>
  artifactOf({ files: Object.entries(files).map(([path, content]) => ({ path, content })) }, { name: 'x' });

scenario('files alone need no Job', proves('layers.no-job', 'layers.why'), async stage => {
  const app = stage.app('quick');
  await using jobs = await Creations.ofJobs(stage.cluster, await app.apply(page({ 'index.html': 'one' })).then(uidOf));
  const state = await app.runs();
  expect(state.build).toMatchObject({ builder: 'layers', language: 'static', fixedPort: 8080, readOnlyRoot: true });
  expect(state.build?.why?.at(-1)).toBe(
    'layers: the files are laid onto the base image as they are, and nothing has to run',
  );
  expect((await app.ask('/')).text).toBe('one');
  expect(await app.buildLog(1)).toContain('pushed vibed/');

  await app.apply(page({ 'index.html': 'two', 'more.html': 'more' }));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  await app.apply(page({ 'index.html': 'two!' }));
  await app.reaches({ current: true, phase: 'running', serving: { version: 3 } });
  await eventually(async () => (await app.ask('/more.html')).status, 404 as number, { within: 20 });
  expect(await jobs.end()).toEqual([]);
});

const uidOf = ({ metadata }: Artifact) => metadata.uid ?? '';

scenario('the same files are the same image, whoever has them', proves('layers.reproducible'), async stage => {
  const digests = await Promise.all(
    ['one', 'other'].map(async name => {
      await stage.app(name).apply(artifactFrom('node-plain', { name }));
      return (await stage.app(name).runs()).build?.digest;
    }),
  );
  expect(digests[0]).toBe(digests[1]);
});

scenario('a static site speaks HTTP well', proves('layers.static-http'), async stage => {
  const app = stage.app('site');
  const files = {
    'index.html': `<h1>home</h1>${'<p>words</p>'.repeat(200)}`,
    'about.html': 'about',
    'app.mjs': 'export {}',
    'data.json': '{}',
    'pic.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'site.webmanifest': '{}',
    '.hidden': 'no',
    'equal.txt': '12345',
  };
  await app.apply(page(files));
  const url = (await app.runs()).url ?? '';
  const ask = (path: string, headers: Record<string, string> = {}) =>
    get(url, path, { port: stage.cluster.ingressPort, headers });
  const types = await Promise.all(['/', '/app.mjs', '/data.json', '/pic.svg', '/site.webmanifest'].map(p => ask(p)));
  expect(types.map(t => t.headers['content-type'])).toEqual([
    expect.stringMatching(/^text\/html; charset=utf-8$/),
    expect.stringMatching(/^text\/javascript/),
    expect.stringMatching(/^application\/json/),
    'image/svg+xml',
    expect.stringMatching(/^application\/manifest\+json/),
  ]);
  const home = types[0];
  expect(home?.headers['cache-control']).toBe('no-cache');
  expect(home?.headers['x-content-type-options']).toBe('nosniff');
  expect((await ask('/', { 'if-none-match': String(home?.headers.etag) })).status).toBe(304);
  expect((await ask('/', { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBe('gzip');
  const range = await ask('/equal.txt', { range: 'bytes=1-2' });
  expect([range.status, range.text, range.headers['content-range']]).toEqual([206, '23', 'bytes 1-2/5']);
  // Pages without a router of their own have no other pages than those that are there.
  expect((await ask('/a/route/of/the/app')).status).toBe(404);
  expect((await ask('/about')).text).toBe('about');
  expect((await ask('/missing.js')).status).toBe(404);
  expect((await ask('/.hidden')).status).toBe(404);

  const before = (await ask('/equal.txt')).headers.etag;
  const { 'about.html': _, ...single } = files;
  await app.apply(page({ ...single, 'app.mjs': "history.pushState({}, '', '/a/route')", 'equal.txt': '54321' }));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  // The route may lead to the version before for a moment.
  const after = async () => {
    const { status, text } = await ask('/equal.txt', { 'if-none-match': String(before) });
    return { status, text };
  };
  await eventually(after, { status: 200, text: '54321' }, { within: 20 });
  expect((await ask('/a/route/of/the/app')).text).toContain('<h1>home</h1>');
  expect((await ask('/missing.js')).status).toBe(404);
});

scenario('an unchanged lockfile installs nothing', proves('layers.dependencies'), async stage => {
  const app = stage.app('express');
  const first = artifactFrom('express-npm', { name: 'express' });
  await app.apply(first);
  await app.runs();
  expect(await app.buildLog(1)).toMatch(/added \d+ packages/);
  const server = (first.spec.source.files ?? []).find(f => f.path === 'server.js')?.content ?? '';
  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
  await app.apply(artifactFrom('express-npm', { files: { 'server.js': server.replace("'hello'", "'hello again'") } }));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  await eventually(async () => (await app.ask('/')).text, /hello again/, { within: 20 });
  expect(await app.buildLog(2)).toContain('unchanged dependencies, the layer is reused');
  expect(await jobs.end()).toEqual([]);
});

scenario('install Jobs are restricted and hold no secret', proves('layers.restricted'), async stage => {
  const { client, installNamespace } = stage.cluster;
  const { metadata } = await client.get<Typed<V1Namespace>>(kinds.namespace, { name: installNamespace });
  expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  const app = stage.app('ts-server');
  await app.apply(artifactFrom('ts-server'));
  await app.runs();
  const [job] = await jobsOf(stage, app);
  expect(job?.metadata.namespace).toBe(installNamespace);
  const pods = await childrenOf<Typed<V1Pod>>(stage.cluster, kinds.pod, stage.namespace, await app.uid());
  const pod = pods.find(p => p.metadata.namespace === installNamespace);
  const install = pod?.spec?.initContainers?.find(c => c.name === 'install');
  expect(install?.image).toMatch(/^docker\.io\/library\/node@sha256:/);
  expect(install?.env?.filter(e => e.valueFrom !== undefined) ?? []).toEqual([]);
  expect(install?.volumeMounts?.map(m => m.name).filter(name => !name.startsWith('stage-'))).toEqual([
    'workspace',
    'tmp',
    'environment',
  ]);
  const privileged = { name: 'x', image: 'x', securityContext: { privileged: true } };
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: [privileged] } };
  const refusal = await client
    .raw('POST', `/api/v1/namespaces/${installNamespace}/pods?dryRun=All`, body)
    .catch((error: unknown) => error);
  expect(isKubeError(refusal, 'Forbidden') && refusal.message).toMatch(/violates PodSecurity "restricted/);
});

/** A project whose build script is this; its output is served. */
const building = (script: string, build = {}): Artifact =>
  artifactOf(
    {
      files: [
        {
          path: 'package.json',
          content: JSON.stringify({ name: 'x', scripts: { build: script }, devDependencies: { vite: '7.1.12' } }),
        },
        { path: 'node-tool.cjs', content: '' },
        { path: 'index.html', content: 'x' },
      ],
    },
    { name: 'x', build },
  );
/** Directly, or through the proxy, which lets builds out to package indexes only. */
const reach = (url: string) =>
  `node -e "fetch('${url}',{signal:AbortSignal.timeout(5000)}).then(()=>{console.log('reached');process.exit(1)},()=>console.log('not reached ${url}'))"`;
const small = { memory: '400Mi' };

scenario('what a build may not do ends that build alone', proves('layers.hostile'), async stage => {
  const neighbour = stage.app('neighbour');
  await neighbour.apply(page({ 'index.html': 'here' }));
  await neighbour.runs();
  const probe = await neighbour.steadyProbe();
  const play = async (
    name: string,
    script: string,
    expected: RegExp,
    reason: Parameters<typeof failsFromTheStart>[1],
  ) => {
    const app = stage.app(name);
    await app.apply(building(script, { resources: small, timeout: '4m' }));
    const { failure } = await failsFromTheStart(app, reason, { step: 'build', remedy: /\S/ });
    expect(failure?.excerpt ?? failure?.message).toMatch(expected);
  };
  await play(
    'outside',
    `${reach('http://192.0.2.1/')} && NODE_USE_ENV_PROXY=1 ${reach('https://example.com/')} && exit 7`,
    /not reached http.*not reached https/s,
    'BuildFailed',
  );
  await play(
    'forks',
    `sh -c 'i=0; while [ $i -lt 5000 ]; do sleep 60 & i=$((i+1)); done; wait'`,
    /fork|Resource temporarily unavailable|memory/i,
    'BuildFailed',
  );
  await play('memory', `node -e "const a=[];for(;;)a.push(Buffer.alloc(1e7,1))"`, /Killed/, 'OutOfMemory');
  await play('escape', `sh -c 'mkdir -p x && ln -s /etc dist'`, /link/, 'BuildFailed');
  expect((await probe.stop()).failures).toEqual([]);
});

// One byte more than builds.ephemeralStorage, of blocks that are taken and not written. The kubelet counts a pod's emptyDirs with what its
// containers write, once a minute; so for a minute a build may have more.
scenario('a build that fills the disk is ended', proves('failure.DiskFull'), async stage => {
  const { bavail, bsize } = await statfs(checkout);
  expect(bavail * bsize, 'bytes free on the disk of this checkout').toBeGreaterThan(16 * 2 ** 30);
  const neighbour = stage.app('neighbour');
  await neighbour.apply(page({ 'index.html': 'here' }));
  await neighbour.runs();
  const probe = await neighbour.steadyProbe();
  const app = stage.app('filler');
  await app.apply(building(`fallocate -l ${10 * 2 ** 30 + 1} big && sleep 300`, { resources: small, timeout: '8m' }));
  await failsFromTheStart(app, 'DiskFull', { step: 'build', message: /wrote more/, remedy: /ephemeralStorage/ });
  expect((await probe.stop()).failures).toEqual([]);
  await app.delete();
});

scenario('a lockfile that does not match is told', proves('layers.lockfile'), async stage => {
  const app = stage.app('mismatch');
  const changed = JSON.stringify({ name: 'express-npm', dependencies: { express: '^5', 'left-pad': '1.3.0' } });
  await app.apply(artifactFrom('express-npm', { files: { 'package.json': changed } }));
  await failsFromTheStart(app, 'DependencyMissing', {
    step: 'build',
    message: /lockfile does not match/,
    remedy: /lockfile/,
  });
});

scenario('a wish for layers that cannot be granted is refused with a reason', proves('layers.unfit'), async stage => {
  const app = stage.app('user-dockerfile');
  await app.apply(artifactFrom('user-dockerfile', { build: { builder: 'layers' } }));
  await failsFromTheStart(app, 'BuilderUnfit', {
    step: 'build',
    message: /Dockerfile of your own/,
    remedy: /spec\.build\.builder/,
  });
});
