// Excerpts of logs for people.
import { gzipSync } from 'node:zlib';

/** Characters at the end of a log from which an excerpt is made. */
const excerptFrom = 64 * 1024;
/** Bytes of an excerpt. */
export const excerptBytes = 2 * 1024;
export const excerptLines = 30;
/** Characters of a line, and of a line where many are long. */
const lineLength = 400;
const shortLineLength = 160;
/** What is kept of a build log, in bytes. */
export const keptBytes = { head: 64 * 1024, tail: 192 * 1024 } as const;

export interface KeptLog {
  /** The last lines, for people. */
  readonly tail: string;
  /** The beginning and the end, gzip. */
  readonly gzip: Uint8Array;
}

/** What is kept of a build log. */
export function keptLog({ text, last }: { text: string; last: string }): KeptLog {
  return { tail: lastLines(withoutUsage(last)), gzip: gzipSync(text) };
}

/** The beginning and the end of a long text, with the size of what is left out between them. */
export function shortened(text: string): string {
  if (text.length <= keptBytes.head + keptBytes.tail) return text;
  const left = Buffer.byteLength(text.slice(keptBytes.head, -keptBytes.tail));
  return `${text.slice(0, keptBytes.head)}\n… ${left} bytes left out …\n${text.slice(-keptBytes.tail)}`;
}

/** The end of a text, as long as an excerpt needs it. */
export const endOf = (text: string): string => text.slice(-excerptFrom);

/** The text without the manual with which npm ends a refusal: the cause is before it. */
export function withoutUsage(text: string): string {
  const kept: string[] = [];
  let usage: string[] | undefined;
  for (const line of text.split('\n')) {
    if (usage === undefined && /^npm (?:ERR!|error) Usage:/.test(line)) usage = [];
    (usage ?? kept).push(line);
    if (/^npm (?:ERR!|error) Run "npm help [a-z-]+" for more info$/.test(line)) usage = undefined;
  }
  // A manual without an end is not one.
  return [...kept, ...(usage ?? [])].join('\n');
}

/** At most 30 lines and 2 KiB, without colour codes and control characters. Long lines are cut before any line is left out. */
export function lastLines(text: string): string {
  // The carriage return of a script with Windows line ends is the cause of its failure, so it stays visible.
  const visible = text.replace(/\r(?=['’":])/g, '\\r');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  const plain = visible.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '');
  const last = plain.trimEnd().split('\n').slice(-excerptLines);
  const lines = last.map(line => cut(line, lineLength));
  const isTooLong = () => Buffer.byteLength(lines.join('\n')) > excerptBytes;
  if (isTooLong()) lines.splice(0, lines.length, ...lines.map(line => cut(line, shortLineLength)));
  while (lines.length > 1 && isTooLong()) lines.shift();
  return Buffer.from(lines.join('\n'))
    .subarray(-excerptBytes)
    .toString('utf8')
    .replace(/^\uFFFD+/, '');
}

/** The beginning of a long line. */
function cut(line: string, length: number): string {
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}
