// A followed log over HTTP: what is read, in which order, and when it ends.
import type { ArtifactStatus } from '@vibed/crds';
import { buildKeyLabel, versionLabel } from '@vibed/operator/identity';
import type { KubeObject } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../app.testing.ts';
import { namespaceOf } from '../tenancy.ts';

const namespace = namespaceOf('alice');
const files = [{ path: 'index.html', content: 'hi' }];

interface Given {
  labels?: Record<string, string>;
  restarts?: number;
  state?: 'running' | 'terminated';
}

function pod(name: string, containers: readonly string[], given: Given = {}): KubeObject {
  const { labels = {}, restarts: restartCount = 0, state = 'terminated' } = given;
  const statuses = containers.map(container => ({ name: container, restartCount, state: { [state]: {} } }));
  const where = containers.includes('build') ? 'vibed-builds' : namespace;
  const metadata = { name, namespace: where, uid: `uid-${name}`, labels };
  const spec = { containers: containers.map(container => ({ name: container })) };
  return { metadata, spec, status: { containerStatuses: statuses } } as KubeObject;
}

async function deployed(status: ArtifactStatus): Promise<TestServer> {
  const server = await startTestServer();
  await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files });
  server.store.report(namespace, 'todo', status);
  return server;
}

const follow = ({ url }: TestServer, user = 'alice', query = '') =>
  fetch(`${url}/api/artifacts/todo/logs/follow${query}`, { headers: { authorization: `Bearer ${user}` } });

it('reads the build, then the app, each run of it, and ends when it is stopped', async () => {
  await using server = await deployed({ phase: 'building', desired: { version: 1, hash: 'h1' } });
  const { pods, says } = server.client;
  pods.push(pod('b', ['source', 'build'], { labels: { [buildKeyLabel]: 'k' } }));
  says.set('b/source', 'fetched\n').set('b/build', 'built\n').set('a/app', 'hello\n').set('c/app', 'hello again\n');
  const answer = await follow(server);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  const hear = async (end: string) => {
    while (!heard.endsWith(end)) heard += (await reader?.read())?.value ?? '';
  };
  await hear('fetched\nbuilt\n');
  server.store.report(namespace, 'todo', { phase: 'deploying', desired: { version: 1, hash: 'h1' } });
  pods.push(pod('a', ['app'], { labels: { [versionLabel]: 'h1' }, state: 'running' }));
  await hear('hello\n');
  pods[1] = pod('a', ['app'], { labels: { [versionLabel]: 'h1' }, restarts: 1 });
  await hear('hello\nhello\n');
  server.store.report(namespace, 'todo', { phase: 'running', desired: { version: 2, hash: 'h2' } });
  pods[1] = pod('c', ['app'], { labels: { [versionLabel]: 'h2' } });
  await hear('hello again\n');
  server.store.report(namespace, 'todo', { phase: 'suspended' });
  expect(await reader?.read()).toMatchObject({ done: true });
  expect(heard).toBe('fetched\nbuilt\nhello\nhello\nhello again\n');
});

it('ends with the build when only that was asked for', async () => {
  await using server = await deployed({ phase: 'running', desired: { version: 1, hash: 'h1' } });
  server.client.pods.push(pod('b', ['source', 'build'], { labels: { [buildKeyLabel]: 'k' } }));
  server.client.says.set('b/build', 'built\n');
  expect(await (await follow(server, 'alice', '?kind=build')).text()).toBe('built\n');
});

it('says so when nothing runs and nothing will, and tells nobody of another’s', async () => {
  await using server = await deployed({ phase: 'suspended' });
  expect((await follow(server)).status).toBe(404);
  expect((await follow(server, 'bob')).status).toBe(404);
  const odd = await follow(server, 'alice', '?kind=biuld');
  expect([odd.status, await odd.json()]).toMatchObject([400, { field: 'kind', hint: expect.any(String) }]);
});

it('lets one owner follow a few at once, and tells it is followed before anything is said', async () => {
  await using server = await deployed({ phase: 'running', desired: { version: 1, hash: 'h1' } });
  const open = await Promise.all(Array.from({ length: 10 }, () => follow(server)));
  expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
  const more = await follow(server);
  expect([more.status, more.headers.get('retry-after')]).toEqual([429, '5']);
  await Promise.all(open.map(({ body }) => body?.cancel()));
  await expect.poll(async () => (await follow(server)).status).toBe(200);
});
