import { expect, it } from 'vitest';
import { endsOf, joinedEnds } from './log-ends.ts';

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');

it.each([1, 7, 64, 10_000])('keeps a short log as it is, in chunks of %i', async size => {
  for (const keep of [
    { head: 0, tail: 100 },
    { head: 50, tail: 50 },
    { head: 4, tail: 96 },
  ])
    expect(await endsOf(chunks(lines(10), size), keep)).toEqual({
      head: '',
      leftOut: { bytes: 0, lines: 0 },
      tail: lines(10),
    });
});

it.each([1, 7, 64, 10_000])('keeps whole lines of both ends and counts the rest, in chunks of %i', async size => {
  const text = `${lines(1_000)}the error`;
  const ends = await endsOf(chunks(text, size), { head: 20, tail: 40 });
  expect(ends).toEqual({
    head: 'line 0\nline 1\n',
    leftOut: { bytes: text.length - 14 - 36, lines: 995 },
    tail: 'line 997\nline 998\nline 999\nthe error',
  });
  expect(joinedEnds(ends)).toMatch(/^line 0\nline 1\n… \d+ bytes left out, 995 lines …\nline 997\n/);
});

it('keeps the end of a log that is one line, from a whole character on', async () => {
  const ends = await endsOf(chunks('ä'.repeat(100), 9), { head: 0, tail: 11 });
  expect(ends).toEqual({ head: '', leftOut: { bytes: 190, lines: 0 }, tail: 'äääää' });
});

it('cuts a long line, so that what is kept is never next to nothing', async () => {
  const ends = await endsOf(chunks(`first\n${'x'.repeat(50_000)}\nlast`, 999), { head: 10_000, tail: 10_000 });
  expect([ends.head.length, ends.tail.length, ends.tail.endsWith('x\nlast')]).toEqual([10_000, 10_000, true]);
  expect(joinedEnds(ends)).toMatch(/x\n… 30011 bytes left out, 0 lines …\nx/);
});

it('keeps nothing of an empty log', async () => {
  expect(joinedEnds(await endsOf(chunks('', 1), { head: 5, tail: 5 }))).toBe('');
});
