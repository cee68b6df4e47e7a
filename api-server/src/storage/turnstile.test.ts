import { expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

it('lets a few in at once, the others in turn, and sends away who would wait too long', async () => {
  const turnstile = new Turnstile('uploads', 2, 2);
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise(resolve => setTimeout(resolve, 5));
    inside -= 1;
  };
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => turnstile.pass('a', work)));
  expect(results.map(r => r.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  expect(most).toBe(2);
  await expect(turnstile.pass('a', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await turnstile.pass('a', work);
  await Promise.all([...'abcdef'].map(owner => turnstile.pass(owner, work)));
  expect(most).toBe(6);
});
