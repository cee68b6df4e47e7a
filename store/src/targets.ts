// What this cluster can run, read from the kinds its API server serves. The operator chooses from it, the api-server tells it.
import type { ConcreteTarget } from '@vibed/crds';
import { type Kind, kinds } from './kube/index.ts';

export interface TargetState {
  available: boolean;
  /** One sentence for people: what it is, or why it is not there. */
  why: string;
}
export type Targets = Readonly<Record<ConcreteTarget, TargetState>>;

/** Kinds whose presence decides something; all but the first two come with a CRD. */
export const detectedKinds: readonly Kind[] = [
  kinds.deployment,
  kinds.ingress,
  kinds.knativeService,
  kinds.knativeRevision,
  kinds.wasmWorkload,
  kinds.oamApplication,
  kinds.httpRoute,
];

export function targetsOf(served: ReadonlySet<Kind>): Targets {
  const knative = served.has(kinds.knativeService) && served.has(kinds.knativeRevision);
  return {
    knative: knative
      ? { available: true, why: 'Knative Serving is installed: apps scale to zero, each version has a URL of its own' }
      : { available: false, why: 'Knative Serving (services of serving.knative.dev/v1) is not installed' },
    kubernetes: {
      available: true,
      why: `a Deployment per version, a Service and ${served.has(kinds.httpRoute) ? 'an HTTPRoute or Ingress' : 'an Ingress'}`,
    },
    wasmcloud: { available: false, why: wasmcloud(served) },
  };
}

function wasmcloud(served: ReadonlySet<Kind>): string {
  if (served.has(kinds.wasmWorkload))
    return 'wasmCloud v2 is installed, but this release of vibeD cannot deploy to it yet';
  if (served.has(kinds.oamApplication))
    return 'wasmCloud v1 (core.oam.dev) is end-of-life and not supported; it takes v2 (runtime.wasmcloud.dev/v1alpha1)';
  return 'wasmCloud v2 (workloaddeployments of runtime.wasmcloud.dev/v1alpha1) is not installed';
}

/** The first of `order` that this cluster has; Kubernetes itself is always there. */
export const firstAvailable = (targets: Targets, order: readonly ConcreteTarget[]): ConcreteTarget =>
  order.find(target => targets[target].available) ?? 'kubernetes';
