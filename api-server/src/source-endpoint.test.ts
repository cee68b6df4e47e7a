// Who may fetch a source: the pod that builds it, with the token of that pod, and nobody else.

import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labels } from '@vibed/crds';
import { type KubeClient, KubeError } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { MemoryStore } from './app.testing.ts';
import { serveSources } from './source-endpoint.ts';
import { LocalStorage } from './storage/local.ts';
import { Tenancy } from './tenancy.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const namespace = 'vibed-alice-11111111';

async function served(review: object, pod: Record<string, unknown> = {}) {
  const storage = await LocalStorage.open(mkdtempSync(join(tmpdir(), 'vibed-source-')), {
    bytesPerOwner: 2 ** 30,
    treesPerOwner: 10,
    isInUse: () => true,
  });
  const { digest } = await storage.save(namespace, [{ path: 'a', bytes: Buffer.from('x'), executable: false }]);
  await storage.refer({ namespace, name: 'todo' }, digest);
  const metadata = {
    name: 'pod-1',
    uid: 'uid-1',
    labels: { [labels.artifactNamespace]: namespace, [labels.instance]: 'todo' },
    annotations: { 'vibed.dev/source-digest': digest },
    ...pod,
  };
  let reviews = 0;
  const client = {
    raw: async (_method: string, _path: string, body: { spec: { token: string; audiences: string[] } }) => {
      reviews += 1;
      expect(body.spec).toEqual({ token: 'the-token', audiences: ['vibed-source'] });
      return { status: review };
    },
    get: async (_kind: unknown, ref: { namespace: string; name: string }) => {
      if (ref.namespace !== 'vibed-builds' || ref.name !== 'pod-1') throw new KubeError('NotFound', 'no pod');
      return { metadata };
    },
  } as unknown as KubeClient;
  const server = serveSources({
    client,
    storage,
    log,
    systemNamespace: 'vibed-system',
    buildNamespace: 'vibed-builds',
    view: new MemoryStore().watch(),
    tenancy: new Tenancy(client),
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    path: `/sources/${namespace}/todo/${digest}`,
    reviews: () => reviews,
    get: (path: string) => fetch(base + path, { headers: { authorization: 'Bearer the-token', connection: 'close' } }),
    [Symbol.dispose]: () => void server.close(),
  };
}

async function fetched(review: object, pod: Record<string, unknown> = {}, path?: string) {
  using endpoint = await served(review, pod);
  const answer = await endpoint.get(path ?? endpoint.path);
  return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
}

const user = (more: object = {}) => ({
  username: 'system:serviceaccount:vibed-builds:vibed-build',
  extra: { 'authentication.kubernetes.io/pod-name': ['pod-1'], 'authentication.kubernetes.io/pod-uid': ['uid-1'] },
  ...more,
});
const good = { authenticated: true, audiences: ['vibed-source'], user: user() };
const other = `sha256:${'0'.repeat(64)}`;

it('gives a build pod its own source', async () => {
  expect(await fetched(good)).toMatchObject({ status: 200 });
});

it('gives the operator what it asks for', async () => {
  const operator = { username: 'system:serviceaccount:vibed-system:vibed-operator' };
  expect(await fetched({ ...good, user: operator }, { annotations: {} })).toMatchObject({ status: 200 });
  const elsewhere = { username: 'system:serviceaccount:vibed-alice:vibed-operator' };
  expect(await fetched({ ...good, user: elsewhere })).toMatchObject({ status: 401 });
});

it.each([
  ['a token that is not one', { authenticated: false }, {}, undefined, 401],
  ['a token for another audience', { ...good, audiences: ['https://kubernetes.default.svc'] }, {}, undefined, 401],
  [
    'a token of another account',
    { ...good, user: user({ username: 'system:serviceaccount:vibed-alice-11111111:vibed-app' }) },
    {},
    undefined,
    401,
  ],
  ['a token that is bound to no pod', { ...good, user: user({ extra: {} }) }, {}, undefined, 401],
  ['a token of a pod that is gone', good, { uid: 'uid-2' }, undefined, 401],
  ['the path of another artifact', good, {}, `/sources/${namespace}/other/${other}`, 403],
  ['the path of another digest', good, {}, `/sources/${namespace}/todo/${other}`, 403],
  ['a pod without an annotation', good, { annotations: {} }, undefined, 403],
  [
    'a source that is gone',
    good,
    { annotations: { 'vibed.dev/source-digest': other } },
    `/sources/${namespace}/todo/${other}`,
    404,
  ],
])('refuses %s', async (_, review, pod, path, status) => {
  expect(await fetched(review, pod, path)).toMatchObject({ status });
});

it('has no token reviewed for an address that sent many wrong ones', async () => {
  using endpoint = await served({ authenticated: false });
  let limited = 0;
  for (let left = 80; left > 0; left -= 1) if ((await endpoint.get(endpoint.path)).status === 429) limited += 1;
  expect(limited).toBeGreaterThan(10);
  expect(endpoint.reviews()).toBe(80 - limited);
});
