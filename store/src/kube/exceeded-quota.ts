import { isKubeError } from './errors.ts';

/** A ResourceQuota that refused a write. */
export interface ExceededQuota {
  readonly quota: string;
  /** What it limits and the write went beyond, for example `count/secrets=500`. */
  readonly limits: string;
}

/** Reads the quota out of the apiserver's refusal; undefined for any other error. */
export function exceededQuota(error: unknown): ExceededQuota | undefined {
  if (!isKubeError(error, 'Forbidden')) return undefined;
  const refusals = [...error.message.matchAll(/exceeded quota: ([^,\s]+)(?:.*?limited: ([^\s,;]+(?:,[^\s,;]+)*))?/g)];
  const [first] = refusals;
  if (first === undefined) return undefined;
  return { quota: first[1] ?? '', limits: first[2] ?? 'it does not say what' };
}
