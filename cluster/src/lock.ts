// Only one command may change a checkout's cluster at a time. The lock is a file with the holder's pid and start time, so
// one that was killed holds nothing.
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Layout } from './layout.ts';
import { type Identity, identityOf, isAlive } from './processes.ts';

export async function exclusively<T>(layout: Layout, work: () => Promise<T>): Promise<T> {
  await mkdir('/run', { recursive: true });
  const file = `${layout.run}.lock`;
  take(file);
  try {
    return await work();
  } finally {
    unlinkSync(file);
  }
}

function take(file: string): void {
  const own = JSON.stringify(identityOf(process.pid));
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = JSON.parse(readFileSync(file, 'utf8') || '{"pid":0,"startTime":""}') as Identity;
    if (isAlive(holder)) throw new Error(`another command works on this cluster (pid ${holder.pid})`);
    unlinkSync(file);
  }
}
