// Secrets of variables go when no spec and no recorded version refers to them, and not before.
import type { VersionRecord } from '@vibed/store';
import { compactArtifact } from '@vibed/store';
import { KubeError } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
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
  const record = { version: 1, hash: 'h', spec: compactArtifact(first).spec } as VersionRecord;
  server.store.records.set(first.metadata.uid ?? '', [record]);
  await server.call('alice', 'PATCH', '/api/artifacts/todo', { base_version: 2, set_env: { TOKEN: 'two' } });
  const [one, two] = secretsOf(server);
  expect(secretsOf(server)).toHaveLength(2);
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

describe('a change of variables', () => {
  const change = (server: TestServer, version: number, set_env: Record<string, string>, more: object = {}) =>
    server.call('alice', 'PATCH', '/api/artifacts/todo', { base_version: version, set_env, ...more });

  it('leaves one Secret behind, however often they are changed', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files, env: { TOKEN: '0' } });
    for (const i of [1, 2, 3, 4, 5, 6]) expect((await change(server, i, { TOKEN: `${i}` })).status).toBe(200);
    expect(secretsOf(server)).toHaveLength(1);
    const { spec } = await server.store.get({ namespace, name: 'todo' });
    expect(secretsOf(server)).toEqual([`Secret/${namespace}/${spec.run?.env?.[0]?.secretRef?.name}`]);
  });

  it('never deletes a Secret that somebody else made, or that another artifact refers to', async () => {
    await using server = await startTestServer();
    const secrets = { TOKEN: 'mine/token' };
    await server.client.create({ kind: 'Secret' }, { metadata: { namespace, name: 'mine' } });
    await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files, secrets });
    await change(server, 1, { TOKEN: 'own' });
    const own =
      secretsOf(server)
        .find(key => key.includes('todo-env'))
        ?.split('/')[2] ?? '';
    await server.call('alice', 'POST', '/api/artifacts', { name: 'other', files, secrets: { A: `${own}/TOKEN` } });
    await change(server, 2, { TOKEN: 'next' });
    expect(secretsOf(server)).toEqual(
      expect.arrayContaining([`Secret/${namespace}/mine`, `Secret/${namespace}/${own}`]),
    );
  });

  it('keeps what each of several at once refers to', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files, env: { TOKEN: 'a' } });
    const edits = [{ path: 'index.html', old_text: 'hi', new_text: 'hi' }];
    // Back and forth between two values: what one call removes, another refers to.
    const calls = Array.from({ length: 12 }, (_, i) => change(server, 1, { TOKEN: i % 2 ? 'a' : 'b' }, { edits }));
    await Promise.all(calls);
    const { spec } = await server.store.get({ namespace, name: 'todo' });
    expect(secretsOf(server)).toContain(`Secret/${namespace}/${spec.run?.env?.[0]?.secretRef?.name}`);
  });

  it('is refused when all of them together are too large, and changes nothing', async () => {
    await using server = await startTestServer();
    const value = 'x'.repeat(30_000);
    const first = { name: 'todo', files, env: { A: value, B: value } };
    expect((await server.call('alice', 'POST', '/api/artifacts', first)).status).toBe(200);
    expect(await change(server, 1, { C: value })).toMatchObject({
      status: 413,
      body: { code: 'TooLarge', field: 'env', message: expect.stringMatching(/90003 bytes, and 65536/) },
    });
    expect((await change(server, 1, { A: 'small' })).status).toBe(200);
    const tooLarge = { ...first, name: 'other', env: { A: value, B: value, C: value }, dry_run: true };
    expect(await server.call('alice', 'POST', '/api/artifacts', tooLarge)).toMatchObject({ status: 413 });
  });

  it('is refused with the name of the quota that has no room, and leaves nothing half done', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files });
    const create = server.client.create.bind(server.client);
    server.client.create = async (kind, object) => {
      if (kind.kind !== 'Secret') return await create(kind, object);
      throw new KubeError(
        'Forbidden',
        'secrets "x" is forbidden: exceeded quota: vibed, requested: count/secrets=1, used: count/secrets=600, limited: count/secrets=600',
      );
    };
    const refused = {
      status: 403,
      body: { code: 'QuotaExceeded', message: expect.stringContaining('count/secrets=600') },
    };
    expect(await change(server, 1, { A: 'x' })).toMatchObject(refused);
    expect((await server.store.get({ namespace, name: 'todo' })).spec.run).toBeUndefined();
    const call = { name: 'new', files, env: { A: 'x' } };
    expect(await server.call('alice', 'POST', '/api/artifacts', call)).toMatchObject(refused);
    expect([...server.store.objects.keys()]).toEqual([`${namespace}/todo`]);
  });
});

it('refuses more instances than the settings allow, also in a dry run', async () => {
  await using server = await startTestServer();
  const refused = {
    status: 400,
    body: { field: 'max', message: 'max: 50 is more than 20', hint: expect.stringContaining('tenants.instancesMax') },
  };
  const call = { name: 'todo', files, max: 50 };
  expect(await server.call('alice', 'POST', '/api/artifacts', { ...call, dry_run: true })).toMatchObject(refused);
  expect(await server.call('alice', 'POST', '/api/artifacts', call)).toMatchObject(refused);
  await server.call('alice', 'POST', '/api/artifacts', { ...call, max: 20 });
  const update = { base_version: 1, max: 50 };
  expect(await server.call('alice', 'PATCH', '/api/artifacts/todo', update)).toMatchObject(refused);
});
