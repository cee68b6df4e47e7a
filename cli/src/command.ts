// What a command is, and what it is given when it runs.
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Api } from './api.ts';
import type { Connection } from './config.ts';
import { UsageError } from './failures.ts';
import type { Terminal } from './terminal.ts';

export interface Invocation {
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly terminal: Terminal;
  readonly connection: Connection;
  readonly api: Api;
}

/** One line of the table: `run` returns the exit code, or throws what run.ts knows how to tell. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** After `vibed <name>`. */
  readonly usage: string;
  readonly options?: ParseArgsOptionsConfig;
  /** How many words it takes, at least and at most. */
  readonly words: readonly [number, number];
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** The text of a flag; undefined where it was not given. */
export function textFlag({ flags }: Invocation, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** A positive number. */
export function numberIn(text: string, what: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`${what} is no whole number above 0: ${text}`);
}

/** The path of an artifact, given by name or by URL. */
export const pathOf = (name: string, rest = ''): string => `/api/artifacts/${encodeURIComponent(name)}${rest}`;

/** Prints an answer: as it came with --json, else in the words of `tell`. */
export function answer({ flags, terminal }: Invocation, body: unknown, tell: () => string): number {
  const text = flags.json === true ? JSON.stringify(body, null, 2) : tell();
  if (text !== '') terminal.out(text);
  return 0;
}
