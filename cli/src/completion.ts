// What a shell offers while a command is typed. The scripts of the shells only pass the words on to `vibed __complete`, so they
// know of new commands and flags at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { namePattern } from '@vibed/crds';
import { z } from 'zod';
import { Api } from './api.ts';
import type { Command, Option } from './command.ts';
import { type ConnectionFlags, connectionOf, type Environment } from './config.ts';
import { commonOptions, wordsOf } from './help.ts';
import type { Terminal } from './terminal.ts';

/** A shell that waits longer for a server feels broken. */
const patienceMs = 1_000;

/** Lines that stand for what the shell itself lists. */
const paths = { file: ':files', folder: ':folders' } as const;

interface Candidate {
  readonly value: string;
  readonly about?: string;
}

interface Around {
  readonly env: Environment;
  readonly terminal: Pick<Terminal, 'cwd' | 'signal'>;
}

/** What the words typed so far tell about the last of them. */
interface Typed {
  readonly command: Command;
  readonly options: Readonly<Record<string, Option>>;
  /** Flags before the last word, with their values. */
  readonly flags: ConnectionFlags;
  /** How many words that are no flags come before the last. */
  readonly position: number;
  /** The option whose value the last word is. */
  readonly pending: Option | undefined;
  readonly last: string;
}

/** A line per candidate for the last of `words`: its value, a tab and what it is; or the name of what the shell lists. */
export async function complete(
  words: readonly string[],
  commands: readonly Command[],
  around: Around,
): Promise<readonly string[]> {
  const last = words.at(-1) ?? '';
  const [first] = words;
  if (words.length < 2 || first === 'help')
    return matching(last, [
      ...commands.map(({ name, summary }) => ({ value: name, about: summary })),
      { value: 'help', about: 'how a command is used' },
    ]);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) return [];
  return await completeIn(readTyped(command, words.slice(1)), around);
}

async function completeIn(typed: Typed, around: Around): Promise<readonly string[]> {
  const { options, pending, last } = typed;
  if (pending !== undefined) return ofOption(pending, last, '');
  const [, flag = '', value] = /^--([^=]+)=(.*)$/s.exec(last) ?? [];
  const option = options[flag];
  if (value !== undefined) return option === undefined ? [] : ofOption(option, value, `--${flag}=`);
  if (last.startsWith('-'))
    return matching(
      last,
      Object.entries(options).map(([name, { about }]) => ({ value: `--${name}`, about })),
    );
  return await ofWord(typed, around);
}

function ofOption({ choices, completes }: Option, value: string, before: string): readonly string[] {
  if (choices !== undefined)
    return matching(
      before + value,
      choices.map(choice => ({ value: before + choice })),
    );
  return completes === undefined ? [] : [paths[completes]];
}

async function ofWord({ command, flags, position, last }: Typed, around: Around): Promise<readonly string[]> {
  const name = wordsOf(command).names[position] ?? '';
  const choices = command.choices?.[name];
  if (choices !== undefined)
    return matching(
      last,
      choices.map(value => ({ value })),
    );
  if (name === 'folder') return [paths.folder];
  return name === 'name' ? matching(last, await artifacts(flags, around)) : [];
}

const matching = (start: string, candidates: readonly Candidate[]): string[] =>
  candidates
    .filter(({ value }) => value.startsWith(start))
    .map(({ value, about }) => (about === undefined ? value : `${value}\t${about.replace(/\s+/g, ' ')}`));

/** Reads the words as far as they are typed: a wrong one is no reason to offer nothing. */
function readTyped(command: Command, words: readonly string[]): Typed {
  const options = { ...commonOptions, ...command.options };
  const { before, last, isGlued } = rejoined(words);
  const flags: Record<string, string> = {};
  let position = 0;
  let name: string | undefined;
  for (const [at, word] of before.entries()) {
    if (name !== undefined) {
      flags[name] = word;
      name = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      const [given = '', value] = word.replace(/^--?/, '').split(/=(.*)/s);
      const flag = word.startsWith('--') ? given : longName(given, options);
      const isOpen = value === undefined || (isGlued && at === before.length - 1);
      if (!isOpen) flags[flag] = value;
      else if (options[flag]?.type === 'string') name = flag;
    } else position += 1;
  }
  return { command, options, flags, position, pending: name === undefined ? undefined : options[name], last };
}

interface Rejoined {
  readonly before: readonly string[];
  readonly last: string;
  /** Whether the last word continues the one before it. */
  readonly isGlued: boolean;
}

/** The words as they were typed: bash makes words of their own of `=` and `:`, and completes what comes after the last of them. */
function rejoined(words: readonly string[]): Rejoined {
  const before: string[] = [];
  const isBreak = (word: string) => word === '=' || word === ':';
  const last = words.at(-1) ?? '';
  let isGlued = false;
  for (const word of isBreak(last) ? words : words.slice(0, -1)) {
    const isContinued = isBreak(word) || isGlued;
    if (isContinued) before.push((before.pop() ?? '') + word);
    else before.push(word);
    isGlued = isBreak(word);
  }
  return { before, last: isBreak(last) ? '' : last, isGlued };
}

const longName = (short: string, options: Readonly<Record<string, Option>>): string =>
  Object.entries(options).find(([, option]) => option.short === short)?.[0] ?? '';

const listSchema = z.looseObject({
  artifacts: z.array(z.looseObject({ name: z.string(), phase: z.string().optional() })),
});

/** The caller's artifacts; none when the server does not answer in time or no server is known. */
async function artifacts(flags: ConnectionFlags, { env, terminal }: Around): Promise<Candidate[]> {
  const late = new AbortController();
  const listed = async () => {
    const connection = await connectionOf(flags, { cwd: terminal.cwd, env });
    const api = new Api(connection, () => undefined, AbortSignal.any([terminal.signal, late.signal]));
    const { artifacts: all } = listSchema.parse(await api.get('/api/artifacts', { limit: 200 }));
    // A shell takes what is offered as part of a command line.
    return all
      .filter(({ name }) => namePattern.test(name))
      .map(({ name, phase }) => ({ value: name, ...(phase !== undefined && { about: phase }) }));
  };
  // A shell has no place for an error between two words.
  const found = listed().catch((): Candidate[] => []);
  const timer = sleep(patienceMs, [] as Candidate[], { ref: false });
  const first = await Promise.race([found, timer]);
  late.abort();
  return first;
}
