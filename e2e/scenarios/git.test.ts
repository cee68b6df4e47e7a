import type { V1Pod } from '@kubernetes/client-node';
import { type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactOf, filesOf } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { Creations } from '../lib/creations.ts';
import { throughout } from '../lib/eventually.ts';
import { fails } from '../lib/fails.ts';
import { GitServer } from '../lib/git-server.ts';
import { PhaseRecord } from '../lib/phases.ts';
import { leavesNoOrphan } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

const page = (text: string) => ({ 'index.html': `<!doctype html><title>git</title><p>${text}</p>` });

scenario('a git repository', proves('source.git', 'source.git-stays'), async stage => {
  await using git = await GitServer.start(stage.cluster, stage.namespace);
  const first = await git.commit('site', { branch: 'main', files: page('first'), tag: 'v1' });
  const app = stage.app('from-git');
  await app.apply(artifactOf({ git: { url: git.url('site') } }, {}));
  expect((await app.runs()).build).toMatchObject({ builder: 'layers', commit: first });
  expect((await app.ask('/')).text).toContain('first');

  await git.commit('site', {
    branch: 'main',
    files: { 'apps/web/index.html': '<p>in a folder</p>', 'README.md': 'x' },
  });
  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
  await stage.cluster.client.mergePatch(kinds.artifact, app.ref, { metadata: { labels: { touched: 'yes' } } });
  await throughout(5, () => app.state(), { phase: 'running', build: { commit: first } });
  expect(await jobs.end()).toEqual([]);

  await app.apply(artifactOf({ git: { url: git.url('site'), ref: 'main', path: 'apps/web' } }, {}));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  expect((await app.ask('/')).text).toContain('in a folder');

  await app.apply(artifactOf({ git: { url: git.url('site'), ref: 'v1' } }, {}));
  const tagged = await app.reaches({ current: true, phase: 'running', serving: { version: 3 } });
  expect(tagged.build?.commit).toBe(first);
  expect((await app.ask('/')).text).toContain('first');
});

const [clones, installs, builds] = ['clone in vibed-installs', 'build in vibed-installs', 'build in vibed-builds'];
const roads = [
  { folder: 'static-nested', builder: 'layers', why: /^layers: .*nothing has to run/, jobs: [clones] },
  { folder: 'express-npm', builder: 'layers', why: /^layers: /, jobs: [installs, clones] },
  { folder: 'user-dockerfile', builder: 'buildah', why: /^buildah: there is a Dockerfile/, jobs: [builds, clones] },
  { folder: 'node-plain', asked: 'buildah', builder: 'buildah', why: /asks for it/, jobs: [builds] },
] as const;

for (const { folder, builder, why, jobs, ...road } of roads) {
  scenario.beside(`${folder} from git`, proves('source.git-builders', 'path.phases', 'path.no-orphan'), async stage => {
    await using git = await GitServer.start(stage.cluster, stage.namespace);
    const commit = await git.commit('app', { branch: 'main', files: textsOf(folder) });
    const app = stage.app(folder);
    await using phases = await PhaseRecord.of(stage.cluster.client, stage.namespace, app.name);
    const build = 'asked' in road ? { builder: road.asked } : {};
    await app.apply(artifactOf({ git: { url: git.url('app') } }, { build }));
    const state = await app.runs({ within: 500 });
    expect(state.build).toMatchObject({ builder, commit, sourceDigest: expect.stringMatching(/^sha256:/) });
    expect(state.build?.why?.at(-1)).toMatch(why);
    expect(await phases.end()).toEqual(['pending', 'building', 'deploying', 'running']);
    const made = await childrenOf(stage.cluster, kinds.job, stage.namespace, await app.uid());
    expect(made.map(stepOf).sort()).toEqual(jobs);
    await leavesNoOrphan(app);
  });
}

const textsOf = (folder: string) =>
  Object.fromEntries(filesOf(folder).flatMap(f => (f.encoding === undefined ? [[f.path, f.content]] : [])));
const stepOf = ({ metadata }: KubeObject) =>
  `${metadata.labels?.['vibed.dev/build-step'] ?? 'build'} in ${metadata.namespace}`;

scenario('a git repository with an unchanged lockfile', proves('layers.dependencies'), async stage => {
  await using git = await GitServer.start(stage.cluster, stage.namespace);
  const files = textsOf('express-npm');
  await git.commit('app', { branch: 'main', files });
  const app = stage.app('express');
  await app.apply(artifactOf({ git: { url: git.url('app') } }, {}));
  await app.runs();
  const changed = { ...files, 'server.js': files['server.js']?.replace("'hello'", "'hello again'") ?? '' };
  const second = await git.commit('app', { branch: 'main', files: changed });
  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
  await app.retry('2');
  await app.reaches({ phase: 'running', serving: { version: 2 }, build: { commit: second } });
  expect((await app.ask('/')).text).toContain('hello again');
  expect(await app.buildLog(2)).toContain('unchanged dependencies, the layer is reused');
  expect(await jobs.end()).toEqual([expect.stringMatching(/-c$/)]);
});

scenario('a git repository pinned to a commit', proves('source.git', 'versions.rollback'), async stage => {
  await using git = await GitServer.start(stage.cluster, stage.namespace);
  const first = await git.commit('site', { branch: 'main', files: page('first') });
  const app = stage.app('pinned');
  await app.apply(artifactOf({ git: { url: git.url('site'), ref: 'main' } }, {}));
  await app.runs();
  await git.commit('site', { branch: 'main', files: page('second') });
  await app.retry('again');
  await app.reaches({ phase: 'running', serving: { version: 2 } });
  expect((await app.ask('/')).text).toContain('second');

  // The first version, with its branch replaced by the commit that was built: the image is known.
  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
  await stage.cluster.client.mergePatch(kinds.artifact, app.ref, {
    metadata: { annotations: { 'vibed.dev/retry': null } },
    spec: { source: { git: { ref: first } } },
  });
  await app.reaches({ current: true, phase: 'running', build: { commit: first } });
  expect((await app.ask('/')).text).toContain('first');
  expect(await jobs.end()).toEqual([]);
});

scenario('a private git repository', proves('source.git-private', 'source.git-restricted'), async stage => {
  const login = { username: 'reader', password: 's3cret-of-e2e' };
  await using git = await GitServer.start(stage.cluster, stage.namespace, login);
  await git.commit('private', { branch: 'main', files: page('only for members') });
  const { client } = stage.cluster;
  const secret = {
    metadata: { name: 'git-login', namespace: stage.namespace, labels: { 'vibed.dev/git-host': git.hostLabel } },
    type: 'kubernetes.io/basic-auth',
    stringData: login,
  };
  await client.create(kinds.secret, secret);
  const app = stage.app('private');
  await app.apply(artifactOf({ git: { url: git.url('private'), secretRef: { name: 'git-login' } } }, {}));

  // Without rights in this namespace the operator says so, and the remedy is a command that helps.
  const refused = await fails(app, 'SecretNotReadable', { step: 'build', remedy: /create rolebinding/ });
  await client.create(kinds.roleBinding, roleBindingOf(refused.failure?.remedy ?? '', stage.namespace));
  await app.retry('with-rights');
  await app.runs({ evenIfFailed: true });
  expect((await app.ask('/')).text).toContain('only for members');
  expect(JSON.stringify(await app.read())).not.toContain(login.password);

  const pods = await childrenOf<Typed<V1Pod>>(stage.cluster, kinds.pod, stage.namespace, await app.uid());
  const pod = pods.find(p => p.metadata.labels?.['vibed.dev/build-step'] === 'clone');
  expect(pod?.metadata.namespace).toBe(stage.cluster.installNamespace);
  const seeing = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])]
    .filter(c => c.volumeMounts?.some(m => m.name === 'git-credential'))
    .map(c => c.name);
  expect(seeing).toEqual(['source']);
  const ref = { namespace: pod?.metadata.namespace, name: pod?.metadata.name ?? '' };
  for (const container of ['source', 'keep']) {
    const log = await client.logs(ref, { container });
    expect(log).toContain('[vibed]');
    expect(log).not.toContain(login.password);
  }
  // The copy of the credential goes with its Job.
  await leavesNoOrphan(app);
});

/** What `kubectl create rolebinding` would make of the command in the remedy. */
function roleBindingOf(command: string, namespace: string) {
  const [, name = '', role = '', account = ''] =
    /create rolebinding (\S+) --clusterrole=(\S+) --serviceaccount=(\S+)/.exec(command) ?? [];
  const [home = '', subject = ''] = account.split(':');
  return {
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: subject, namespace: home }],
  };
}

scenario('a ref that is not there', proves('failure.GitRefNotFound', 'versions.retry'), async stage => {
  await using git = await GitServer.start(stage.cluster, stage.namespace);
  await git.commit('site', { branch: 'main', files: page('main') });
  const app = stage.app('later');
  await app.apply(artifactOf({ git: { url: git.url('site'), ref: 'release' } }, {}));
  await fails(app, 'GitRefNotFound', { step: 'build', message: /release/, remedy: /\S/ });

  await git.commit('site', { branch: 'release', files: page('released') });
  await app.retry('2');
  await app.runs({ evenIfFailed: true });
  expect((await app.ask('/')).text).toContain('released');
});
