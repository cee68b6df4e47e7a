// A folder on this machine as a source: what .gitignore and .vibedignore leave out never leaves the machine, nor does what no
// build gets anyway. Only the files in the folder itself count; an ignore file above it may well ignore the folder.
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { isIgnored } from '@vibed/crds';
import ignore, { type Ignore } from 'ignore';
import { pack } from 'tar-stream';
import { UsageError } from './failures.ts';

export interface FolderFile {
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

/** The same as the server's, so that a wrong folder is noticed before it is read to its end. */
export const folderLimits = { files: 5_000, bytes: 64 * 1024 * 1024 } as const;

/** Up to here a tree is sent in the call itself. */
const inlineLimits = { files: 200, bytes: 256 * 1024 } as const;

interface Rules {
  /** Folder of the ignore file, with a slash at its end unless it is the root. */
  readonly base: string;
  readonly matcher: Ignore;
}

interface Walk {
  readonly root: string;
  readonly files: string[];
  readonly links: string[];
}

/** The files of a folder in the order of their paths. Throws UsageError for what cannot be sent. */
export async function readFolder(folder: string): Promise<FolderFile[]> {
  const root = await realRoot(folder);
  const walk: Walk = { root, files: [], links: [] };
  await visit('', [], walk);
  const sources = new Map(walk.files.map(path => [path, path]));
  for (const link of walk.links) {
    const target = await targetOf(link, root);
    // A link must not carry what is left out under its own name.
    if (sources.get(target) === target) sources.set(link, target);
  }
  if (sources.size === 0)
    throw new UsageError(`there is nothing to deploy in ${folder}`, 'every file is ignored, or there is none');
  return await readAll(sources, root);
}

async function realRoot(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await lstat(root)).isDirectory()) return root;
  } catch (error) {
    throw new UsageError(`there is no folder ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UsageError(`${folder} is no folder`);
}

async function visit(base: string, outer: readonly Rules[], walk: Walk): Promise<void> {
  const entries = await readdir(join(walk.root, base), { withFileTypes: true });
  const names = new Set(entries.filter(entry => entry.isFile()).map(entry => entry.name));
  const rules = [...outer, ...(await rulesIn(base, names, walk.root))];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = base + entry.name;
    const isFolder = entry.isDirectory();
    if (isIgnored(isFolder ? `${path}/-` : path) || isLeftOut(isFolder ? `${path}/` : path, rules)) continue;
    if (isFolder) await visit(`${path}/`, rules, walk);
    else if (entry.isSymbolicLink()) walk.links.push(path);
    else if (entry.isFile()) walk.files.push(path);
    else throw new UsageError(`${path} is neither a file nor a folder`, 'name it in .vibedignore');
    if (walk.files.length + walk.links.length > folderLimits.files)
      throw new UsageError(
        `there are more than ${folderLimits.files} files`,
        'is this the right folder? name in .vibedignore what is not needed',
      );
  }
}

/** .vibedignore comes second, so that it has the last word: `!dist/` sends what git does not keep. */
async function rulesIn(base: string, names: ReadonlySet<string>, root: string): Promise<Rules[]> {
  const present = ['.gitignore', '.vibedignore'].filter(name => names.has(name));
  if (present.length === 0) return [];
  const matcher = ignore();
  for (const name of present) matcher.add(await readFile(join(root, base, name), 'utf8'));
  return [{ base, matcher }];
}

function isLeftOut(path: string, rules: readonly Rules[]): boolean {
  let left = false;
  for (const { base, matcher } of rules) {
    const { ignored, unignored } = matcher.test(path.slice(base.length));
    if (ignored) left = true;
    else if (unignored) left = false;
  }
  return left;
}

async function targetOf(link: string, root: string): Promise<string> {
  let target: string;
  try {
    target = relative(root, await realpath(join(root, link)));
  } catch {
    throw new UsageError(`${link} is a link that leads nowhere`, 'remove it, or name it in .vibedignore');
  }
  if (target === '..' || target.startsWith(`..${sep}`) || /^([A-Za-z]:|[\\/])/.test(target))
    throw new UsageError(
      `${link} is a link that leaves the folder`,
      'put the file itself there, or name the link in .vibedignore',
    );
  if ((await lstat(join(root, target))).isDirectory())
    throw new UsageError(
      `${link} is a link to a folder`,
      'put the folder itself there, or name the link in .vibedignore',
    );
  return target.split(sep).join('/');
}

async function readAll(sources: ReadonlyMap<string, string>, root: string): Promise<FolderFile[]> {
  const files: FolderFile[] = [];
  let total = 0;
  for (const [path, source] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { size, mode } = await lstat(join(root, source));
    total += size;
    if (total > folderLimits.bytes)
      throw new UsageError(
        `there are more than ${folderLimits.bytes / 1024 / 1024} MiB`,
        `${path} is where it became too much`,
      );
    files.push({ path, bytes: await readFile(join(root, source)), executable: (mode & 0o100) !== 0 });
  }
  return files;
}

/** Whether a tree goes into the call itself. A call has no word for executable files. */
export function isSmall(files: readonly FolderFile[]): boolean {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  return files.length <= inlineLimits.files && bytes <= inlineLimits.bytes && files.every(file => !file.executable);
}

/** The files as the API takes them in a call. */
export function asInput(files: readonly FolderFile[]): Record<string, unknown>[] {
  return files.map(({ path, bytes }) => {
    const text = bytes.toString('utf8');
    const isText = !bytes.includes(0) && Buffer.from(text).equals(bytes);
    return isText ? { path, content: text } : { path, content: bytes.toString('base64'), encoding: 'base64' };
  });
}

/** The files as a tar.gz: the same bytes for the same tree. */
export async function asArchive(files: readonly FolderFile[]): Promise<Uint8Array> {
  const archive = pack();
  for (const { path, bytes, executable } of files)
    archive.entry({ name: path, mode: executable ? 0o755 : 0o644, mtime: new Date(0) }, bytes);
  archive.finalize();
  return gzipSync(await buffer(archive));
}
