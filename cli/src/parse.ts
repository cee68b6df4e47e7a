// The words of a command line as the arguments and flags of one command, or a UsageError that names what was probably meant.
import { parseArgs } from 'node:util';
import { meant } from './closest.ts';
import type { Command, Local, Option } from './command.ts';
import { UsageError } from './failures.ts';
import { commonOptions, usageOf, wordsOf } from './help.ts';

type Parsed = Pick<Local, 'args' | 'flags'>;

/** The arguments and flags; with --help the words are not checked. */
export function parsed(command: Command, words: readonly string[]): Parsed {
  const { flags, positionals } = split(command, words);
  const { names, least } = wordsOf(command);
  const args = Object.fromEntries(positionals.map((word, at) => [names[at] ?? '', word]));
  if (flags.help === true) return { flags, args };
  if (positionals.length < least || positionals.length > names.length)
    throw new UsageError(`usage: ${usageOf(command)}`, `vibed ${command.name} --help`);
  for (const [name, choices] of Object.entries(command.choices ?? {})) checkChoice(`<${name}>`, args[name], choices);
  for (const [flag, { choices }] of Object.entries(command.options ?? {}))
    if (choices !== undefined) checkChoice(`--${flag}`, flags[flag], choices);
  return { flags, args };
}

function split(command: Command, words: readonly string[]): Pick<Local, 'flags'> & { positionals: string[] } {
  const all = { ...commonOptions, ...command.options };
  const options = Object.entries(all).map(([flag, { type, short, multiple }]) => [
    flag,
    { type, ...(short !== undefined && { short }), ...(multiple !== undefined && { multiple }) },
  ]);
  try {
    const parts = { args: [...words], options: Object.fromEntries(options), allowPositionals: true };
    const { values, positionals } = parseArgs(parts);
    return { flags: values as Local['flags'], positionals };
  } catch (error) {
    throw misread(error, command.name, all);
  }
}

/** The parser's own refusal, with the flag that was probably meant. */
function misread(error: unknown, name: string, options: Readonly<Record<string, Option>>): UsageError {
  const message = error instanceof Error ? error.message : String(error);
  const help = `vibed ${name} --help`;
  const [, unknown] = /^Unknown option '(--?[^']*)'/.exec(message) ?? [];
  if (unknown === undefined) return new UsageError(message, help);
  const flags = Object.keys(options).map(flag => `--${flag}`);
  return new UsageError(`vibed ${name} has no flag ${unknown}`, meant(unknown, flags, help));
}

function checkChoice(what: string, given: unknown, choices: readonly string[]): void {
  if (typeof given !== 'string' || choices.includes(given)) return;
  const message = `${what} is one of ${choices.join(', ')}, and not ${given}`;
  throw new UsageError(message, meant(given, choices, undefined));
}
