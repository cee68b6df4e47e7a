import type { KubeClient, Log } from '@vibed/store/kube';

export interface LeaderOptions {
  readonly client: KubeClient;
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Unique per process: the pod's name and something random. */
  readonly identity: string;
  /** A record unchanged for this long is up for grabs; default 15. */
  readonly leaseSeconds?: number | undefined;
  /** A leader that could not renew for this long stops leading; less than leaseSeconds; default 10. */
  readonly renewSeconds?: number | undefined;
  /** Between attempts to get or renew; default 2. */
  readonly retrySeconds?: number | undefined;
  readonly log: Log;
}

/**
 * Runs `lead` whenever this process holds the Lease, until the outer signal aborts. Losing the Lease aborts the signal that `lead`
 * was given; once it has returned, this process is a candidate again. Rejects with what `lead` throws.
 */
export async function runAsLeader(
  _options: LeaderOptions,
  _signal: AbortSignal,
  _lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {}
