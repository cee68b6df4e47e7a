import type { Log } from '@vibed/store/kube';
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

export interface ControllerOptions {
  /** For logs: `artifact`. */
  readonly name: string;
  readonly queue: WorkQueue;
  /** How many keys are worked on at once. */
  readonly workers: number;
  /** Brings the world of one key to what is wanted; throws for the unexpected, which means backoff. */
  readonly reconcile: (
    key: string,
    signal: AbortSignal,
    run: Run,
  ) => Promise<{ readonly recheckAfterMs?: number } | void>;
  readonly log: Log;
  readonly metrics?: ControllerMetrics | undefined;
  /** How long running reconciles may take to end after a stop, before their signal aborts; default 20,000. */
  readonly stopMs?: number | undefined;
}

/** Works the queue off until the signal aborts; resolves when the running reconciles have ended, or their time is over. */
export async function runController(_options: ControllerOptions, _signal: AbortSignal): Promise<void> {}
