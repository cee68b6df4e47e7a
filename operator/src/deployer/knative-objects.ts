// What is written to and read from Knative Serving v1, as far as we use it.
import type { KubeObject } from '@vibed/store/kube';

export interface KnativeCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface TrafficTarget {
  revisionName?: string;
  percent?: number;
  tag?: string;
  url?: string;
}

export interface RevisionTemplate {
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: object;
}

export interface KnativeService extends KubeObject {
  spec?: { template?: RevisionTemplate; traffic?: TrafficTarget[] };
  status?: {
    observedGeneration?: number;
    url?: string;
    conditions?: KnativeCondition[];
    traffic?: TrafficTarget[];
  };
}

export interface KnativeRevision extends KubeObject {
  spec?: object;
  status?: { observedGeneration?: number; conditions?: KnativeCondition[] };
}

export const conditionOf = (
  object: KnativeService | KnativeRevision | undefined,
  type: string,
): KnativeCondition | undefined => object?.status?.conditions?.find(c => c.type === type);

/** What its status says is about the present spec. */
export const isObserved = ({ metadata, status }: KnativeService | KnativeRevision): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);

/** Ready, and what says so is about the present spec. A revision that sleeps is ready too. */
export function isReadyRevision(revision: KnativeRevision | undefined): boolean {
  if (revision === undefined || revision.metadata.deletionTimestamp !== undefined) return false;
  return isObserved(revision) && conditionOf(revision, 'Ready')?.status === 'True';
}
