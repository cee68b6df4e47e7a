// What the main loop writes for the thread of the health endpoints, and what that thread answers from it.

/** Where the shared memory, an array of 64-bit integers, has what. */
export const slots = { beatAtMs: 0, isReady: 1 } as const;

/** A clock that all threads of a process share and nobody sets. */
export const monotonicMs = (): bigint => process.hrtime.bigint() / 1_000_000n;

/** What the thread is started with. */
export interface HealthWorkerData {
  readonly memory: SharedArrayBuffer;
  readonly host: string | undefined;
  readonly port: number;
}

/** A main loop that is silent for this long is taken to hang: the process has to be restarted. */
const aliveForMs = 60_000n;
/** A main loop that is silent for this long serves nobody at the moment. */
const readyForMs = 15_000n;

export interface HealthAnswer {
  readonly status: number;
  readonly text: string;
}

/** The answer to a GET of `path`, from the shared state and the present time. */
export function healthAnswer(path: string | undefined, state: BigInt64Array, nowMs: bigint): HealthAnswer {
  const silentMs = nowMs - Atomics.load(state, slots.beatAtMs);
  const silent = { status: 503, text: `the event loop has not turned for ${silentMs / 1000n} s` };
  switch (path?.split('?')[0]) {
    case '/healthz':
      return silentMs < aliveForMs ? { status: 200, text: 'ok' } : silent;
    case '/readyz':
      if (silentMs >= readyForMs) return silent;
      if (Atomics.load(state, slots.isReady) === 1n) return { status: 200, text: 'ok' };
      return { status: 503, text: 'waiting for the first lists' };
    default:
      return { status: 404, text: 'there are /healthz and /readyz' };
  }
}
