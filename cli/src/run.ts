// From words to a command, and from whatever it throws to one message and one exit code.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { Api } from './api.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { type ConnectionFlags, connectionOf, type Environment } from './config.ts';
import { exitCodes, isFileError, Refused, Unreachable, UsageError } from './failures.ts';
import { printable, type Terminal } from './terminal.ts';

const common: ParseArgsOptionsConfig = {
  server: { type: 'string' },
  'key-file': { type: 'string' },
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** The whole program but for the process around it; returns the exit code. */
export async function run(words: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  try {
    const [name = '', ...rest] = words;
    if (name === '' || name === 'help' || name === '--help' || name === '-h') {
      (name === '' ? terminal.err : terminal.out)(helpText());
      return name === '' ? exitCodes.usage : exitCodes.ok;
    }
    const command = commands.find(each => each.name === name);
    if (command === undefined) throw new UsageError(`there is no command ${name}`, 'vibed --help lists them');
    return await runCommand(command, rest, env, terminal);
  } catch (error) {
    return tell(error, words.includes('--json'), terminal);
  }
}

async function runCommand(command: Command, words: string[], env: Environment, terminal: Terminal): Promise<number> {
  const { flags, args } = parsed(command, words);
  if (flags.help === true) {
    terminal.out(helpOf(command));
    return exitCodes.ok;
  }
  const [least, most] = command.words;
  if (args.length < least || args.length > most) throw new UsageError(`usage: ${usageOf(command)}`);
  const connection = await connectionOf(flags as ConnectionFlags, { cwd: terminal.cwd, env });
  return await command.run({ args, flags, terminal, connection, api: new Api(connection) });
}

function parsed({ name, options = {} }: Command, words: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: { ...common, ...options },
      allowPositionals: true,
    });
    return { flags: values as Record<string, string | boolean | undefined>, args: positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), `vibed ${name} --help`);
  }
}

const usageOf = ({ name, usage }: Command) => `vibed ${name} ${usage}`.trimEnd();

const commonHelp = `Everywhere:
  --json              the answer of the API
  --server URL        or VIBED_SERVER, or the nearest .vibed/mcp.json, or ~/.config/vibed/mcp.json
  --key-file FILE     or VIBED_KEY, or that file's key
  --config FILE       another mcp.json
  --help
Exit codes: 0 done, 1 the app failed, 2 not understood, 3 the server refused or cannot be reached`;

const helpOf = (command: Command) => `${usageOf(command)}\n\n${command.summary}\n\n${commonHelp}`;

function helpText(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `vibed <command> [--help]\n\n${lines.join('\n')}\n\n${commonHelp}`;
}

function tell(error: unknown, wantsJson: boolean, terminal: Terminal): number {
  const say = (message: string, hint?: string) =>
    terminal.err(printable(hint === undefined ? message : `${message}\n${hint}`));
  if (error instanceof Refused) {
    if (wantsJson) terminal.out(JSON.stringify(error.problem, null, 2));
    say(`${error.problem.code}: ${error.message}`, error.problem.hint);
    return exitCodes.server;
  }
  if (error instanceof UsageError) {
    say(error.message, error.hint);
    return exitCodes.usage;
  }
  if (error instanceof Unreachable) {
    say(error.message, 'is vibeD running, and is the address right?');
    return exitCodes.server;
  }
  if (isFileError(error)) {
    say(error.message);
    return exitCodes.usage;
  }
  say(`the answer was not understood: ${error instanceof Error ? error.message : String(error)}`);
  return exitCodes.server;
}
