import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Asker, type AskerOptions } from './asker.ts';

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: vi.fn() };
const onAnswer = vi.fn<(key: string) => void>();

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-02T03:04:05Z') });
  onAnswer.mockReset();
});

afterEach(() => {
  vi.useRealTimers();
});

const askerWith = (more: Partial<AskerOptions<{ id: string }>> = {}) =>
  new Asker<{ id: string }, string>({ concurrency: 2, timeoutMs: 1_000, onAnswer, log, ...more });
const settle = () => vi.advanceTimersByTimeAsync(0);
const never = () => new Promise<string>(silent);

describe('an asker', () => {
  test('asks once per key and question, and tells when there is an answer', async () => {
    const asker = askerWith();
    const run = vi.fn(async () => 'blue');
    asker.ask('a', { id: 'colour' }, run);
    asker.ask('a', { id: 'colour' }, run);
    expect(asker.answers('a').size).toBe(0);
    await settle();
    asker.ask('a', { id: 'colour' }, run);
    await settle();
    expect(run).toHaveBeenCalledTimes(1);
    expect(onAnswer.mock.calls).toEqual([['a']]);
    expect([...asker.answers('a')]).toEqual([['colour', { at: '2026-01-02T03:04:05.000Z', value: 'blue' }]]);
    expect(asker.answers('b').size).toBe(0);
    asker.ask('b', { id: 'colour' }, run);
    await settle();
    expect(run).toHaveBeenCalledTimes(2);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
  ])('a question whose run %s has a failure as its answer', async (_how, run) => {
    const asker = askerWith();
    asker.ask('a', { id: 'q' }, run);
    await settle();
    expect(asker.answers('a').get('q')?.error?.message).toBe('no');
    asker.retain('a', []);
    await settle();
  });

  test('runs only so many at once, first come first served', async () => {
    const asker = askerWith();
    const started: string[] = [];
    const answers = new Map<string, (value: string) => void>();
    for (const id of ['1', '2', '3', '4']) {
      asker.ask('a', { id }, () => {
        started.push(id);
        return new Promise(resolve => answers.set(id, resolve));
      });
    }
    await settle();
    expect(started).toEqual(['1', '2']);
    answers.get('2')?.('done');
    await settle();
    expect(started).toEqual(['1', '2', '3']);
  });

  test('a run that takes too long is aborted, answered with an error, and makes room', async () => {
    const asker = askerWith({ concurrency: 1 });
    let aborted = false;
    asker.ask('a', { id: 'slow' }, signal => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return never();
    });
    asker.ask('a', { id: 'next' }, async () => 'here');
    await vi.advanceTimersByTimeAsync(999);
    expect(asker.answers('a').size).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(aborted).toBe(true);
    expect(asker.answers('a').get('slow')?.error?.message).toBe('no answer within 1000 ms');
    expect(asker.answers('a').get('next')?.value).toBe('here');
  });

  test('retain drops answers, cancels runs, and never starts what is not asked any more', async () => {
    const asker = askerWith({ concurrency: 2 });
    const aborted = vi.fn();
    asker.ask('a', { id: 'answered' }, async () => 'x');
    asker.ask('a', { id: 'kept' }, async () => 'y');
    await settle();
    const hang = (signal: AbortSignal) => {
      signal.addEventListener('abort', aborted);
      return never();
    };
    const waiting = vi.fn(never);
    asker.ask('a', { id: 'running' }, hang);
    asker.ask('other', { id: 'running' }, hang);
    asker.ask('a', { id: 'waiting' }, waiting);
    await settle();
    onAnswer.mockReset();
    asker.retain('a', ['kept']);
    await settle();
    expect(aborted).toHaveBeenCalledTimes(1);
    expect([...asker.answers('a').keys()]).toEqual(['kept']);
    expect(onAnswer).not.toHaveBeenCalled();
    expect(waiting).not.toHaveBeenCalled();
    await asker.stop();
  });

  test('a question that was dropped and asked anew gets the new answer', async () => {
    const asker = askerWith();
    const old = Promise.withResolvers<string>();
    asker.ask('a', { id: 'q' }, () => old.promise);
    await settle();
    asker.retain('a', []);
    asker.ask('a', { id: 'q' }, async () => 'new');
    old.resolve('old');
    await settle();
    expect(asker.answers('a').get('q')?.value).toBe('new');
    expect(onAnswer).toHaveBeenCalledTimes(1);
  });

  test('a listener that throws does no harm', async () => {
    const asker = askerWith({ concurrency: 1 });
    onAnswer.mockImplementation(() => {
      throw new Error('listener');
    });
    asker.ask('a', { id: '1' }, async () => 'x');
    asker.ask('a', { id: '2' }, async () => 'y');
    await settle();
    expect(asker.answers('a').size).toBe(2);
  });

  test('stop cancels everything and takes nothing more', async () => {
    const asker = askerWith();
    asker.ask('a', { id: '1' }, never);
    await asker.stop();
    asker.ask('a', { id: '2' }, async () => 'x');
    await settle();
    expect(asker.answers('a').size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
