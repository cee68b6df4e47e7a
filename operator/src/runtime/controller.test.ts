import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ControllerOptions, runController } from './controller.ts';
import { WorkQueue } from './workqueue.ts';

type Line = { level: string; message: string } & Record<string, unknown>;

let lines: Line[];
let queue: WorkQueue;
let stop: AbortController;
let ended: Promise<void>;

const lineWriter = (level: string) => (message: string, fields?: Record<string, unknown>) =>
  lines.push({ level, message, ...fields });
const log = {
  debug: lineWriter('debug'),
  info: lineWriter('info'),
  warn: lineWriter('warn'),
  error: lineWriter('error'),
};

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  queue = new WorkQueue({ random: () => 1 });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await vi.advanceTimersByTimeAsync(60_000);
  await ended;
  vi.useRealTimers();
});

function run(reconcile: ControllerOptions['reconcile'], more: Partial<ControllerOptions> = {}): void {
  ended = runController({ name: 'test', queue, workers: 2, reconcile, log, ...more }, stop.signal);
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a controller', () => {
  test('works off keys, as many at once as it has workers', async () => {
    const release = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    run(key => {
      seen.push(key);
      return release.promise;
    });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await pass(0);
    expect(seen).toEqual(['a', 'b']);
    release.resolve(undefined);
    await pass(0);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('tries a key that failed again, later each time, and logs the cause', async () => {
    const times: number[] = [];
    const began = performance.now();
    const reconciled = vi.fn();
    const failure = new Error('broken', { cause: new Error('deeper') });
    run(
      async () => {
        times.push(performance.now() - began);
        if (times.length < 3) throw failure;
        return undefined;
      },
      { metrics: { reconciled } },
    );
    queue.add('a');
    await pass(10_000);
    expect(times).toEqual([0, 200, 600]);
    expect(lines.filter(line => line.level === 'error').map(line => line.error)).toEqual([failure, failure]);
    expect(reconciled.mock.calls.map(([result]) => result)).toEqual(['error', 'error', 'success']);
    queue.addRateLimited('a');
    await pass(200);
    expect(times).toHaveLength(4);
  });

  test('looks again when a key asks for it', async () => {
    let runs = 0;
    run(async () => {
      runs += 1;
      return runs === 1 ? { recheckAfterMs: 5_000 } : undefined;
    });
    queue.add('a');
    await pass(4_999);
    expect(runs).toBe(1);
    await pass(1);
    expect(runs).toBe(2);
    await pass(600_000);
    expect(runs).toBe(2);
  });

  test('marks every line of a run with its id and key', async () => {
    run(async (_key, _signal, run) => {
      run.log.info('inside', { more: 1 });
      return undefined;
    });
    queue.add('a');
    queue.add('b');
    await pass(0);
    const inside = lines.filter(line => line.message === 'inside');
    expect(inside).toMatchObject([
      { controller: 'test', key: 'a', more: 1 },
      { controller: 'test', key: 'b' },
    ]);
    expect(new Set(inside.map(line => line.reconcileId)).size).toBe(2);
  });

  test('ends only when what is running has ended', async () => {
    const release = Promise.withResolvers<undefined>();
    let isEnded = false;
    run(() => release.promise);
    ended = ended.then(() => {
      isEnded = true;
    });
    queue.add('a');
    await pass(0);
    stop.abort();
    queue.add('b');
    await pass(10_000);
    expect(isEnded).toBe(false);
    release.resolve(undefined);
    await pass(0);
    expect(isEnded).toBe(true);
    expect(await queue.get()).toBe('b');
  });

  test('gives up on what does not end in time, and aborts it', async () => {
    let aborted = false;
    run(
      (_key, signal) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
      { stopMs: 1_000 },
    );
    queue.add('a');
    await pass(0);
    stop.abort();
    await pass(999);
    expect(aborted).toBe(false);
    await pass(1);
    await ended;
    expect(aborted).toBe(true);
  });
});
