import { afterEach, expect, it } from 'vitest';
import { OverLimit, Pool, type PoolOptions } from './pool.ts';
import type { tasks } from './worker.testing.ts';

let pool: Pool<typeof tasks>;
const make = (less: Partial<PoolOptions> = {}) => {
  const entry = new URL('./worker.testing.ts', import.meta.url);
  pool = new Pool({ entry, processes: 1, perOwner: 1, megabytes: 32, milliseconds: 10_000, idleMs: 1_000, ...less });
  return pool;
};
afterEach(() => pool.stop());
const alice = { owner: 'alice' };

it('returns the value of a task, and its error', async () => {
  make();
  expect(await pool.run('double', 4, alice)).toBe(8);
  await expect(pool.run('fail', 'no such file', alice)).rejects.toThrow('no such file');
  expect(await pool.run('double', 5, alice)).toBe(10);
});

it.each(['spin', 'backtrack'] as const)('ends a task that takes too long: %s', async task => {
  make({ milliseconds: 200 });
  await expect(pool.run(task, `${'a'.repeat(60)}!`, alice)).rejects.toMatchObject({ limit: 'time' });
  expect(await pool.run('double', 4, alice)).toBe(8);
});

it('passes megabytes in and out', async () => {
  make();
  const text = 'é'.repeat(4 * 1024 * 1024);
  expect((await pool.run('echo', text, alice)) === text).toBe(true);
});

it('ends a task that takes too much memory, and the process lives on', async () => {
  make();
  await expect(pool.run('fill', undefined, alice)).rejects.toMatchObject({ limit: 'memory' });
  expect(await pool.run('double', 4, alice)).toBe(8);
});

it('keeps the event loop free while a task runs', async () => {
  make({ milliseconds: 300 });
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 10);
  await expect(pool.run('spin', undefined, alice)).rejects.toBeInstanceOf(OverLimit);
  clearInterval(ticking);
  expect(turns).toBeGreaterThan(5);
});

it('lets no owner keep the processes from another', async () => {
  make({ processes: 2, milliseconds: 5_000 });
  const stop = new AbortController();
  const slow = Array.from({ length: 5 }, () => pool.run('spin', undefined, { ...alice, signal: stop.signal }));
  expect(await pool.run('double', 4, { owner: 'bob' })).toBe(8);
  stop.abort(new Error('enough'));
  const ended = await Promise.allSettled(slow);
  expect(ended.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  expect(await pool.run('double', 5, alice)).toBe(10);
});

it('refuses what an owner has too much of in its queue', async () => {
  make({ queuedPerOwner: 1 });
  const stop = new AbortController();
  const running = pool.run('spin', undefined, { ...alice, signal: stop.signal });
  const waiting = pool.run('double', 1, alice);
  await expect(pool.run('double', 2, alice)).rejects.toMatchObject({ limit: 'queue' });
  const other = pool.run('double', 3, { owner: 'bob' });
  stop.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  expect(await Promise.all([waiting, other])).toEqual([2, 6]);
});

it('rejects what runs and what waits when it stops', async () => {
  make();
  const all = [pool.run('spin', undefined, alice), pool.run('double', 1, alice)];
  const ended = Promise.allSettled(all);
  pool.stop();
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

it('starts a process again after it was idle, and gives it no environment', async () => {
  make({ idleMs: 20 });
  expect(await pool.run('double', 4, alice)).toBe(8);
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(await pool.run('environment', undefined, alice)).toEqual([]);
});

it('fails a task whose module cannot be loaded', async () => {
  make({ entry: new URL('./absent.ts', import.meta.url) });
  await expect(pool.run('double', 4, alice)).rejects.toThrow(/absent/);
});
