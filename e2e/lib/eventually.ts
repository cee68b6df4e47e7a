// The only way to wait: for a state, with a deadline, telling on failure what was seen last.
import { setTimeout as pause } from 'node:timers/promises';
import { differences, type Partially } from './differences.ts';

export interface Patience {
  /** Seconds until giving up; default 60. */
  within?: number;
  /** Milliseconds between two looks; default 250. */
  everyMs?: number;
}

/** Thrown by a look when waiting on makes no sense. */
export class Hopeless extends Error {}

/** Looks until the value contains `wanted`; a look that throws counts as not yet. Returns the value that fitted. */
export async function eventually<T>(look: () => Promise<T>, wanted: Partially<T>, patience: Patience = {}): Promise<T> {
  const seconds = patience.within ?? 60;
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const { value, missing } = await tryOnce(look, wanted);
    if (missing.length === 0) return value as T;
    if (performance.now() >= deadline) throw new Error(`not within ${seconds} s:\n  ${missing.join('\n  ')}`);
    await pause(patience.everyMs ?? 250);
  }
}

async function tryOnce<T>(look: () => Promise<T>, wanted: Partially<T>): Promise<{ value?: T; missing: string[] }> {
  try {
    const value = await look();
    return { value, missing: differences(wanted, value) };
  } catch (error) {
    if (error instanceof Hopeless) throw error;
    return { missing: [error instanceof Error ? error.message : String(error)] };
  }
}

/** Looks again and again for that long, and fails at the first look that does not contain `wanted`. */
export async function throughout<T>(seconds: number, look: () => Promise<T>, wanted: Partially<T>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const missing = differences(wanted, await look());
    if (missing.length > 0) throw new Error(`not throughout ${seconds} s:\n  ${missing.join('\n  ')}`);
    await pause(250);
  }
}
