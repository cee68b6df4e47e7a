// Secrets of variables go when no spec and no recorded version refers to them, and not before.
import type { VersionRecord } from '@vibed/store';
import { compactArtifact } from '@vibed/store';
import { expect, it } from 'vitest';
import { startTestServer, type TestServer } from './app.testing.ts';
import { pruneEnv } from './prune.ts';
import { namespaceOf } from './tenancy.ts';

const namespace = namespaceOf('alice');
const files = [{ path: 'index.html', content: 'hi' }];
const later = () => Date.now() + 2 * 3_600_000;
const secretsOf = ({ client }: TestServer) => [...client.created.keys()].filter(key => key.startsWith('Secret/'));

it('keeps what the spec or a version refers to and what was just made, and deletes the rest', async () => {
  await using server = await startTestServer();
  await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files, env: { TOKEN: 'one' } });
  const first = await server.store.get({ namespace, name: 'todo' });
  await server.call('alice', 'PATCH', '/api/artifacts/todo', { base_version: 1, set_env: { TOKEN: 'two' } });
  const [one, two] = secretsOf(server);
  expect(secretsOf(server)).toHaveLength(2);
  const record = { version: 1, hash: 'h', spec: compactArtifact(first).spec } as VersionRecord;
  server.store.records.set(first.metadata.uid ?? '', [record]);
  expect(await pruneEnv(server.services, later())).toBe(0);
  server.store.records.clear();
  expect(await pruneEnv(server.services, Date.now())).toBe(0);
  expect(secretsOf(server)).toEqual([one, two]);
  expect(await pruneEnv(server.services, later())).toBe(1);
  expect(secretsOf(server)).toEqual([two]);
});

it('is settled when the Secret went with its artifact, and begins anew when the same is asked for again', async () => {
  await using server = await startTestServer();
  const call = { name: 'todo', files, env: { TOKEN: 'one' } };
  await server.call('alice', 'POST', '/api/artifacts', call);
  await server.call('alice', 'DELETE', '/api/artifacts/todo', { confirm: 'todo' });
  for (const key of secretsOf(server)) server.client.created.delete(key);
  expect(await pruneEnv(server.services, later())).toBe(1);
  expect(await pruneEnv(server.services, later())).toBe(0);
  await server.call('alice', 'POST', '/api/artifacts', call);
  expect(await pruneEnv(server.services, later())).toBe(0);
  expect(secretsOf(server)).toHaveLength(1);
});
