// The log of an app or a build, as get_artifact_logs reads it: the end is always in it.
import { gzipSync } from 'node:zlib';
import { versionLabel } from '@vibed/operator/identity';
import type { KubeObject } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../app.testing.ts';
import { namespaceOf } from '../tenancy.ts';

const namespace = namespaceOf('alice');

async function running(said: string): Promise<TestServer> {
  const server = await startTestServer();
  await server.call('alice', 'POST', '/api/artifacts', {
    name: 'todo',
    files: [{ path: 'index.html', content: 'hi' }],
  });
  server.store.report(namespace, 'todo', { phase: 'running', desired: { version: 1, hash: 'h' } });
  const metadata = { name: 'a', namespace, uid: 'u', labels: { [versionLabel]: 'h' } };
  server.client.pods.push({ metadata } as KubeObject);
  server.client.says.set('a/app', said);
  return server;
}
const logs = (server: TestServer, query = '') =>
  server.call('alice', 'GET', `/api/artifacts/todo/logs?kind=app${query}`);
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} ${'x'.repeat(90)}`).join('\n');

it('has the end of a log of 10 MiB, and counts what is before it', async () => {
  await using server = await running(`${lines(0, 100_000)}\nthe error\n`);
  const { body } = await logs(server, '&lines=2');
  expect(body).toMatchObject({ text: expect.stringMatching(/^line 99999 x+\nthe error$/), left_out: 99_999 });
});

it('gives with a cursor only what came after, however long the log is, and all of one that began anew', async () => {
  await using server = await running(lines(0, 50_000));
  const { cursor } = (await logs(server)).body;
  server.client.says.set('a/app', lines(0, 50_003));
  const later = (await logs(server, `&cursor=${cursor}`)).body;
  expect(later).toMatchObject({ text: lines(50_000, 50_003), left_out: 0 });
  server.client.says.set('a/app', 'started again\n');
  expect((await logs(server, `&cursor=${cursor}`)).body).toMatchObject({ text: 'started again', left_out: 0 });
});

it('takes a log of a million empty lines, and one that is a single line', async () => {
  await using server = await running('\n'.repeat(1_000_000));
  expect((await logs(server, '&lines=3')).body).toMatchObject({ text: '\n\n', left_out: 999_997 });
  server.client.says.set('a/app', 'x'.repeat(3_000_000));
  expect((await logs(server)).body).toMatchObject({ text: 'x'.repeat(2_000), left_out: 0 });
});

it('says of a kept log that cannot be unpacked, or is no such log, that it cannot be read', async () => {
  await using server = await running('');
  server.store.report(namespace, 'todo', {
    phase: 'running',
    build: { key: 'k1' },
    desired: { version: 1, hash: 'h' },
  });
  for (const gzip of [gzipSync(Buffer.alloc(30_000_000)), Buffer.from('no gzip')]) {
    const kept = { 'build.log.gz': gzip.toString('base64') };
    const get = server.client.get.bind(server.client);
    server.client.get = async (kind, ref) =>
      kind.kind === 'ConfigMap' ? ({ metadata: ref, binaryData: kept } as unknown as KubeObject) : await get(kind, ref);
    expect(await server.call('alice', 'GET', '/api/artifacts/todo/logs?kind=build')).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('cannot be read') },
    });
  }
});
