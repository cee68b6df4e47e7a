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

it('gives the place in line of whoever is gone to others', async () => {
  const turnstile = new Turnstile('uploads', 1, 1);
  const working = Promise.withResolvers<void>();
  const first = turnstile.pass('a', () => working.promise);
  const gone = new AbortController();
  const waiting = turnstile.pass('a', async () => 'never', gone.signal);
  await expect(turnstile.pass('a', async () => 'too many')).rejects.toThrow('too many uploads');
  gone.abort();
  await expect(waiting).rejects.toThrow('ended before');
  await expect(turnstile.pass('a', async () => 'never', gone.signal)).rejects.toThrow('ended before');
  const next = turnstile.pass('a', async () => 'next');
  working.resolve();
  await first;
  expect(await next).toBe('next');
});
