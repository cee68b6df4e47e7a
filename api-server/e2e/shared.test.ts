// One namespace for all owners, on the real apiserver with its policies: an api-server of this checkout with the account of the
// installed one. Its target is not installed, so nothing is built or run.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labels } from '@vibed/crds';
import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ApiServerProcess } from '../src/process.testing.ts';
import { ownerLabelOf } from '../src/tenancy.ts';
import { client, kubeconfig, systemNamespace } from './lib/door.ts';

const namespace = `vibed-shared-${randomBytes(3).toString('hex')}`;
const users = ['shared-alice', 'shared-bob', 'shared-carol'] as const;

/** A kubeconfig with an hour of the installed api-server's own account. */
async function placeOfAccount(): Promise<{ folder: string }> {
  const path = `/api/v1/namespaces/${systemNamespace}/serviceaccounts/vibed-api/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { status } = (await client.raw('POST', path, body)) as { status: { token: string } };
  const config = parse(readFileSync(kubeconfig, 'utf8')) as { users: { user: object }[] };
  const folder = mkdtempSync(join(tmpdir(), 'vibed-shared-'));
  const asAccount = { ...config, users: config.users.map(entry => ({ ...entry, user: { token: status.token } })) };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(asAccount), { mode: 0o600 });
  return { folder };
}

it('keeps owners apart in one namespace', async () => {
  const place = await placeOfAccount();
  try {
    await using server = new ApiServerProcess(place, users, `tenants: { sharedNamespace: ${namespace} }\n`);
    await server.start();
    const call = async (user: (typeof users)[number], method: string, path: string, body?: object) => {
      const key = server.keys[users.indexOf(user)];
      const answer = await fetch(`http://127.0.0.1:${server.port}/api/artifacts${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const todo = { name: 'todo', files: [{ path: 'index.html', content: 'hi' }], target: 'wasmcloud' };
    const made = await Promise.all(users.slice(0, 2).map(user => call(user, 'POST', '', todo)));
    expect(made).toMatchObject([{ status: 200 }, { status: 200 }]);
    const { items } = await client.list<KubeObject>(kinds.artifact, { namespace });
    expect(items.map(({ metadata }) => metadata.labels?.[labels.owner]).sort()).toEqual(
      users.slice(0, 2).map(ownerLabelOf).sort(),
    );
    const [alices = '', bobs = ''] = made.map(({ body }) => String(body.name));
    expect(alices).not.toBe(bobs);
    expect((await call('shared-bob', 'GET', '')).body).toMatchObject({ total: 1, artifacts: [{ name: bobs }] });
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/source', undefined],
      ['PATCH', '', { base_version: 1, port: 3000 }],
      ['DELETE', '', { confirm: alices }],
    ] as const) {
      const foreign = await call('shared-bob', method, `/${alices}${path}`, body);
      const absent = await call('shared-carol', method, `/absent${path}`, body);
      expect([method, path, foreign]).toEqual([method, path, { ...absent, status: 404 }]);
    }
    expect(await call('shared-alice', 'PATCH', '/todo', { base_version: 1, port: 3000 })).toMatchObject({
      status: 200,
      body: { name: alices, changed: true },
    });
    for (const user of users.slice(0, 2))
      expect(await call(user, 'DELETE', '/todo', { confirm: 'todo' })).toMatchObject({ status: 200 });
  } finally {
    await client.delete(kinds.namespace, { name: namespace });
    rmSync(place.folder, { recursive: true });
  }
});
