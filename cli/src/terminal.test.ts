import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, oneLine, printable, quoted, table } from './terminal.ts';

const esc = '\u001b';

describe('text of others on a terminal', () => {
  it.each([
    { what: 'a line that begins with a bracket', text: 'a\n[info] b\n\t[warn] c', shown: 'a\n[info] b\n\t[warn] c' },
    { what: 'colours', text: `npm${esc}[31;1m ERR${esc}[0m!`, shown: 'npm ERR!' },
    { what: 'a colour in one byte', text: 'a\u009b31mb', shown: 'ab' },
    { what: 'erasures and cursor movements', text: `one${esc}[2K${esc}[1Atwo`, shown: 'onetwo' },
    { what: 'a reset of tput', text: `a${esc}(B${esc}[mb`, shown: 'ab' },
    { what: 'a hyperlink', text: `${esc}]8;;http://a.example${esc}\\here${esc}]8;;\u0007`, shown: 'here' },
    { what: 'a sequence without an end', text: `a${esc}[31\n[b`, shown: 'a␛[31\n[b' },
    { what: 'a window title', text: `a${esc}]0;root\u0007b`, shown: 'a␛]0;root␇b' },
    { what: 'a title without an end', text: `${esc}]0;all of the rest\nnext`, shown: '␛]0;all of the rest\nnext' },
    { what: 'the clipboard', text: `${esc}]52;c;cm0=${esc}\\`, shown: '␛]52;c;cm0=␛\\' },
    { what: 'a device string', text: `${esc}P$q"p${esc}\\`, shown: '␛P$q"p␛\\' },
    { what: 'APC, PM and SOS', text: `${esc}_a${esc}^b${esc}Xc`, shown: '␛_a␛^b␛Xc' },
    { what: 'C1 controls', text: '\u0090a\u009cb\u0085c', shown: '<U+0090>a<U+009C>b<U+0085>c' },
    { what: 'a full reset', text: `${esc}c`, shown: '␛c' },
    { what: 'a line that is overwritten', text: 'failed\rpassed\n', shown: 'failed␍passed\n' },
    { what: 'line ends of Windows', text: 'a\r\nb\r\n', shown: 'a\nb\n' },
    { what: 'backspaces and a bell', text: 'abc\b\b\u0007', shown: 'abc␈␈␇' },
    { what: 'NUL, form feed and DEL', text: '\0\f\u007f', shown: '␀␌␡' },
    { what: 'a reversed name', text: 'a\u202egpj.exe', shown: 'a<U+202E>gpj.exe' },
    { what: 'isolates and marks', text: '\u2066a\u2069\u200f', shown: '<U+2066>a<U+2069><U+200F>' },
    { what: 'what has no width', text: 'a\u200bb\ufeffc\u00add\u2060', shown: 'a<U+200B>b<U+FEFF>c<U+00AD>d<U+2060>' },
    { what: 'tags that spell a text', text: '\u{e0041}', shown: '<U+E0041>' },
    { what: 'fillers', text: '\u3164\u115f', shown: '<U+3164><U+115F>' },
    { what: 'line separators', text: 'a\u2028b\u2029', shown: 'a<U+2028>b<U+2029>' },
    { what: 'half of a pair', text: 'a\ud800b', shown: 'a<U+D800>b' },
    { what: 'emoji', text: '⚠️ 👩🏽‍💻', shown: '⚠️ 👩🏽‍💻' },
    { what: 'other scripts', text: 'größe ☃ 日本語', shown: 'größe ☃ 日本語' },
  ])('$what', ({ text, shown }) => {
    expect(printable(text)).toBe(shown);
  });

  const pieces = fc.constantFrom(
    '\n',
    '\t',
    '\r',
    esc,
    '[',
    ']',
    '\\',
    '8;',
    '31',
    'm',
    'a',
    '\u009b',
    '\u0007',
    '\u202e',
  );
  const hostile = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 40 }).map(all => all.join(''));

  it('never lets a control, direction or line separator through, and is the same when made printable again', () => {
    fc.assert(
      fc.property(hostile, text => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[^\P{Cc}\t\n]|\p{Bidi_Control}|\p{Zl}|\p{Zp}|\p{Cs}/u);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });

  it('keeps every line and tab, and all of a text without controls', () => {
    fc.assert(fc.property(hostile, text => lines(printable(text)) === lines(text)));
    const plain = fc.string({ unit: fc.constantFrom('a', '[', '0', ';', 'm', ']', ' ', '\n', '\t', 'é', '☃') });
    fc.assert(fc.property(plain, text => printable(text) === text));
  });
  const lines = (text: string) => text.replace(/[^\n\t]/g, '');

  it.each([`${esc}[`, `${esc}[0`, `${esc}]8;`, `${esc}]8;a`, '\u009b', '\r', '0;', '\u200d', '👩\u200d', '\ufe0f'])(
    'takes a time that grows with the text alone: %j',
    piece => {
      const started = performance.now();
      printable(piece.repeat(200_000 / piece.length));
      printable(`${esc}[${piece.repeat(200_000 / piece.length)}`);
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );
});

it('writes JSON of the same meaning that no terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const json = jsonText({ [text]: [text, 1] });
      expect(JSON.parse(json)).toEqual({ [text]: [text, 1] });
      expect(printable(json)).toBe(json);
    }),
  );
});

it('keeps a cell of a table within its line', () => {
  expect(table(['A', 'B'], [['x\ny\tz', undefined]])).toBe('A      B\nx␊y␉z  -');
  expect(oneLine('a\r\nb')).toBe('a␊b');
});

it('quotes words for a shell', () => {
  expect(quoted(['vibed', 'get', "it's $(x)", '--for', ''])).toBe("vibed get 'it'\\''s $(x)' --for ''");
});
