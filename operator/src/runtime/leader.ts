// Leader election over a Lease. Clocks of two machines may disagree, so no timestamp of somebody else is ever compared: a candidate
// watches for how long, by its own clock, the record has not changed.
//
//   candidate ── record ours, released, or unchanged for its duration ──▶ leading ── lead() returned ──▶ released
//       ▲                                                                   │
//       └────── not renewed for renewSeconds, or somebody else's ◀──────────┘
import {
  type Clock,
  isKubeError,
  type KubeClient,
  type KubeObject,
  kinds,
  type Log,
  systemClock,
} from '@vibed/store/kube';

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
  readonly clock?: Clock | undefined;
}

/** A coordination.k8s.io/v1 Lease; times are RFC 3339 with microseconds. */
export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string | undefined;
    leaseDurationSeconds?: number | undefined;
    acquireTime?: string | undefined;
    renewTime?: string | undefined;
    leaseTransitions?: number | undefined;
  };
}

/**
 * Runs `lead` whenever this process holds the Lease, until the outer signal aborts or `lead` returns by itself. Losing the Lease
 * aborts the signal that `lead` was given; once it has returned, this process is a candidate again. While `lead` winds down after
 * the outer signal the Lease is still renewed, then released, so that a successor starts at once. Rejects with what `lead` throws.
 */
export async function runAsLeader(
  options: LeaderOptions,
  signal: AbortSignal,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const election = new Election(options);
  while (!signal.aborted) {
    if (!(await election.acquire(signal))) return;
    const lost = await leadOnce(election, signal, lead);
    if (!lost) return;
    options.log.warn('the lease was lost', { lease: options.name, identity: options.identity });
  }
}

/** One term; true when it ended because the Lease was lost. */
async function leadOnce(
  election: Election,
  signal: AbortSignal,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const lost = new AbortController();
  const ended = new AbortController();
  const holding = election.hold(ended.signal).then(isLost => {
    if (isLost) lost.abort(new Error('the lease was lost'));
    return isLost;
  });
  try {
    await lead(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    // Winding down because of the loss may well throw; that is no failure of the work itself.
    if (!lost.signal.aborted) throw error;
  } finally {
    ended.abort();
    if (!(await holding)) await election.release();
  }
  return lost.signal.aborted;
}

class Election {
  readonly #options: LeaderOptions;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #retryMs: number;
  /** The record as last seen, and since when it has not changed. */
  #seen: { readonly lease: Lease; readonly at: number } | undefined;
  /** When the last write of ours that succeeded was sent: others may count from then on. */
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#leaseMs = (options.leaseSeconds ?? 15) * 1000;
    this.#renewMs = (options.renewSeconds ?? 10) * 1000;
    this.#retryMs = (options.retrySeconds ?? 2) * 1000;
    if (this.#renewMs >= this.#leaseMs) throw new Error('renewSeconds must be less than leaseSeconds');
  }

  /** True once the Lease is ours; false when the signal aborted first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if ((await this.#attemptWithin(this.#renewMs)) === 'held' && this.#leftMs() > 0) {
        this.#options.log.info('leading', { lease: this.#options.name, identity: this.#options.identity });
        return true;
      }
      await this.#clock.sleep(this.#retryMs, signal);
    }
    return false;
  }

  /** Renews until the signal aborts (false) or the Lease is lost (true). */
  async hold(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await this.#clock.sleep(this.#retryMs, signal);
      if (signal.aborted) break;
      if (this.#leftMs() <= 0 || (await this.#attemptWithin(this.#leftMs())) === 'taken') return true;
    }
    return false;
  }

  /** Tells the others at once that nobody holds the Lease. */
  async release(): Promise<void> {
    const lease = this.#seen?.lease;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const now = microTime();
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      await this.#options.client.replace<Lease>(kinds.lease, { ...lease, spec });
    } catch (error) {
      // Then it expires by itself.
      this.#options.log.warn('the lease could not be released', { lease: this.#options.name, error });
    }
  }

  /** A request that hangs must not make us lead for longer than the Lease lasts. */
  async #attemptWithin(ms: number): Promise<'held' | 'taken' | 'failed'> {
    const ended = new AbortController();
    const late = this.#clock.sleep(ms, ended.signal).then(() => 'failed' as const);
    try {
      return await Promise.race([this.#attempt(), late]);
    } finally {
      ended.abort();
    }
  }

  /** Gets or renews the Lease; never rejects. */
  async #attempt(): Promise<'held' | 'taken' | 'failed'> {
    const { client } = this.#options;
    try {
      const lease = await this.#read();
      if (lease !== undefined && !this.#isOurs(lease) && !this.#isFree(lease)) return 'taken';
      const sent = this.#clock.now();
      const record = this.#record(lease);
      this.#see(await (lease === undefined ? client.create(kinds.lease, record) : client.replace(kinds.lease, record)));
      this.#renewedAt = sent;
      return 'held';
    } catch (error) {
      // Somebody was faster: the next attempt sees who.
      const isRace = isKubeError(error, 'Conflict') || isKubeError(error, 'AlreadyExists');
      if (!isRace) this.#options.log.warn('the lease could not be reached', { lease: this.#options.name, error });
      return 'failed';
    }
  }

  async #read(): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      const lease = await client.get<Lease>(kinds.lease, { namespace, name });
      if (this.#seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) this.#see(lease);
      return lease;
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  #see(lease: Lease): void {
    this.#seen = { lease, at: this.#clock.now() };
  }

  /** For how long we may still lead without another renewal. */
  #leftMs(): number {
    return this.#renewedAt + this.#renewMs - this.#clock.now();
  }

  #isOurs(lease: Lease): boolean {
    return lease.spec?.holderIdentity === this.#options.identity;
  }

  #isFree(lease: Lease): boolean {
    if (!lease.spec?.holderIdentity) return true;
    const duration = (lease.spec.leaseDurationSeconds ?? this.#leaseMs / 1000) * 1000;
    return this.#seen !== undefined && this.#clock.now() - this.#seen.at >= duration;
  }

  #record(before: Lease | undefined): Lease {
    const { namespace, name, identity } = this.#options;
    const now = microTime();
    const isRenewal = before !== undefined && this.#isOurs(before);
    const transitions = before?.spec?.leaseTransitions ?? 0;
    return {
      ...before,
      metadata: before?.metadata ?? { namespace, name },
      spec: {
        ...before?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#leaseMs / 1000),
        acquireTime: isRenewal ? (before.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: isRenewal || before === undefined ? transitions : transitions + 1,
      },
    };
  }
}

/** A V1MicroTime: the API server refuses a time with milliseconds only. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
