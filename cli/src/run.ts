// From words to a command, and from whatever it throws to one message and one exit code.
import { parseArgs } from 'node:util';
import { Api } from './api.ts';
import type { Command, Connected, Local, Options } from './command.ts';
import { commands } from './commands.ts';
import { type ConnectionFlags, connectionOf, type Environment } from './config.ts';
import { exitCodes, isFileError, Refused, Unreachable, UsageError } from './failures.ts';
import { helpOf, overview, usageOf, wordsOf } from './help.ts';
import { ClusterRefused } from './keys.ts';
import { printable, type Terminal } from './terminal.ts';
import { version, versionWatch } from './version.ts';

const common: Options = {
  server: { type: 'string', about: '' },
  'key-file': { type: 'string', about: '' },
  config: { type: 'string', about: '' },
  json: { type: 'boolean', about: '' },
  help: { type: 'boolean', short: 'h', about: '' },
};

/** The whole program but for the process around it; returns the exit code. */
export async function run(words: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  try {
    const [name = '', ...rest] = words;
    if (name === '--version' || name === 'version') {
      terminal.out(version);
      return exitCodes.ok;
    }
    if (name === '' || name === 'help' || name === '--help' || name === '-h') {
      (name === '' ? terminal.err : terminal.out)(overview(commands));
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
  const { flags, positionals } = parsed(command, words);
  if (flags.help === true) {
    terminal.out(helpOf(command));
    return exitCodes.ok;
  }
  const { names, least } = wordsOf(command);
  if (positionals.length < least || positionals.length > names.length)
    throw new UsageError(`usage: ${usageOf(command)}`);
  const args = Object.fromEntries(positionals.map((word, index) => [names[index] ?? '', word]));
  const connect = async (): Promise<Connected> => {
    const connection = await connectionOf(flags as ConnectionFlags, { cwd: terminal.cwd, env });
    return { connection, api: new Api(connection, versionWatch(connection.server, terminal.err)) };
  };
  return await command.run({ args, flags, terminal }, connect);
}

function parsed({ name, options = {} }: Command, words: string[]): Pick<Local, 'flags'> & { positionals: string[] } {
  const all = Object.entries({ ...common, ...options }).map(([flag, { type, short, multiple }]) => [
    flag,
    { type, ...(short !== undefined && { short }), ...(multiple !== undefined && { multiple }) },
  ]);
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: Object.fromEntries(all),
      allowPositionals: true,
    });
    return { flags: values as Local['flags'], positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), `vibed ${name} --help`);
  }
}

function tell(error: unknown, wantsJson: boolean, terminal: Terminal): number {
  const say = (message: string, hint?: string) =>
    terminal.err(printable(hint === undefined ? message : `${message}\n${hint}`));
  if (error instanceof Refused) {
    if (wantsJson) terminal.out(JSON.stringify(error.problem, null, 2));
    say(`${error.problem.code}: ${error.message}`, error.problem.hint);
    return error.problem.code === 'InvalidInput' ? exitCodes.usage : exitCodes.server;
  }
  if (error instanceof UsageError) {
    say(error.message, error.hint);
    return exitCodes.usage;
  }
  if (error instanceof ClusterRefused) {
    say(error.message, 'is KUBECONFIG that of the cluster’s administrator?');
    return exitCodes.server;
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
