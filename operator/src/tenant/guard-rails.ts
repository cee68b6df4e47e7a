// What every tenant namespace has: enforced Pod Security, a quota, a network policy and an account without rights. The
// second, small reconcile; it repairs what is changed and serves people who come by kubectl or Git as well.
import { labels } from '@vibed/crds';
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { managedBy } from '../artifact/identity.ts';
import type { Namespace } from '../artifact/world.ts';
import { appServiceAccount } from '../deployer/app-pod.ts';
import { workspacePolicy } from '../network/policies.ts';
import type { Settings } from '../settings.ts';
import { isSystemNamespace } from './system-namespaces.ts';

export const podSecurity = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
} as const;

/** True for a namespace whose guard rails are ours to keep. */
export function isTenant(namespace: Namespace, settings: Settings): boolean {
  const { name, deletionTimestamp } = namespace.metadata;
  return (
    deletionTimestamp === undefined &&
    namespace.metadata.labels?.[labels.owner] !== undefined &&
    !isSystemNamespace(name, settings)
  );
}

export interface GuardRail {
  kind: Kind;
  object: KubeObject & Record<string, unknown>;
}

/** The kinds of all guard rails. */
export const railKinds = (settings: Settings): Kind[] => guardRails('', settings).map(({ kind }) => kind);

/** The objects of a tenant namespace, with their defaults written out; the Pod Security labels go on the namespace itself. */
export function guardRails(namespace: string, settings: Settings): GuardRail[] {
  const named = (name: string) => ({ name, namespace, labels: { ...managedBy } });
  return [
    {
      kind: kinds.serviceAccount,
      object: {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: named(appServiceAccount),
        automountServiceAccountToken: false,
      },
    },
    {
      kind: kinds.resourceQuota,
      object: {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: named('vibed'),
        spec: { hard: settings.tenants.quota },
      },
    },
    {
      kind: kinds.networkPolicy,
      object: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: named('vibed'),
        spec: workspacePolicy(settings),
      },
    },
  ];
}
