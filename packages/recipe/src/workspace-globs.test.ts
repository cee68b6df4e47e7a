import { expect, it } from 'vitest';
import { matchingFolders } from './workspace-globs.ts';

const folders = ['apps/web', 'apps/api', 'apps/api/client', 'packages/ui', 'packages/ui-old', 'server'];

it.each<[string[], string[]]>([
  [['apps/*'], ['apps/web', 'apps/api']],
  [
    ['./apps/*/', 'server'],
    ['apps/web', 'apps/api', 'server'],
  ],
  [['apps/**'], ['apps/web', 'apps/api', 'apps/api/client']],
  [
    ['**', '!apps/**'],
    ['packages/ui', 'packages/ui-old', 'server'],
  ],
  [
    ['packages/*-old', 'apps/a*i'],
    ['apps/api', 'packages/ui-old'],
  ],
  [['packages/ui*', '!packages/ui-*'], ['packages/ui']],
  [['**/client'], ['apps/api/client']],
  [['apps'], []],
  [['!server'], []],
])('%j', (patterns, expected) => {
  expect(matchingFolders(patterns, folders)).toEqual(expected);
});

it('many wildcards take no longer than their number', () => {
  const deep = Array.from({ length: 60 }, () => 'a'.repeat(60)).join('/');
  const stars = '*a'.repeat(40);
  expect(matchingFolders([`${'**/'.repeat(9)}b`, `${stars}b/**`], [deep])).toEqual([]);
});
