// Runs the programs this cluster is made with. Arguments are always an array: nothing goes through a shell.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Everything the program prints is appended here. */
  readonly log?: string;
}

export class CommandFailed extends Error {
  constructor(argv: readonly string[], code: number | null, output: string, log: string | undefined) {
    const tail = output.trimEnd().split('\n').slice(-8).join('\n  ');
    super(`${argv.join(' ')} ended with ${code}\n  ${tail}${log ? `\n  all of it: ${log}` : ''}`);
    this.name = 'CommandFailed';
  }
}

/** Runs a program to its end and returns what it wrote to stdout; throws CommandFailed unless it exits with 0. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const { code, stdout, all } = await spawned(argv, options);
  if (code !== 0) throw new CommandFailed(argv, code, all, options.log);
  return stdout;
}

/** Like run, for questions whose answer may be "no": undefined when the program is missing or fails. */
export async function ask(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<string | undefined> {
  try {
    return await run(argv, options);
  } catch {
    return undefined;
  }
}

async function spawned(argv: readonly [string, ...string[]], options: RunOptions) {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const log = options.log ? createWriteStream(options.log, { flags: 'a' }) : undefined;
  let stdout = '';
  let all = '';
  const take = (text: string) => {
    all = (all + text).slice(-64_000);
    log?.write(text);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    take(text);
  });
  child.stderr.setEncoding('utf8').on('data', take);
  child.stdin.on('error', () => undefined); // a program may end without reading its input
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  log?.end();
  if (log) await finished(log);
  return { code, stdout, all };
}
