import { expect, it } from 'vitest';
import { closest, meant } from './closest.ts';

const known = ['deploy', 'delete', 'update', 'get', 'my-app', '--follow', '--json'];

it.each([
  ['dploy', 'deploy'],
  ['delpoy', 'deploy'],
  ['deplyo', 'deploy'],
  ['delet', 'delete'],
  ['DEPLOY', 'deploy'],
  ['gt', 'get'],
  ['teg', undefined],
  ['my-ap', 'my-app'],
  ['--folow', '--follow'],
  ['--jsno', '--json'],
  ['frobnicate', undefined],
  ['', undefined],
  ['x'.repeat(1_000_000), undefined],
])('%.20s is meant as %s', (word, wanted) => {
  expect(closest(word, known)).toBe(wanted);
});

it('says what else helps where nothing is close', () => {
  expect([meant('gte', known, 'vibed --help'), meant('xyz', known, 'vibed --help')]).toEqual([
    'did you mean get?',
    'vibed --help',
  ]);
});
