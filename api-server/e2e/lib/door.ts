// The installed api-server as its users reach it: over the ingress, with a key of their own.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { Agent, fetch as undiciFetch } from 'undici';
import { z } from 'zod';
import type { Scope } from '../../src/auth/caller.ts';
import { mintKey } from '../../src/auth/keys.ts';
import { keysSecret } from '../../src/install/manifests.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const factsSchema = z.object({ kubeconfig: z.string(), ingress: z.object({ loopbackPort: z.int() }) });
const facts = factsSchema.parse(
  JSON.parse(execFileSync(process.execPath, ['cluster/src/main.ts', 'env'], { cwd: root, encoding: 'utf8' })),
);

export const { kubeconfig } = facts;
export const systemNamespace = 'vibed-system';
export const client: KubeClient = connect({
  kubeconfig: facts.kubeconfig,
  fieldManager: 'vibed-api-e2e',
  userAgent: 'vibed-api-e2e',
});
export const baseUrl = `http://vibed.localhost:${facts.ingress.loopbackPort}`;

// Debian's libc knows no *.localhost.
const dispatcher = new Agent({
  connect: { lookup: (_host, _options, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]) },
  bodyTimeout: 0,
});

/** fetch, with every name at the ingress of this machine. */
export const fetchHere = ((url: string, init: object = {}) =>
  undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;

const storedSchema = z.record(z.string(), z.string());
const storePath = join(root, '.vibed/e2e/api-keys.json');

/** The key of a test user; made once per cluster. */
export async function keyOf(user: string, scope: Scope = 'write'): Promise<string> {
  const stored = readStored();
  const known = stored[`${user}/${scope}`];
  if (known !== undefined && (await isTaken(known))) return known;
  const { id, key, entry } = mintKey(user, scope);
  await client.mergePatch(
    kinds.secret,
    { namespace: systemNamespace, name: keysSecret },
    { stringData: { [id]: JSON.stringify(entry) } },
  );
  await renewVolumes();
  mkdirSync(dirname(storePath), { recursive: true });
  writeFileSync(storePath, JSON.stringify({ ...readStored(), [`${user}/${scope}`]: key }), { mode: 0o600 });
  for (let left = 150; left > 0; left -= 1) {
    if (await isTaken(key)) return key;
    await sleep(1_000);
  }
  throw new Error('the new key did not reach the api-server');
}

/** Takes a key away, as `vibed keys revoke` does. */
export async function revoke(key: string): Promise<void> {
  const [, id = ''] = key.split('_');
  await client.mergePatch(kinds.secret, { namespace: systemNamespace, name: keysSecret }, { data: { [id]: null } });
  await renewVolumes();
}

/** A kubelet renews the volumes of a pod that changes at once; of itself it takes a minute. */
async function renewVolumes(): Promise<void> {
  const { items } = await client.list<Pod>(kinds.pod, { namespace: systemNamespace, labelSelector: selector });
  const change = { metadata: { annotations: { 'vibed.dev/keys-changed': String(Date.now()) } } };
  for (const { metadata } of items) await client.mergePatch(kinds.pod, metadata, change);
}

function readStored(): Record<string, string> {
  try {
    return storedSchema.parse(JSON.parse(readFileSync(storePath, 'utf8')));
  } catch {
    return {}; // the first run on this cluster
  }
}

async function isTaken(key: string): Promise<boolean> {
  const answer = await fetchHere(`${baseUrl}/api/guide`, { headers: { authorization: `Bearer ${key}` } });
  await answer.body?.cancel();
  return answer.status === 200;
}

export interface RestAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** One REST call; a body that is no Buffer is sent as JSON. */
export async function rest(
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RestAnswer> {
  const isRaw = body instanceof Uint8Array || typeof body === 'string';
  const answer = await fetchHere(baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(!isRaw && body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

const selector = 'app.kubernetes.io/name=vibed,app.kubernetes.io/component=api-server';
type Pod = KubeObject & { status?: { containerStatuses?: { containerID?: string; restartCount: number }[] } };

/** The operator's containers by id and number of restarts. */
export async function operatorContainers(): Promise<readonly string[]> {
  const labelSelector = 'app.kubernetes.io/name=vibed,app.kubernetes.io/component=operator';
  const { items } = await client.list<Pod>(kinds.pod, { namespace: systemNamespace, labelSelector });
  return items.flatMap(({ status }) =>
    (status?.containerStatuses ?? []).map(({ containerID, restartCount }) => `${containerID} ${restartCount}`),
  );
}

/** As the kernel would when memory runs out: the process of the container, by its own id, and nothing else. */
export async function killApiServer(): Promise<void> {
  const { items } = await client.list<Pod>(kinds.pod, { namespace: systemNamespace, labelSelector: selector });
  const id = items[0]?.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '');
  if (id === undefined) throw new Error('the api-server does not run');
  for (const pid of readdirSync('/proc').filter(name => /^[0-9]+$/.test(name)))
    if (isIn(pid, id)) process.kill(Number(pid), 'SIGKILL');
}

/** Resolves when the api-server answers (again). */
export async function apiServerReady(): Promise<void> {
  for (let left = 240; left > 0; left -= 1) {
    const answer = await fetchHere(`${baseUrl}/readyz`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
    await sleep(500);
  }
  throw new Error('the api-server is not ready');
}

function isIn(pid: string, container: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container);
  } catch {
    return false; // it ended while we looked
  }
}
