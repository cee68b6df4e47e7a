/** Version ranges of npm (semver) and of Python (PEP 440 and Poetry), matched against a short list of series such as `24` or `3.13`. */

/** `semver` reads `>18` as "above every 18", `pep440` as "above 18.0.0". */
export type Dialect = 'semver' | 'pep440';

/** The versions from `from` on and below `to`, each as one number. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** The versions of a range: spans that may overlap. */
export type Range = readonly Span[];

const width = 1e5;
/** Longer texts are no range that a person wrote. */
const longest = 200;
const above = width ** 3;
export const anyVersion: Range = [{ from: 0, to: above }];

/** The versions that a range text allows; undefined when the text is no range. */
export function parseRange(text: string, dialect: Dialect): Range | undefined {
  if (text.length > longest) return undefined;
  const ranges = text.split(/\|\|?/).map(part => conjunction(part, dialect));
  return ranges.every(range => range !== undefined) ? ranges.flat() : undefined;
}

/** The versions of a series, for example all of 3.13 for `3.13` and one version for `3.13.1`. */
export function seriesOf(version: string): Range | undefined {
  const span = spanOf(version);
  return span === undefined ? undefined : [span];
}

/** The first version of a series and all that are newer. */
export function atLeast(version: string): Range | undefined {
  const span = spanOf(version);
  return span === undefined ? undefined : [{ from: span.from, to: above }];
}

/** The versions that are in both ranges. */
export function both(a: Range, b: Range): Range {
  const pairs = a.flatMap(x => b.map(y => ({ from: Math.max(x.from, y.from), to: Math.min(x.to, y.to) })));
  return pairs.filter(({ from, to }) => from < to);
}

/** How much of a series a range allows: `newest` when the newest release of the series is allowed, `some` when only older ones are. */
export function coverage(range: Range, series: string): 'newest' | 'some' | 'none' {
  const span = spanOf(series);
  if (span === undefined) return 'none';
  if (range.some(({ from, to }) => from < span.to && to >= span.to)) return 'newest';
  return both(range, [span]).length > 0 ? 'some' : 'none';
}

/** Orders versions by number, the newest first. */
export function newestFirst(a: string, b: string): number {
  return (spanOf(b)?.from ?? 0) - (spanOf(a)?.from ?? 0);
}

function conjunction(text: string, dialect: Dialect): Range | undefined {
  const hyphen = text.split(' - ');
  if (hyphen.length === 2) return hyphenRange(hyphen[0] ?? '', hyphen[1] ?? '');
  const terms = text
    .replace(/([<>=^~!]) +/g, '$1')
    .split(/[ ,\t]/)
    .filter(term => term !== '');
  let result: Range = anyVersion;
  for (const term of terms) {
    const range = comparator(term, dialect);
    if (range === undefined) return undefined;
    result = both(result, range);
  }
  return result;
}

function hyphenRange(low: string, high: string): Range | undefined {
  const from = spanOf(low.trim());
  const to = spanOf(high.trim());
  return from === undefined || to === undefined ? undefined : [{ from: from.from, to: to.to }];
}

function comparator(term: string, dialect: Dialect): Range | undefined {
  const operator = /^(?:~=|===?|!=|>=|<=|[~^<>=])/.exec(term)?.[0] ?? '';
  const version = term.slice(operator.length);
  const span = spanOf(version);
  if (span === undefined) return undefined;
  const { from, to } = span;
  // In PEP 440 `>3.10` compares with 3.10.0; in npm with every 3.10.
  const after = dialect === 'pep440' ? from + 1 : to;
  if (operator === '>=') return [{ from, to: above }];
  if (operator === '>') return [{ from: after, to: above }];
  if (operator === '<') return [{ from: 0, to: from }];
  if (operator === '<=') return [{ from: 0, to: after }];
  if (operator === '!=') return without(span, version, dialect);
  if (operator === '~=') return [{ from, to: compatible(numbersOf(version)) }];
  if (operator === '~') return [{ from, to: tilde(numbersOf(version), to) }];
  if (operator === '^') return [{ from, to: caret(numbersOf(version), to) }];
  return [span];
}

/** `!=3.11` of PEP 440 leaves out 3.11.0 alone, `!=3.11.*` the series. */
function without({ from, to }: Span, version: string, dialect: Dialect): Range {
  const end = dialect === 'pep440' && !version.endsWith('*') ? from + 1 : to;
  return [
    { from: 0, to: from },
    { from: end, to: above },
  ];
}

/** The end of `~=3.10` is 4, that of `~=3.10.2` is 3.11. */
const compatible = ([major = 0, minor = 0, ...patch]: readonly number[]): number =>
  patch.length === 0 ? numberOf([major + 1]) : numberOf([major, minor + 1]);

const tilde = (numbers: readonly number[], to: number): number =>
  numbers.length < 3 ? to : numberOf([numbers[0] ?? 0, (numbers[1] ?? 0) + 1]);

function caret(numbers: readonly number[], to: number): number {
  const [major, minor] = numbers;
  if (major === undefined) return to;
  if (major > 0) return numberOf([major + 1]);
  return minor === undefined || minor === 0 ? to : numberOf([0, minor + 1]);
}

/** One version, or every version of a shorter one: `24`, `24.x` and `v24.*` are the same. */
function spanOf(text: string): Span | undefined {
  if (!isVersion(text)) return undefined;
  const numbers = numbersOf(text);
  const last = numbers.length - 1;
  if (last < 0) return { from: 0, to: above };
  return { from: numberOf(numbers), to: numberOf(numbers.map((part, i) => (i === last ? part + 1 : part))) };
}

const isVersion = (text: string): boolean =>
  /^v?(?:\d{1,4}|[xX*])(?:\.(?:\d{1,4}|[xX*])){0,2}(?:[-+][\w.+-]{0,60}|(?:a|b|rc)\d{1,3})?$/.test(text);

/** The leading numbers of a version, at most three. */
function numbersOf(text: string): number[] {
  const numeric = /^v?(\d{1,4}(?:\.\d{1,4}){0,2})/.exec(text)?.[1] ?? '';
  return numeric === '' ? [] : numeric.split('.').map(Number);
}

const numberOf = ([major = 0, minor = 0, patch = 0]: readonly number[]): number =>
  (major * width + minor) * width + patch;
