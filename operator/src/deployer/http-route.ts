// The HTTPRoute of the Gateway API that takes an Ingress's place where the settings name a Gateway.
//
//   HTTPRoute <name> ─parentRefs─▶ Gateway of the settings: it says in status.parents whether it takes the route
//                    ─backendRefs─▶ Service <name>
import type { KubeObject } from '@vibed/store/kube';
import { identityLabels, type Owner, ownerReference } from '../artifact/identity.ts';
import { hostOf, names } from '../artifact/names.ts';
import type { Settings } from '../settings.ts';
import { firstSentence } from './pod-problems.ts';

interface RouteCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

export interface HttpRoute extends KubeObject {
  spec?: unknown;
  status?: { parents?: { conditions?: RouteCondition[] }[] };
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

/** A Gateway takes it and finds its Service; until then nothing that it replaces may go. */
export function isAccepted(route: HttpRoute): boolean {
  if (route.metadata.deletionTimestamp !== undefined) return false;
  return parentsOf(route).some(
    said =>
      said.some(c => c.type === 'Accepted' && c.status === 'True') &&
      !said.some(c => c.type === 'ResolvedRefs' && c.status === 'False'),
  );
}

/** What a route that is not accepted waits for, with what the Gateway has against it. */
export function acceptanceAwaited(route: HttpRoute): string {
  const refused = parentsOf(route)
    .flat()
    .find(c => (c.type === 'Accepted' || c.type === 'ResolvedRefs') && c.status === 'False');
  if (refused === undefined) return 'the Gateway has yet to take the route';
  return `the Gateway does not take the route: ${refused.reason ?? refused.type}: ${firstSentence(refused.message ?? '')}`;
}

/** What each Gateway says about the present spec. */
function parentsOf({ metadata, status }: HttpRoute): RouteCondition[][] {
  const isPresent = (c: RouteCondition) => (c.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return (status?.parents ?? []).map(({ conditions = [] }) => conditions.filter(isPresent));
}
