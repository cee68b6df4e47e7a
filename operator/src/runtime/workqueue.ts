/** What a queue tells about itself; every hook is optional. */
export interface WorkQueueMetrics {
  /** Keys that are ready and not yet taken. */
  readonly depth?: (keys: number) => void;
  readonly added?: () => void;
  /** A key is to be tried again after a failure. */
  readonly retried?: () => void;
  /** How long a key was ready before a worker took it. */
  readonly waited?: (seconds: number) => void;
}

export interface WorkQueueOptions {
  /** Wait before the first retry; default 200. Doubles with each further one. */
  readonly backoffMs?: number | undefined;
  /** Longest such wait; default 300,000. */
  readonly maxBackoffMs?: number | undefined;
  /** In [0, 1); default Math.random. */
  readonly random?: (() => number) | undefined;
  readonly metrics?: WorkQueueMetrics | undefined;
}

/** A timer can't count further than this (24.8 days); a key that waits longer comes early, and once more. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Keys that need work, first come first served. A key is in the queue at most once and with one worker at a time; added while it
 * is worked on, it comes once more afterwards.
 */
export class WorkQueue {
  readonly #backoffMs: number;
  readonly #maxBackoffMs: number;
  readonly #random: () => number;
  readonly #metrics: WorkQueueMetrics;
  /** Key → since when it is ready; a Map keeps the order of insertion. */
  readonly #ready = new Map<string, number>();
  /** Key → whether it was added again meanwhile. */
  readonly #working = new Map<string, boolean>();
  readonly #later = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  readonly #failures = new Map<string, number>();
  readonly #waiting = new Set<(key: string | undefined) => void>();
  #isShutDown = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#backoffMs = options.backoffMs ?? 200;
    this.#maxBackoffMs = options.maxBackoffMs ?? 300_000;
    this.#random = options.random ?? Math.random;
    this.#metrics = options.metrics ?? {};
  }

  add(key: string): void {
    if (this.#isShutDown || this.#ready.has(key) || this.#working.get(key) === true) return;
    this.#metrics.added?.();
    if (this.#working.has(key)) this.#working.set(key, true);
    else this.#makeReady(key);
  }

  /** Adds the key in `ms` milliseconds; of several such wishes the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#isShutDown) return;
    if (!(ms > 0)) {
      this.add(key);
      return;
    }
    const at = performance.now() + ms;
    const wish = this.#later.get(key);
    if (wish !== undefined && wish.at <= at) return;
    clearTimeout(wish?.timer);
    const timer = setTimeout(
      () => {
        this.#later.delete(key);
        this.add(key);
      },
      Math.min(ms, longestTimerMs),
    );
    this.#later.set(key, { at, timer });
  }

  /** Adds the key after a failure: the wait doubles each time until forget(). */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const ceiling = Math.min(this.#maxBackoffMs, this.#backoffMs * 2 ** failures);
    this.#metrics.retried?.();
    // Never less than half: what just failed is not tried again at once.
    this.addAfter(key, ceiling * (0.5 + this.#random() / 2));
  }

  /** The key succeeded: its next failure waits the shortest time again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, once there is one; undefined when the queue was shut down or the signal aborted. Call done() afterwards. */
  async get(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#isShutDown || signal?.aborted) return undefined;
    if (this.#ready.size > 0) return this.#takeFirst();
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const giveUp = () => {
      // At once: a key that is added before this promise has settled must not go to a worker that has left.
      this.#waiting.delete(resolve);
      resolve(undefined);
    };
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** The worker has finished with the key that get() gave. */
  done(key: string): void {
    const isAddedAgain = this.#working.get(key) === true;
    this.#working.delete(key);
    if (isAddedAgain && !this.#isShutDown) this.#makeReady(key);
  }

  /** Nothing is given out any more, and nothing accepted. */
  shutDown(): void {
    this.#isShutDown = true;
    for (const { timer } of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
    this.#ready.clear();
    this.#metrics.depth?.(0);
    for (const resolve of this.#waiting) resolve(undefined);
    this.#waiting.clear();
  }

  #makeReady(key: string): void {
    this.#ready.set(key, performance.now());
    this.#metrics.depth?.(this.#ready.size);
    const [worker] = this.#waiting;
    if (worker === undefined) return;
    this.#waiting.delete(worker);
    worker(this.#takeFirst());
  }

  #takeFirst(): string | undefined {
    const [first] = this.#ready;
    if (first === undefined) return undefined;
    const [key, since] = first;
    this.#ready.delete(key);
    this.#working.set(key, false);
    this.#metrics.depth?.(this.#ready.size);
    this.#metrics.waited?.((performance.now() - since) / 1000);
    return key;
  }
}
