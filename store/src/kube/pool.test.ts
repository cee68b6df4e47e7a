import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pool } from './pool.ts';

test('what is shared is the same as JSON, whatever it is and whatever came before', () => {
  const pool = new Pool(3);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
      expect(JSON.stringify(pool.share(value))).toBe(JSON.stringify(value));
    }),
  );
});

test('equal parts are held once, also below a part that differs', () => {
  const pool = new Pool();
  const template = (image: string) => ({ labels: { app: image }, container: { image, env: [{ name: 'HOST' }] } });
  const [one, two] = [pool.share(template('a')), pool.share(template('b'))];
  expect(one.container).not.toBe(two.container);
  expect(two.container.env).toBe(one.container.env);
  expect(pool.share(template('a').container)).toBe(one.container);
});

test('text that reads like an object is not taken for one', () => {
  const pool = new Pool();
  expect(pool.share({ app: 'a name of some length' })).toEqual({ app: 'a name of some length' });
  expect(pool.share('{"app":"a name of some length"}')).toBe('{"app":"a name of some length"}');
});

test('does not change what it is given', () => {
  const given = Object.freeze({ labels: Object.freeze({ app: 'a name of some length' }) });
  const pool = new Pool();
  pool.share({ app: 'a name of some length' });
  expect(pool.share(given)).toEqual(given);
});

test('forgets what it has not met for long, and keeps what it meets', () => {
  const pool = new Pool(4);
  const part = (n: number) => [n];
  const [kept, lost] = [pool.share(part(0)), pool.share(part(1))];
  for (let n = 2; n < 40; n += 1) {
    pool.share(part(n));
    pool.share(part(0));
  }
  expect(pool.share(part(0))).toBe(kept);
  expect(pool.share(part(1))).not.toBe(lost);
});
