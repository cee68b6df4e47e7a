// What a command may do to the outside, so that tests can look at it, and how text of others is made harmless for a terminal.

export interface Terminal {
  /** Prints what was asked for: a URL, a table, JSON. */
  out(text: string): void;
  /** Prints what happens on the way: progress, warnings, failures. */
  err(text: string): void;
  /** Writes bytes of others to stdout as they are; absent where stdout is a terminal. */
  readonly raw?: ((text: string) => void) | undefined;
  /** Absent where nobody can answer. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** All that stdin holds. */
  readonly input: () => Promise<Buffer>;
  readonly openUrl: (url: string) => void;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

const esc = '\u001b';
/** Colours, cursor movements and erasures. Each repetition is bounded, and the runs of two sequences never overlap: linear time. */
const csi = `(?:${esc}\\[|\\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]`;
/** The start or the end of a hyperlink. */
const link = `(?:${esc}\\]|\\u009d)8;[^\\p{Cc}]{0,2048}(?:${esc}\\\\|\\u0007|\\u009c)`;
/** The choice of a character set, as tput sends it with every reset. */
const charset = `${esc}[()*+][0-9A-Z]`;
/** Everything that a terminal obeys, reorders or does not show: controls, format characters, line separators, halves of pairs. */
const unseen = '[\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\p{Cs}]';
/** What chooses and joins emoji. */
const emoji =
  '(?<=\\p{Emoji})[\\ufe0e\\ufe0f]|(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f])\\u200d(?=\\p{Extended_Pictographic})';

const decoration = new RegExp(`${csi}|${link}|${charset}|\\r(?=\\n|$)`, 'gu');
const hidden = new RegExp(`(?!\\t|\\n|${emoji})${unseen}`, 'gu');
const hiddenInJson = new RegExp(`(?!\\n)${unseen}`, 'gu');

/**
 * Text of others, harmless for a terminal. Lines, tabs and every visible character stay. Complete sequences that only decorate
 * are dropped. Every other control or invisible character becomes visible, so that nothing is overwritten, hidden or reversed,
 * and a sequence without an end takes no text with it.
 */
export const printable = (text: string): string => text.replace(decoration, '').replace(hidden, visible);

/** `␛` for a control character, `<U+202E>` for the others. */
function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** A value as JSON of the same meaning, with everything that a terminal would obey or hide written as `\uXXXX`. */
export function jsonText(value: unknown, indent = 2): string {
  const escaped = (found: string) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
      '',
    );
  return JSON.stringify(value, null, indent).replace(hiddenInJson, escaped);
}

/** Text of others within one line. */
export const oneLine = (text: string): string => printable(text).replaceAll('\n', '␊').replaceAll('\t', '␉');

/** Words as a shell takes them. */
export const quoted = (words: readonly string[]): string =>
  words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');

/** Rows under their titles, in columns as wide as they need. */
export function table(titles: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const all = [titles, ...rows].map(row => row.map(cell => oneLine(String(cell ?? '-'))));
  const widths = titles.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)));
  return all
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
