import { expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

const never = new AbortController().signal;
const settle = () => new Promise(resolve => setImmediate(resolve));

it('lets so many in, of one owner fewer, and passes nobody by for ever', async () => {
  const turnstile = new Turnstile(3, 2);
  const inside: string[] = [];
  const enter = async (owner: string, id: string) => {
    const turn = await turnstile.enter(owner, never);
    inside.push(id);
    return turn;
  };
  const first = [enter('a', 'a1'), enter('a', 'a2'), enter('a', 'a3'), enter('b', 'b1'), enter('b', 'b2')];
  await settle();
  expect(inside).toEqual(['a1', 'a2', 'b1']);
  (await first[0])?.[Symbol.dispose]();
  await settle();
  expect(inside).toEqual(['a1', 'a2', 'b1', 'a3']);
  (await first[1])?.[Symbol.dispose]();
  await settle();
  expect(inside).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
});

it('forgets who gave up waiting', async () => {
  const turnstile = new Turnstile(1, 1);
  const turn = await turnstile.enter('a', never);
  const impatient = new AbortController();
  const waiting = turnstile.enter('b', impatient.signal);
  impatient.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  turn[Symbol.dispose]();
  await expect(turnstile.enter('c', never)).resolves.toBeDefined();
});
