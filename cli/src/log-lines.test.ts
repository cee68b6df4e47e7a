import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from './log-lines.ts';
import { printable } from './terminal.ts';

async function shown(chunks: Iterable<Uint8Array>): Promise<string[]> {
  const all: string[] = [];
  const stream = (async function* () {
    yield* chunks;
  })();
  for await (const line of linesOf(stream)) all.push(printable(line));
  return all;
}

function* cut(bytes: Buffer, sizes: readonly number[]) {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

describe('the lines of a followed log', () => {
  it('are the same however the log is cut', async () => {
    const piece = fc.constantFrom(
      '\n',
      '\r\n',
      '\u001b[31m',
      '\u001b]8;;http://a\u001b\\',
      'größe ☃',
      '[x]',
      '\u202e',
      '',
    );
    const sizes = fc.array(fc.nat(9), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), sizes, async (pieces, given) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(await shown(cut(bytes, given))).toEqual(await shown([bytes]));
      }),
    );
  });

  it('keep empty lines, and a last one without an end', async () => {
    expect(await shown([Buffer.from('a\n\nb')])).toEqual(['a', '', 'b']);
  });

  it('show half of a character at the end', async () => {
    expect(await shown([Buffer.from('a\n').subarray(0, 2), Buffer.from('ü').subarray(0, 1)])).toEqual(['a', '\ufffd']);
  });

  it('come in pieces where there is no line end, byte for byte in a time that grows with the log', async () => {
    const started = performance.now();
    const bytes = Buffer.alloc(200_000, 'x');
    const lines = await shown(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
    expect(lines.map(line => line.length)).toEqual([65_536, 65_536, 65_536, 3_392]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
