import { kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactOf } from '../lib/artifact-from.ts';
import { Creations } from '../lib/creations.ts';
import { throughout } from '../lib/eventually.ts';
import { fails } from '../lib/fails.ts';
import { GitServer } from '../lib/git-server.ts';
import { proves, scenario } from '../lib/scenario.ts';

const page = (text: string) => ({ 'index.html': `<!doctype html><title>git</title><p>${text}</p>` });

scenario('a git repository', proves('source.git', 'source.git-stays'), async stage => {
  await using git = await GitServer.start(stage.cluster, stage.namespace);
  const first = await git.commit('site', { branch: 'main', files: page('first'), tag: 'v1' });
  const app = stage.app('from-git');
  await app.apply(artifactOf({ git: { url: git.url('site') } }, {}));
  expect((await app.runs()).build?.commit).toBe(first);
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

scenario('a private git repository', proves('source.git-private'), async stage => {
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
  expect(await app.buildLog(1)).not.toContain(login.password);
  expect(JSON.stringify(await app.read())).not.toContain(login.password);
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
