// The vibed command as its user has it: put on the machine by the line that the server's own page shows, below a home of its own,
// and run by whatever Node is on the PATH.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { baseUrl, fetchHere } from './door.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Command extends Disposable {
  readonly home: string;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly run: (...words: string[]) => Promise<Ran>;
  /** Runs until `enough` of what it printed, on either stream, is there, then interrupts it as Ctrl-C does. */
  readonly until: (enough: (printed: string) => boolean, ...words: string[]) => Promise<Ran>;
}

/** Programs besides Node's own, such as kubectl, are looked for in `folders` first. */
export async function installed(key: string, ...folders: string[]): Promise<Command> {
  const home = mkdtempSync(join(tmpdir(), 'vibed-home-'));
  const path = [...folders, process.env.PATH ?? ''].join(':');
  const env = { PATH: path, HOME: home, VIBED_SERVER: baseUrl, VIBED_KEY: key };
  execFileSync('sh', ['-c', await installLine()], { env, stdio: 'pipe' });
  const file = join(home, '.local/bin/vibed');
  return {
    home,
    file,
    env,
    run: (...words) => ran(file, words, env),
    until: (enough, ...words) => interrupted(file, words, env, enough),
    [Symbol.dispose]: () => rmSync(home, { recursive: true }),
  };
}

/** As a person copies it from the page. */
async function installLine(): Promise<string> {
  const page = await (await fetchHere(`${baseUrl}/api/docs`)).text();
  const [, line] = /<pre>(curl [^<]*)<\/pre>/.exec(page) ?? [];
  if (line === undefined) throw new Error('/api/docs does not show how to install the command');
  return line.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

async function ran(file: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  try {
    const { stdout, stderr } = await promisify(execFile)(file, words, { env });
    return { code: 0, out: stdout.trimEnd(), err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { code, out: stdout.trimEnd(), err: stderr };
  }
}

function interrupted(
  file: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  enough: (printed: string) => boolean,
): Promise<Ran> {
  const child = spawn(file, words, { env });
  let out = '';
  let err = '';
  // Once: a second one ends it the hard way.
  const look = () => !child.killed && enough(out + err) && child.kill('SIGINT');
  child.stderr.on('data', chunk => {
    err += chunk;
    look();
  });
  child.stdout.on('data', chunk => {
    out += chunk;
    look();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code: code ?? -1, out, err }));
  });
}

/** A folder of these files, gone at the end of the scope. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = mkdtempSync(join(tmpdir(), 'vibed-folder-'));
  const write = (path: string, content: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode });
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return { folder, write, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
