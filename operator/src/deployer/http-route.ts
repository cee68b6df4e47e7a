// The HTTPRoute of the Gateway API that takes an Ingress's place where the settings name a Gateway.
import type { KubeObject } from '@vibed/store/kube';
import { identityLabels, type Owner, ownerReference } from '../artifact/identity.ts';
import { hostOf, names } from '../artifact/names.ts';
import type { Settings } from '../settings.ts';

export interface HttpRoute extends KubeObject {
  spec?: unknown;
  status?: { parents?: { conditions?: { type: string; status: string; observedGeneration?: number }[] }[] };
}

export function httpRoute(
  owner: Owner,
  gateway: NonNullable<Settings['targets']['gateway']>,
  { apps }: Settings,
): HttpRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: names.ingress(owner),
      namespace: owner.namespace,
      labels: identityLabels(owner),
      ownerReferences: [ownerReference(owner)],
    },
    spec: {
      parentRefs: [gateway],
      hostnames: [hostOf(owner, apps)],
      rules: [{ backendRefs: [{ name: names.service(owner), port: 80 }] }],
    },
  };
}

/** A Gateway takes it; until then nothing that it replaces may go. */
export function isAccepted(route: HttpRoute): boolean {
  const parents = route.status?.parents ?? [];
  return parents.some(parent =>
    parent.conditions?.some(
      c =>
        c.type === 'Accepted' && c.status === 'True' && (c.observedGeneration ?? 0) >= (route.metadata.generation ?? 0),
    ),
  );
}
