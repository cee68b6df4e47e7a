// The API as somebody else may use it: the administrator's kubeconfig, with every request in the name of another user.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Kind, type KubeClient, type KubeObject } from '@vibed/store/kube';
import { parse, stringify } from 'yaml';
import type { Cluster } from './cluster.ts';

interface Kubeconfig {
  users: { name: string; user: object }[];
}

/** A ServiceAccount is the user `system:serviceaccount:<namespace>:<name>`. */
export function clientAs(user: string, { kubeconfig }: Cluster): KubeClient {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const users = config.users.map(entry => ({ ...entry, user: { ...entry.user, as: user } }));
  const folder = mkdtempSync(join(tmpdir(), 'vibed-as-'));
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, stringify({ ...config, users }), { mode: 0o600 });
  try {
    return connect({ kubeconfig: path, fieldManager: 'vibed-e2e', userAgent: 'vibed-e2e' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Creates the object as far as the last judge of it, and keeps nothing. */
export async function createDry<T extends KubeObject>(client: KubeClient, kind: Kind, object: T): Promise<void> {
  const { namespace } = object.metadata;
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${apiVersion}`;
  const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
  await client.raw('POST', `${root}${place}/${kind.plural}?dryRun=All`, { ...object, apiVersion, kind: kind.kind });
}
