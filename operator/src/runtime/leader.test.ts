import { type Clock, type KubeClient, KubeError, type Log } from '@vibed/store/kube';
import { beforeEach, describe, expect, test } from 'vitest';
import { type LeaderOptions, type Lease, runAsLeader } from './leader.ts';

/** Time that stands still unless told to pass. */
class ManualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      const end = () => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      sleeper.wake = end;
      if (signal.aborted) return end();
      signal.addEventListener('abort', end, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  async pass(seconds: number): Promise<void> {
    const until = this.#now + seconds * 1000;
    for (; this.#now < until; this.#now += 100) {
      await turn();
      for (const sleeper of [...this.#sleepers]) if (sleeper.at <= this.#now) sleeper.wake();
    }
    await turn();
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve));

/** A test double of the Lease API: one record with optimistic concurrency, and a network that can be cut per process. */
class LeaseApi {
  lease: Lease | undefined;
  writes: Lease[] = [];
  #revision = 0;

  client(network: { state: 'up' | 'down' | 'hangs' }): KubeClient {
    const reach = async () => {
      if (network.state === 'hangs') await new Promise(() => undefined);
      if (network.state === 'down') throw new KubeError('Unavailable', 'cut off');
    };
    const get = async () => {
      await reach();
      if (this.lease === undefined) throw new KubeError('NotFound', 'no lease');
      return structuredClone(this.lease);
    };
    const create = async (_kind: unknown, lease: Lease) => {
      await reach();
      if (this.lease !== undefined) throw new KubeError('AlreadyExists', 'taken');
      return this.#store(lease);
    };
    const replace = async (_kind: unknown, lease: Lease) => {
      await reach();
      if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
        throw new KubeError('Conflict', 'old');
      return this.#store(lease);
    };
    return { get, create, replace } as unknown as KubeClient;
  }

  #store(lease: Lease): Lease {
    this.#revision += 1;
    this.lease = structuredClone({
      ...lease,
      metadata: { ...lease.metadata, resourceVersion: String(this.#revision) },
    });
    this.writes.push(this.lease);
    return structuredClone(this.lease);
  }
}

const silent = () => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

let clock: ManualClock;
let api: LeaseApi;
let leading: string[];

beforeEach(() => {
  clock = new ManualClock();
  api = new LeaseApi();
  leading = [];
});

/** A process that leads until it is told not to, noting itself in `leading`. */
function candidate(identity: string, more: Partial<LeaderOptions> & { windDown?: () => Promise<void> } = {}) {
  const network: { state: 'up' | 'down' | 'hangs' } = { state: 'up' };
  const stop = new AbortController();
  const { windDown, ...options } = more;
  const settings = {
    client: api.client(network),
    namespace: 'vibed',
    name: 'operator',
    identity,
    log,
    clock,
    ...options,
  };
  const ended = runAsLeader(settings, stop.signal, async signal => {
    leading.push(identity);
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
    await windDown?.();
    leading.splice(leading.indexOf(identity), 1);
  });
  return { network, stop, ended };
}

describe('leader election', () => {
  test('the first candidate leads at once, the second waits', async () => {
    const a = candidate('a');
    await clock.pass(1);
    const b = candidate('b');
    await clock.pass(120);
    expect(leading).toEqual(['a']);
    expect(api.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(api.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    b.stop.abort();
    a.stop.abort();
    await Promise.all([a.ended, b.ended]);
  });

  test('a graceful stop releases, and the successor starts within a retry', async () => {
    const a = candidate('a');
    await clock.pass(1);
    const b = candidate('b');
    await clock.pass(5);
    a.stop.abort();
    await a.ended;
    expect(api.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await clock.pass(2.5);
    expect(leading).toEqual(['b']);
    expect(api.lease?.spec?.leaseTransitions).toBe(1);
    b.stop.abort();
    await b.ended;
  });

  test('while the leader winds down the lease stays its own', async () => {
    const release = Promise.withResolvers<void>();
    const a = candidate('a', { windDown: () => release.promise });
    await clock.pass(1);
    const b = candidate('b');
    await clock.pass(1);
    a.stop.abort();
    await clock.pass(60);
    expect(leading).toEqual(['a']);
    release.resolve();
    await clock.pass(3);
    expect(leading).toEqual(['b']);
    b.stop.abort();
    await Promise.all([a.ended, b.ended]);
  });

  test.each(['down', 'hangs'] as const)('a leader whose network %s stops before another one starts', async state => {
    const a = candidate('a');
    await clock.pass(1);
    const b = candidate('b');
    await clock.pass(5);
    a.network.state = state;
    await clock.pass(12.5);
    expect(leading).toEqual([]);
    await clock.pass(10);
    expect(leading).toEqual(['b']);
    a.network.state = 'up';
    await clock.pass(30);
    expect(leading).toEqual(['b']);
    b.stop.abort();
    await b.ended;
    await clock.pass(3);
    expect(leading).toEqual(['a']);
    a.stop.abort();
    await a.ended;
  });

  test('a short outage does not end a term', async () => {
    const a = candidate('a');
    await clock.pass(5);
    a.network.state = 'down';
    await clock.pass(6);
    a.network.state = 'up';
    await clock.pass(60);
    expect(leading).toEqual(['a']);
    expect(api.lease?.spec?.leaseTransitions).toBe(0);
    a.stop.abort();
    await a.ended;
  });

  test.each(['2001-01-01T00:00:00.000000Z', '2099-01-01T00:00:00.000000Z'])(
    "a dead leader's record is waited for in full, whatever its clock said: %s",
    async renewTime => {
      const spec = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime, leaseTransitions: 3 };
      api.lease = { metadata: { namespace: 'vibed', name: 'operator', resourceVersion: 'x' }, spec };
      const b = candidate('b');
      await clock.pass(14);
      expect(leading).toEqual([]);
      await clock.pass(4);
      expect(leading).toEqual(['b']);
      expect(api.lease?.spec?.leaseTransitions).toBe(4);
      b.stop.abort();
      await b.ended;
    },
  );

  test('a leader that finds somebody else in the record stops at once', async () => {
    const a = candidate('a');
    await clock.pass(5);
    const metadata = { ...api.lease?.metadata, name: 'operator', resourceVersion: 'thief' };
    api.lease = { metadata, spec: { holderIdentity: 'thief', leaseDurationSeconds: 15 } };
    await clock.pass(2.5);
    expect(leading).toEqual([]);
    expect(api.lease.spec?.holderIdentity).toBe('thief');
    a.stop.abort();
    await a.ended;
  });

  test('what lead throws is thrown on, and the lease is released', async () => {
    const client = api.client({ state: 'up' });
    const settings = { client, namespace: 'vibed', name: 'operator', identity: 'a', log, clock };
    const ended = runAsLeader(settings, new AbortController().signal, async () => {
      throw new Error('work failed');
    });
    await expect(ended).rejects.toThrow('work failed');
    expect(api.lease?.spec?.holderIdentity).toBe('');
  });

  test('a candidate that is stopped never leads', async () => {
    const a = candidate('a');
    await clock.pass(1);
    const b = candidate('b');
    await clock.pass(1);
    b.stop.abort();
    await b.ended;
    a.stop.abort();
    await a.ended;
    expect(api.writes.some(lease => lease.spec?.holderIdentity === 'b')).toBe(false);
  });
});
