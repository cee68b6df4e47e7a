import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contains } from './contains.ts';

it.each<[unknown, unknown, boolean]>([
  [{ a: 1, extra: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ list: [{ name: 'x', defaulted: true }] }, { list: [{ name: 'x' }] }, true],
  [{ list: ['x', 'y'] }, { list: ['x'] }, false],
  [{ memory: '1Gi' }, { memory: '1024Mi' }, true],
  [{ cpu: '500m' }, { cpu: '0.5' }, true],
  [{ memory: '1Gi' }, { memory: '1G' }, false],
  [undefined, { a: 1 }, false],
  [{}, { a: undefined }, true],
])('%j contains %j: %s', (live, desired, want) => {
  expect(contains(live, desired)).toBe(want);
});

it('everything contains itself, and still does when somebody adds members', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter(k => k !== '__proto__'),
        fc.jsonValue(),
      ),
      value => {
        expect(contains(structuredClone(value), value)).toBe(true);
        expect(contains({ ...value, 'added by another manager': 1 }, value)).toBe(true);
      },
    ),
  );
});
