// Which vibeD, and with which key. A key goes only to the server it was given with: a .vibed/mcp.json that came with somebody's
// repository must not be able to send VIBED_KEY elsewhere.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from './failures.ts';

/** The variables that are read, and nothing else of the environment. */
export interface Environment {
  readonly VIBED_SERVER?: string | undefined;
  readonly VIBED_KEY?: string | undefined;
  /** Folder of the person's own settings. */
  readonly home: string;
}

/** What the process was started with. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const given = (value: string | undefined) => (value === undefined || value === '' ? undefined : value);
  return { VIBED_SERVER: given(env.VIBED_SERVER), VIBED_KEY: given(env.VIBED_KEY), home: homedir() };
}

/** Flags that every command understands. */
export interface ConnectionFlags {
  readonly server?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly config?: string | undefined;
}

/** Where the api-server is and how to be let in; `again` are the flags that lead to the same connection from any folder. */
export interface Connection {
  /** Without a slash at its end. */
  readonly server: string;
  readonly key: string | undefined;
  readonly again: readonly string[];
}

interface Place {
  readonly cwd: string;
  readonly env: Environment;
}

const fileSchema = z.object({
  mcpServers: z.object({
    vibed: z.object({ url: z.string(), headers: z.object({ Authorization: z.string() }).partial().optional() }),
  }),
});

interface Found {
  readonly path: string;
  readonly server: string;
  readonly key: string | undefined;
  /** Below the home folder's own settings or named by a flag, and not just lying in a folder. */
  readonly isTrusted: boolean;
}

/** The connection that flags, environment and files say, in this order. Throws UsageError with what to do. */
export async function connectionOf(flags: ConnectionFlags, { cwd, env }: Place): Promise<Connection> {
  const keyFile = flags['key-file'] === undefined ? undefined : resolve(cwd, flags['key-file']);
  const given = keyFile === undefined ? env.VIBED_KEY : await keyIn(keyFile);
  const file = await findFile(flags.config, { cwd, env });
  const named = flags.config === undefined ? (flags.server ?? env.VIBED_SERVER) : flags.server;
  const server = named === undefined ? file?.server : serverOf(named);
  if (server === undefined)
    throw new UsageError(
      'no vibeD is known here',
      'give --server and --key-file, or run below a folder with .vibed/mcp.json',
    );
  const isOfFile = file !== undefined && file.server === server;
  const key =
    named === undefined && file !== undefined
      ? keyFor(file, given, keyFile)
      : (given ?? (isOfFile ? file.key : undefined));
  const again =
    isOfFile && keyFile === undefined
      ? ['--config', file.path]
      : ['--server', server, ...(keyFile === undefined ? [] : ['--key-file', keyFile])];
  return { server, key: key === undefined ? undefined : checkedKey(key), again };
}

/** The key for a server that only a file names: the file's own, unless another was named in the command itself. */
function keyFor(file: Found, given: string | undefined, keyFile: string | undefined): string | undefined {
  if (keyFile === undefined && file.key !== undefined) return file.key;
  if (given === undefined || file.isTrusted) return given;
  throw new UsageError(
    `the key would go to ${file.server}, which only ${file.path} names`,
    'say --server or VIBED_SERVER as well when that is right',
  );
}

/** A key can stand in a header; the message does not show it. */
function checkedKey(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new UsageError('the key is empty or holds characters no key has', 'look at the key file or VIBED_KEY');
}

async function keyIn(path: string): Promise<string> {
  const text = await textOf(path);
  if (text === undefined) throw new UsageError(`there is no key file ${path}`);
  return text.trim();
}

async function findFile(named: string | undefined, { cwd, env }: Place): Promise<Found | undefined> {
  if (named !== undefined) {
    const found = await read(resolve(cwd, named), true);
    if (found === undefined) throw new UsageError(`there is no file ${named}`);
    return found;
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = await read(join(folder, '.vibed', 'mcp.json'), false);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) return await read(join(env.home, '.config', 'vibed', 'mcp.json'), true);
  }
}

async function read(path: string, isTrusted: boolean): Promise<Found | undefined> {
  const text = await textOf(path);
  if (text === undefined) return undefined;
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw new UsageError(`${path} names no vibeD`, 'it needs mcpServers.vibed.url');
  const { url, headers } = parsed.data.mcpServers.vibed;
  const [, key] = /^Bearer +(\S+)$/i.exec(headers?.Authorization ?? '') ?? [];
  return { path, server: serverOf(url), key, isTrusted };
}

/** Undefined where it is no JSON: the parser's own message would quote the file, and with it the key. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}

/** The address without the path of the MCP door, which is what people have at hand. */
function serverOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UsageError('the server is no http(s) URL without credentials', 'for example http://vibed.localhost:8080');
  return (url.origin + url.pathname).replace(/\/+$/, '').replace(/\/mcp$/, '');
}
