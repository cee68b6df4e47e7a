import { randomUUID } from 'node:crypto';
import { isKubeError, type Log } from '@vibed/store/kube';
import type { WorkQueue } from './workqueue.ts';

export interface ControllerMetrics {
  /** One reconcile ended. */
  readonly reconciled?: (result: 'success' | 'error', seconds: number) => void;
}

/** One run of a reconcile: its log carries the run's id and the key on every line. */
export interface Run {
  readonly id: string;
  readonly log: Log;
}

/** The key is settled, and worth another look after this time; without one, only an event brings it back. */
export interface Settled {
  readonly recheckAfterMs?: number | undefined;
}

export interface ControllerOptions {
  /** For logs: `artifact`. */
  readonly name: string;
  /** Stays the caller's: it is not shut down here. */
  readonly queue: WorkQueue;
  /** How many keys are worked on at once. */
  readonly workers: number;
  /** Brings the world of one key to what is wanted; throws for the unexpected, which means backoff. */
  readonly reconcile: (key: string, signal: AbortSignal, run: Run) => Promise<Settled | undefined>;
  readonly log: Log;
  readonly metrics?: ControllerMetrics | undefined;
  /** How long running reconciles may take to end after a stop, before their signal aborts; default 20,000. */
  readonly stopMs?: number | undefined;
}

/** Works the queue off until the signal aborts; resolves when the running reconciles have ended, or their time is over. */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const hard = new AbortController();
  const workers = Array.from({ length: options.workers }, () => work(options, signal, hard.signal));
  const timeIsOver = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const onStop = () => {
    timer = setTimeout(() => {
      options.log.warn('reconciles were still running when their time was over', { controller: options.name });
      hard.abort(new Error('the controller stops'));
      timeIsOver.resolve();
    }, options.stopMs ?? 20_000);
  };
  if (signal.aborted) onStop();
  signal.addEventListener('abort', onStop, { once: true });
  try {
    await Promise.race([Promise.all(workers), timeIsOver.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onStop);
  }
}

async function work(options: ControllerOptions, stopping: AbortSignal, hard: AbortSignal): Promise<void> {
  for (;;) {
    const key = await options.queue.get(stopping);
    if (key === undefined) return;
    try {
      await reconcileOnce(options, key, hard);
    } finally {
      options.queue.done(key);
    }
  }
}

async function reconcileOnce(options: ControllerOptions, key: string, signal: AbortSignal): Promise<void> {
  const { name, queue, metrics } = options;
  const id = randomUUID().slice(0, 8);
  const log = withFields(options.log, { controller: name, key, reconcileId: id });
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  try {
    const settled = await options.reconcile(key, signal, { id, log });
    queue.forget(key);
    if (settled?.recheckAfterMs !== undefined) queue.addAfter(key, settled.recheckAfterMs);
    metrics?.reconciled?.('success', seconds());
    log.debug('reconciled', { seconds: seconds(), recheckAfterMs: settled?.recheckAfterMs });
  } catch (error) {
    queue.addRateLimited(key);
    metrics?.reconciled?.('error', seconds());
    // A lost race is the precondition doing its work: the next run starts from what won.
    const tell = isKubeError(error, 'Conflict') ? log.info : log.error;
    tell('a reconcile failed and will be tried again', { seconds: seconds(), error });
  }
}

function withFields(log: Log, common: Record<string, unknown>): Log {
  return {
    debug: (message, fields) => log.debug(message, { ...common, ...fields }),
    info: (message, fields) => log.info(message, { ...common, ...fields }),
    warn: (message, fields) => log.warn(message, { ...common, ...fields }),
    error: (message, fields) => log.error(message, { ...common, ...fields }),
  };
}
