// Where the source of an app comes from: a folder of this machine, a git repository, a prebuilt image, or a source that the
// server still keeps.
import { resolve } from 'node:path';
import { type Invocation, type Local, type Options, textFlag } from './command.ts';
import { UsageError } from './failures.ts';
import { asArchive, asInput, isSmall, readFolder } from './folder.ts';

/** The options that name a source other than a folder. */
export const originOptions: Options = {
  image: { type: 'string', value: 'REF', about: 'a prebuilt image, pinned: host/name@sha256:…' },
  'source-ref': { type: 'string', value: 'REF', about: 'a source that the server still keeps' },
};

export interface Origin {
  /** The file or folder name that an app of this source is named after; empty where nothing fits. */
  readonly title: string;
  /** The fields of the call that name the source. Sends the folder where there is one. */
  readonly fields: () => Promise<Record<string, unknown>>;
}

/** The one source that the command names; undefined where it names none. */
export function originOf(folder: string | undefined, invocation: Invocation): Origin | undefined {
  const flags = ['git', 'image', 'source-ref'].filter(flag => textFlag(invocation, flag) !== undefined);
  const named = [...(folder === undefined ? [] : ['a folder']), ...flags.map(flag => `--${flag}`)];
  if (named.length > 1) throw new UsageError(`${named.join(' and ')} are given together`, 'name one source');
  const git = textFlag(invocation, 'git');
  const image = textFlag(invocation, 'image');
  const source_ref = textFlag(invocation, 'source-ref');
  if (git !== undefined) return ofGit(git, invocation);
  if (image !== undefined) return { title: titleOfImage(image), fields: async () => ({ image }) };
  if (source_ref !== undefined) return { title: '', fields: async () => ({ source_ref }) };
  return folder === undefined ? undefined : ofFolder(folder, invocation);
}

function ofGit(git_url: string, local: Local): Origin {
  const git_ref = textFlag(local, 'ref');
  const given = textFlag(local, 'path');
  const git_path = given === undefined ? undefined : folderPath(given);
  const fields = {
    git_url,
    ...(git_ref !== undefined && { git_ref }),
    ...(git_path !== undefined && { git_path }),
  };
  return { title: lastOf(git_path ?? '') || lastOf(git_url).replace(/\.git$/, ''), fields: async () => fields };
}

/** `./web/` is the folder `web`; the server judges what is left. */
export function folderPath(given: string): string {
  const parts = given.split('/');
  while (parts.length > 1 && parts[0] === '.') parts.shift();
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts.join('/');
}

/** `host:5000/team/web:1.2@sha256:…` → `web`. */
const titleOfImage = (image: string) => lastOf(image.split('@')[0] ?? '').split(':')[0] ?? '';

const lastOf = (path: string) => path.split('/').findLast(part => part !== '') ?? '';

function ofFolder(given: string, invocation: Invocation): Origin {
  const folder = resolve(invocation.terminal.cwd, given);
  return { title: lastOf(folder.replaceAll('\\', '/')), fields: async () => await sendFolder(folder, invocation) };
}

async function sendFolder(folder: string, { api, terminal }: Invocation): Promise<Record<string, unknown>> {
  const files = await readFolder(folder);
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  terminal.err(`sending ${files.length} files, ${Math.ceil(bytes / 1024)} KiB`);
  return isSmall(files) ? { files: asInput(files) } : { source_ref: await api.upload(await asArchive(files)) };
}
