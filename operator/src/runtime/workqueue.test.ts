import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WorkQueue } from './workqueue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Everything that is ready now; each key is left in work. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  for (;;) {
    const stop = new AbortController();
    const next = queue.get(stop.signal);
    stop.abort();
    const key = await next;
    if (key === undefined) return keys;
    keys.push(key);
  }
}

describe('a work queue', () => {
  test('gives each key once, in order', async () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c']);
    queue.add('d');
    expect(await queue.get()).toBe('d');
  });

  test('gives a key to one worker at a time, and once more if it was added meanwhile', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(await queue.get()).toBe('b');
    queue.done('a');
    expect(await queue.get()).toBe('a');
    queue.done('a');
    queue.add('end');
    expect(await queue.get()).toBe('end');
  });

  test('wakes waiting workers in the order they came', async () => {
    const queue = new WorkQueue();
    const got: string[] = [];
    const first = queue.get().then(key => got.push(`first ${key}`));
    const second = queue.get().then(key => got.push(`second ${key}`));
    queue.add('a');
    queue.add('b');
    await Promise.all([first, second]);
    expect(got).toEqual(['first a', 'second b']);
  });

  test('loses no key to a worker that has given up', async () => {
    const queue = new WorkQueue();
    const stop = new AbortController();
    const given = queue.get(stop.signal);
    stop.abort();
    queue.add('a');
    expect(await given).toBeUndefined();
    expect(await queue.get()).toBe('a');
  });

  test('of several later wishes the earliest counts', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 5_000);
    vi.advanceTimersByTime(99);
    expect(await takeAll(queue)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await takeAll(queue)).toEqual(['a']);
    queue.done('a');
    vi.advanceTimersByTime(10_000);
    expect(await takeAll(queue)).toEqual([]);
  });

  test('a wish further off than a timer can count is not due at once', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 90 * 86_400_000);
    vi.advanceTimersByTime(86_400_000);
    expect(await takeAll(queue)).toEqual([]);
  });

  test('a failing key waits twice as long each time, up to a limit, until it succeeds', async () => {
    const queue = new WorkQueue({ backoffMs: 200, maxBackoffMs: 1_000, random: () => 1 });
    const waits: number[] = [];
    const failOnce = async () => {
      const began = performance.now();
      queue.addRateLimited('a');
      while ((await takeAll(queue)).length === 0) vi.advanceTimersByTime(10);
      queue.done('a');
      waits.push(performance.now() - began);
    };
    for (let round = 0; round < 5; round += 1) await failOnce();
    queue.forget('a');
    await failOnce();
    expect(waits).toEqual([200, 400, 800, 1_000, 1_000, 200]);
  });

  test('jitter takes at most half of the wait', async () => {
    const queue = new WorkQueue({ backoffMs: 200, random: () => 0 });
    queue.addRateLimited('a');
    vi.advanceTimersByTime(99);
    expect(await takeAll(queue)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await takeAll(queue)).toEqual(['a']);
  });

  test('after shutDown nothing comes and nobody waits', async () => {
    const queue = new WorkQueue();
    const waiting = queue.get();
    queue.addAfter('later', 10);
    queue.shutDown();
    queue.add('a');
    vi.advanceTimersByTime(100);
    expect(await waiting).toBeUndefined();
    expect(await queue.get()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tells its depth, additions and retries', async () => {
    const depth = vi.fn();
    const added = vi.fn();
    const retried = vi.fn();
    const waited = vi.fn();
    const queue = new WorkQueue({ metrics: { depth, added, retried, waited } });
    queue.add('a');
    queue.add('a');
    queue.add('b');
    vi.advanceTimersByTime(500);
    await queue.get();
    queue.addRateLimited('a');
    expect(depth.mock.calls).toEqual([[1], [2], [1]]);
    expect(added).toHaveBeenCalledTimes(2);
    expect(retried).toHaveBeenCalledTimes(1);
    expect(waited).toHaveBeenCalledWith(0.5);
  });
});
