// The coverage gate; needs no cluster.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { requirements, unproven } from './requirements.ts';

const folder = new URL('./scenarios/', import.meta.url);
const cited = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.test.ts'))
  .flatMap(file => citationsIn(readFileSync(new URL(file, folder), 'utf8')));

function citationsIn(source: string): string[] {
  const calls = [...source.matchAll(/\bproves\(([^)]*)\)/g)].map(call => call[1] ?? '');
  return calls.flatMap(ids => [...ids.matchAll(/'([^']+)'/g)].map(id => id[1] ?? ''));
}

test('every requirement is proven by a scenario', () => {
  const promised = Object.keys(requirements).filter(id => !unproven.some(other => other === id));
  expect(promised.filter(id => !cited.includes(id))).toEqual([]);
});

test('no scenario cites what is not promised', () => {
  expect(cited.filter(id => !(id in requirements))).toEqual([]);
});

test('what is proven is no longer listed as unproven', () => {
  expect(unproven.filter(id => cited.includes(id))).toEqual([]);
});
