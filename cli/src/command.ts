// What a command is, and what it is given when it runs. A command is one literal: its words, its options and what it does;
// usage, help and the parser are made from it.
import type { z } from 'zod';
import type { Api, Query } from './api.ts';
import type { Connection } from './config.ts';
import { UsageError } from './failures.ts';
import { jsonText, type Terminal } from './terminal.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** Stands for its value in the help. */
  readonly value?: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  /** What a shell completes its value with. */
  readonly completes?: 'file' | 'folder';
  readonly about: string;
}
export type Options = Readonly<Record<string, Option>>;

/** The words of `<name> <from> [to]`: those in angle brackets are always there. */
type Words<W extends string> = W extends `${infer First} ${infer Rest}` ? Word<First> & Words<Rest> : Word<W>;
type Word<W extends string> = W extends `<${infer Name}>`
  ? { readonly [K in Name]: string }
  : W extends `[${infer Name}]`
    ? { readonly [K in Name]?: string }
    : unknown;

/** A command that is carried out on this machine. */
export interface Local<Args = Readonly<Record<string, string | undefined>>> {
  readonly args: Args;
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly terminal: Terminal;
}

export interface Connected {
  readonly connection: Connection;
  readonly api: Api;
}

/** A command that speaks with a server. */
export type Invocation<Args = Readonly<Record<string, string | undefined>>> = Local<Args> & Connected;

interface Described<W extends string> {
  readonly name: string;
  readonly summary: string;
  /** What comes after `vibed <name>`, without the options. */
  readonly words: W;
  /** The only values that a word takes, by its name. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  readonly options?: Options;
  /** Lines as one types them, for the help. */
  readonly examples: readonly string[];
}

/** One line of the table: `run` returns the exit code, or throws what run.ts knows how to tell. */
export interface Command extends Described<string> {
  readonly run: (local: Local, connect: () => Promise<Connected>) => Promise<number>;
}

export function localCommand<const W extends string>(
  command: Described<W> & { readonly run: (local: Local<Words<W>>) => Promise<number> },
): Command {
  return { ...command, run: async local => await command.run(local as Local<Words<W>>) };
}

export function serverCommand<const W extends string>(
  command: Described<W> & { readonly run: (invocation: Invocation<Words<W>>) => Promise<number> },
): Command {
  return {
    ...command,
    run: async (local, connect) => await command.run({ ...(local as Local<Words<W>>), ...(await connect()) }),
  };
}

/** What is asked of the API; a GET unless it says otherwise. */
export interface Call {
  readonly method?: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: Record<string, unknown>;
}

/** A command that is one call, whose answer is told in words. */
export function oneCall<const W extends string, S extends z.ZodType>({
  call,
  schema,
  tell,
  ...described
}: Described<W> & {
  readonly call: (invocation: Invocation<Words<W>>) => Call | Promise<Call>;
  readonly schema: S;
  readonly tell: (answer: z.output<S>) => string;
}): Command {
  const run = async (invocation: Invocation<Words<W>>) => {
    const { method, path, query, body = {} } = await call(invocation);
    const { api } = invocation;
    const said = method === undefined ? await api.get(path, query) : await api.send(method, path, body);
    const parsed = schema.parse(said);
    return answer(invocation, said, () => tell(parsed));
  };
  return serverCommand({ ...described, run });
}

type Flags = Pick<Local, 'flags'>;

/** The text of a flag; undefined where it was not given. */
export function textFlag({ flags }: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** All texts of a flag that may be given several times. */
export function textsFlag({ flags }: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value : [];
}

/** The number of a flag; undefined where it was not given. */
export function numberFlag(local: Flags, name: string, least = 1): number | undefined {
  const text = textFlag(local, name);
  return text === undefined ? undefined : numberIn(text, `--${name}`, least);
}

/** A whole number that is not below `least`. */
export function numberIn(text: string, what: string, least = 1): number {
  if (/^(0|[1-9][0-9]{0,8})$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`${what} is no whole number from ${least} on: ${text}`);
}

/** The path of an artifact, given by name or by URL. */
export const pathOf = (name: string, rest = ''): string => `/api/artifacts/${encodeURIComponent(name)}${rest}`;

/** Prints an answer: as it came with --json, else in the words of `tell`. */
export function answer(
  { flags, terminal }: Pick<Local, 'flags' | 'terminal'>,
  body: unknown,
  tell: () => string,
): number {
  const text = flags.json === true ? jsonText(body) : tell();
  if (text !== '') terminal.out(text);
  return 0;
}
