import { expect, test } from 'vitest';
import { eventually, Hopeless, throughout } from './eventually.ts';

const oneAfterAnother = <T>(...values: (T | Error)[]) => {
  let next = 0;
  return async () => {
    const value = values[Math.min(next++, values.length - 1)];
    if (value instanceof Error) throw value;
    return value as T;
  };
};

test('waits past errors and other values', async () => {
  const look = oneAfterAnother<{ phase: string; n?: number }>(
    new Error('refused'),
    { phase: 'building' },
    { phase: 'running', n: 1 },
  );
  expect(await eventually(look, { phase: 'running' }, { within: 5, everyMs: 1 })).toEqual({ phase: 'running', n: 1 });
});

test('says at the deadline what was seen last', async () => {
  const look = oneAfterAnother({ phase: 'pending' }, { phase: 'failed' });
  const waiting = eventually(look, { phase: 'running' }, { within: 0.02, everyMs: 1 });
  await expect(waiting).rejects.toThrow('not within 0.02 s:\n  phase: want "running", saw "failed"');
});

test('gives up at once when a look says so', async () => {
  const look = oneAfterAnother<object>(new Hopeless('it failed for good'));
  await expect(eventually(look, {}, { within: 60 })).rejects.toThrow('it failed for good');
});

test('throughout fails at the first other value', async () => {
  const waiting = throughout(30, oneAfterAnother('a', 'b'), 'a' as string);
  await expect(waiting).rejects.toThrow('want "a", saw "b"');
});
