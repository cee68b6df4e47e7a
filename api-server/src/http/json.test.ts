// The count of brackets and commas sees the same text as JSON.parse.
import { expect, it } from 'vitest';
import { parseJson } from './json.ts';

it.each([
  '{}',
  '""',
  '"\\\\"',
  '"\\\\\\""',
  '["\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]',
  `{"a":"${'\\\\'.repeat(1_001)}","b":[1]}`,
  `["${'[,'.repeat(30_000)}"]`,
  `${'['.repeat(32)}${']'.repeat(32)}`,
])('%.60s is read', text => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

it.each([
  [`"\\\\"${'['.repeat(33)}`, /nested/],
  [`["\\\\",${'['.repeat(33)}${']'.repeat(33)}]`, /nested/],
  [`["\\\\"${',1'.repeat(20_001)}]`, /values/],
  ['"', /not JSON/],
  ['"\\"', /not JSON/],
  ['', /not JSON/],
  [']]]]', /not JSON/],
])('%.60s is refused', (text, why) => {
  expect(() => parseJson(text)).toThrow(why);
});

it('takes time in proportion to its length', () => {
  const milliseconds = (text: string) => {
    const started = performance.now();
    expect(() => parseJson(text)).toThrow();
    return performance.now() - started;
  };
  for (const piece of ['\\', '"', '\\"', '"\\', '[', '{"', ' '])
    expect([piece, milliseconds(piece.repeat(2_000_000 / piece.length)) < 1_000]).toEqual([piece, true]);
});
