import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyVersion, atLeast, both, coverage, newestFirst, parseRange, seriesOf } from './version-ranges.ts';

const python = ['3.14', '3.13', '3.12', '3.11', '3.10'];
const node = ['24', '22', '20'];
const allowed = (text: string, dialect: 'semver' | 'pep440', series: readonly string[]) =>
  series.filter(each => coverage(parseRange(text, dialect) ?? [], each) !== 'none');

it.each([
  ['>=18', ['24', '22', '20']],
  ['>= 20.11.0', ['24', '22', '20']],
  ['>=18 <23', ['22', '20']],
  ['18 || 20 || >=24', ['24', '20']],
  ['^20.19.0 || >=22.12.0', ['24', '22', '20']],
  ['20.x', ['20']],
  ['v22.3.1', ['22']],
  ['~22.4', ['22']],
  ['18 - 22', ['22', '20']],
  ['>22', ['24']],
  ['<=22', ['22', '20']],
  ['*', ['24', '22', '20']],
  ['', ['24', '22', '20']],
  ['18.x', []],
  ['24.0.0-rc.1', ['24']],
])('npm’s %s allows %j', (text, expected) => {
  expect(allowed(text, 'semver', node)).toEqual(expected);
});

it.each([
  ['>=3.12', ['3.14', '3.13', '3.12']],
  ['>=3.11,<3.13', ['3.12', '3.11']],
  ['>=3.10, !=3.13.*, <4', ['3.14', '3.12', '3.11', '3.10']],
  ['~=3.12', ['3.14', '3.13', '3.12']],
  ['~=3.12.1', ['3.12']],
  ['^3.13', ['3.14', '3.13']],
  ['~3.11', ['3.11']],
  ['==3.13.*', ['3.13']],
  ['==3.11.4', ['3.11']],
  ['>3.13', ['3.14', '3.13']],
  ['<3.11', ['3.10']],
  ['3.12', ['3.12']],
  ['^3.9 || ^4', ['3.14', '3.13', '3.12', '3.11', '3.10']],
  ['>=3.15', []],
  ['<3', []],
])('Python’s %s allows %j', (text, expected) => {
  expect(allowed(text, 'pep440', python)).toEqual(expected);
});

it('tells the newest release of a series from older ones', () => {
  expect(coverage(parseRange('<22.5', 'semver') ?? [], '22')).toBe('some');
  expect(coverage(parseRange('>=22.5', 'semver') ?? [], '22')).toBe('newest');
});

it.each(['latest', 'lts/iron', '>=', 'a.b', '>=3.x.y.z', '1'.repeat(300)])('%s is no range', text => {
  expect(parseRange(text, 'semver')).toBeUndefined();
});

describe('for any text', () => {
  const part = fc.integer({ min: 0, max: 99 });
  const version = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join('.'));
  const operator = fc.constantFrom('', '=', '>=', '<=', '>', '<', '~', '^', '!=', '~=', '==');
  const term = fc.tuple(operator, version).map(([sign, number]) => sign + number);
  const dialect = fc.constantFrom('semver' as const, 'pep440' as const);

  it('a range is read, or is none; nothing is thrown', () => {
    const noise = fc.oneof(fc.string({ maxLength: 300 }), fc.stringMatching(/^[<>=^~!|x*,. \d-]{0,80}$/));
    fc.assert(fc.property(noise, dialect, (text, how) => void parseRange(text, how)));
  });

  it('a range of comparators is always read, and more comparators allow less', () => {
    fc.assert(
      fc.property(term, term, version, dialect, (a, b, series, how) => {
        const one = parseRange(a, how);
        const two = parseRange(`${a} ${b}`, how);
        expect(one).toBeDefined();
        expect(two).toBeDefined();
        if (coverage(two ?? [], series) !== 'none') expect(coverage(one ?? [], series)).not.toBe('none');
      }),
    );
  });

  it('a series is in itself, in what is at least as new, and in everything', () => {
    fc.assert(
      fc.property(version, series => {
        const own = seriesOf(series) ?? [];
        expect(coverage(own, series)).toBe('newest');
        expect(coverage(atLeast(series) ?? [], series)).toBe('newest');
        expect(both(own, anyVersion)).toEqual(own);
        expect(newestFirst(series, series)).toBe(0);
      }),
    );
  });
});
