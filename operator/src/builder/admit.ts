// Jobs are created suspended; this decides which of them may start. One pure function over what kubectl shows: the queue is
// the suspended Jobs, and nothing else remembers it.
import type { Job } from '../artifact/world.ts';

export interface BuildLimits {
  /** Builds at once in the whole cluster. */
  parallel: number;
  parallelPerOwner: number;
}

export const isOver = (job: Job) =>
  (job.status?.conditions ?? []).some(c => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True');
const age = (job: Job) => job.metadata.creationTimestamp ?? '';

/**
 * The Jobs to start now: the owner with the fewest running builds first, then the longest waiting. `ownerOf` groups Jobs,
 * normally by tenant namespace.
 */
export function admit(jobs: readonly Job[], limits: BuildLimits, ownerOf: (job: Job) => string): Job[] {
  const alive = jobs.filter(j => j.metadata.deletionTimestamp === undefined && !isOver(j));
  const running = new Map<string, number>();
  const count = (job: Job) => running.set(ownerOf(job), (running.get(ownerOf(job)) ?? 0) + 1);
  const [started, waiting] = [alive.filter(j => j.spec?.suspend !== true), alive.filter(j => j.spec?.suspend === true)];
  started.forEach(count);
  const released: Job[] = [];
  while (started.length + released.length < limits.parallel) {
    const next = waiting
      .filter(j => !released.includes(j) && (running.get(ownerOf(j)) ?? 0) < limits.parallelPerOwner)
      .sort(
        (a, b) =>
          (running.get(ownerOf(a)) ?? 0) - (running.get(ownerOf(b)) ?? 0) ||
          (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : 0),
      )[0];
    if (next === undefined) break;
    released.push(next);
    count(next);
  }
  return released;
}
