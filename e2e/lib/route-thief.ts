// A member of a workspace with every right there that a Role can give on routes, who tries to take the hosts of others.
import { isKubeError, type Kind, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import type { Cluster } from './cluster.ts';
import { clientAs, createDry } from './impersonate.ts';

const routeGroups = [
  '',
  'networking.k8s.io',
  'gateway.networking.k8s.io',
  'serving.knative.dev',
  'networking.internal.knative.dev',
];

/** A client of a new member of this workspace. */
export async function memberOf(namespace: string, cluster: Cluster): Promise<KubeClient> {
  const user = `${namespace}-member`;
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: 'member', namespace };
  const rules = [{ apiGroups: routeGroups, resources: ['*'], verbs: ['*'] }];
  await cluster.client.create<KubeObject & { rules: object[] }>(kinds.role, { metadata, rules });
  await cluster.client.create<KubeObject & { roleRef: object; subjects: object[] }>(kinds.roleBinding, {
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: 'member' },
    subjects: [{ apiGroup: group, kind: 'User', name: user }],
  });
  return clientAs(user, cluster);
}

/** Fails unless the object is refused, by a policy that says `why`. */
export async function isRefused<T extends KubeObject>(
  client: KubeClient,
  kind: Kind,
  object: T,
  why: RegExp,
): Promise<void> {
  const answer = await createDry(client, kind, object).then(
    () => 'created',
    (error: unknown) => error,
  );
  const what = JSON.stringify(object);
  expect(isKubeError(answer, 'Forbidden'), `${what}: ${String(answer)}`).toBe(true);
  expect(String(answer), what).toMatch(why);
}
