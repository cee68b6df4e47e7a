// From words to a command, and from whatever it throws to one message and one exit code.
import { Api } from './api.ts';
import { problemText } from './cli-words.ts';
import { meant } from './closest.ts';
import type { Command, Connected } from './command.ts';
import { commands } from './commands.ts';
import { complete } from './completion.ts';
import { type ConnectionFlags, connectionOf, type Environment } from './config.ts';
import { exitCodes, Interrupted, isFileError, Refused, Unreachable, UsageError } from './failures.ts';
import { helpOf, overview } from './help.ts';
import { ClusterRefused } from './keys.ts';
import { parsed } from './parse.ts';
import { jsonText, printable, type Terminal } from './terminal.ts';
import { version, versionWatch } from './version.ts';

/** The whole program but for the process around it; returns the exit code. */
export async function run(words: readonly string[], env: Environment, outside: Terminal): Promise<number> {
  // Text of others comes through every command: here none of it is forgotten.
  const { ask } = outside;
  const terminal: Terminal = {
    ...outside,
    out: text => outside.out(printable(text)),
    err: text => outside.err(printable(text)),
    ask: ask && (question => ask(printable(question))),
  };
  try {
    const code = await runWords(words, env, terminal);
    return terminal.signal.aborted ? exitCodes.interrupted : code;
  } catch (error) {
    return terminal.signal.aborted ? interrupted(error, terminal) : tell(error, words.includes('--json'), terminal);
  }
}

async function runWords(words: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const [name = '', ...rest] = words;
  switch (name) {
    case '--version':
      terminal.out(version);
      return exitCodes.ok;
    case '':
      terminal.err(overview(commands));
      return exitCodes.usage;
    case 'help':
    case '--help':
    case '-h':
      terminal.out(rest[0] === undefined ? overview(commands) : helpOf(commandNamed(rest[0])));
      return exitCodes.ok;
    case '__complete':
      terminal.out((await complete(rest, commands, { env, terminal })).join('\n'));
      return exitCodes.ok;
    default:
      return await runCommand(commandNamed(name), rest, env, terminal);
  }
}

function commandNamed(name: string): Command {
  const command = commands.find(each => each.name === name);
  if (command !== undefined) return command;
  const names = commands.map(each => each.name);
  throw new UsageError(`there is no command ${name}`, meant(name, names, 'vibed --help lists the commands'));
}

async function runCommand(command: Command, words: string[], env: Environment, terminal: Terminal): Promise<number> {
  const { flags, args } = parsed(command, words);
  if (flags.help === true) {
    terminal.out(helpOf(command));
    return exitCodes.ok;
  }
  const connect = async (): Promise<Connected> => {
    const connection = await connectionOf(flags as ConnectionFlags, { cwd: terminal.cwd, env });
    const heard = versionWatch(connection.server, terminal.err);
    return { connection, api: new Api(connection, heard, terminal.signal) };
  };
  return await command.run({ args, flags, terminal }, connect);
}

/** Says what continues on the server, where something does. */
function interrupted(error: unknown, terminal: Terminal): number {
  if (error instanceof Interrupted) terminal.err(error.message);
  return exitCodes.interrupted;
}

function tell(error: unknown, wantsJson: boolean, terminal: Terminal): number {
  const say = (message: string, hint?: string) => terminal.err(hint === undefined ? message : `${message}\n${hint}`);
  if (error instanceof Refused) {
    if (wantsJson) terminal.out(jsonText(error.problem));
    say(problemText(error.problem));
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
