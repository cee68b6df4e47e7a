// Health endpoints of a process, answered by a thread of their own: the kubelet gets its answer while the main loop is busy, and a
// process is restarted only when its main loop has not turned for a minute.
//
//   main loop ─beat, twice a second─▶ shared memory ◀─reads─ health-worker.ts ◀─ GET /healthz, /readyz ─ kubelet
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Log } from '@vibed/store/kube';
import { type HealthWorkerData, monotonicMs, slots } from './health-state.ts';

export interface HealthOptions {
  /** Absent: every address of the machine. */
  readonly host?: string | undefined;
  readonly port: number;
  /** Whether the process can serve; read with every beat. */
  readonly isReady: () => boolean;
  readonly log: Log;
}

export interface Health {
  readonly port: number;
  stop(): Promise<void>;
}

const beatEveryMs = 500;
/** A block that is worth a line in the log. */
const noticedAfterMs = 1_000;

/** Resolves when the endpoints answer; rejects when the address cannot be listened on. */
export async function serveHealth({ host, port, isReady, log }: HealthOptions): Promise<Health> {
  const memory = new SharedArrayBuffer(Object.keys(slots).length * BigInt64Array.BYTES_PER_ELEMENT);
  const state = new BigInt64Array(memory);
  const beat = () => {
    Atomics.store(state, slots.beatAtMs, monotonicMs());
    Atomics.store(state, slots.isReady, isReady() ? 1n : 0n);
  };
  beat();
  const worker = new Worker(workerFile(), {
    workerData: { memory, host, port } satisfies HealthWorkerData,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
  });
  worker.unref();
  const [listening] = (await once(worker, 'message')) as [{ port: number }];
  worker.on('error', error =>
    log.error('the health endpoints ended; the kubelet will restart this process', { error }),
  );
  const stopBeating = everyBeat(beat, log);
  const stop = async () => {
    stopBeating();
    await worker.terminate();
  };
  return { port: listening.port, stop };
}

/** Calls `beat` at intervals, and logs how long the main loop was blocked when an interval lasts too long. */
function everyBeat(beat: () => void, log: Log): () => void {
  let last = performance.now();
  const timer = setInterval(() => {
    beat();
    const now = performance.now();
    const blockedMs = now - last - beatEveryMs;
    last = now;
    if (blockedMs > noticedAfterMs)
      log.warn('the event loop was blocked', { seconds: Number((blockedMs / 1000).toFixed(1)) });
  }, beatEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Beside this file, both as source and in a bundle. */
const workerFile = () =>
  new URL(import.meta.url.endsWith('.ts') ? 'health-worker.ts' : 'health-worker.mjs', import.meta.url);
