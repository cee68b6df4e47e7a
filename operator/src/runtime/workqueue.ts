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

/**
 * Keys that need work, first come first served. A key is in the queue at most once and with one worker at a time; added while it
 * is worked on, it comes once more afterwards.
 */
export class WorkQueue {
  constructor(_options: WorkQueueOptions = {}) {}
  add(_key: string): void {}
  /** Adds the key in `ms` milliseconds; of several such wishes the earliest counts. */
  addAfter(_key: string, _ms: number): void {}
  /** Adds the key after a failure: the wait doubles each time until forget(). */
  addRateLimited(_key: string): void {}
  /** The key succeeded: its next failure waits the shortest time again. */
  forget(_key: string): void {}
  /** The next key, once there is one; undefined when the queue was shut down or the signal aborted. Call done() afterwards. */
  async get(_signal?: AbortSignal): Promise<string | undefined> {
    return undefined;
  }
  /** The worker has finished with the key that get() gave. */
  done(_key: string): void {}
  /** Nothing is given out any more, and nothing accepted. */
  shutDown(): void {}
}
