// A quota that is new refuses what it counts, as Forbidden, until the cluster has counted once what is there: mostly a moment,
// some seconds where the kind itself is new to the cluster.
import { setTimeout as sleep } from 'node:timers/promises';
import { isKubeError } from './errors.ts';

const isUncounted = (error: unknown) =>
  isKubeError(error, 'Forbidden') && error.message.includes('status unknown for quota');

/** Repeats a create that a quota refuses only because it has not counted yet, for so many milliseconds. */
export async function onceCounted<T>(create: () => Promise<T>, patienceMs: number, pauseMs = 500): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await create();
    } catch (error) {
      if (!isUncounted(error) || Date.now() >= deadline) throw error;
      await sleep(pauseMs);
    }
  }
}
