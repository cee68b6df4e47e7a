/** Reading the files of a commit straight from git's objects, links resolved to what they point at inside the tree. */
import { open } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { shown } from '@vibed/recipe/shown';
import { SourceError } from './fault.ts';
import { treePath } from './tree-path.ts';
import type { TreeWriter } from './tree-writer.ts';

/** Runs git in the scratch repository and gives its standard output. */
export type Git = (args: readonly string[], options?: { input?: string; toFile?: string }) => Promise<Buffer>;

/** Which files. */
export interface GitTree {
  readonly commit: string;
  /** The application's folder; '' is the whole repository. */
  readonly path: string;
  /** An empty folder for temporary files. */
  readonly scratch: string;
}

interface Entry {
  readonly path: string;
  readonly mode: string;
  readonly object: string;
  readonly size: number;
}

const linkMode = '120000';

/** Hands every file below the folder to the writer. Submodules are left out; a link becomes a copy of its target, and one that leaves the
 * folder is SourceInvalid. */
export async function gitTree(git: Git, tree: GitTree, writer: TreeWriter): Promise<void> {
  const folder = tree.path === '' || tree.path === '.' ? '' : treePath(tree.path.replace(/(?<!\/)\/+$/, ''));
  const entries = await listEntries(git, tree.commit, folder);
  if (entries.length === 0) throw noFolder(folder);
  const blobs = await Blobs.fetch(git, join(tree.scratch, 'blobs'), entries);
  await using _closed = blobs;
  const targets = new Map<string, string>();
  for (const entry of entries)
    if (entry.mode === linkMode) targets.set(entry.path, (await blobs.small(entry)).toString());
  for (const entry of entries) {
    if (entry.mode !== linkMode) {
      await writer.add(entry.path, entry.mode === '100755', blobs.chunks(entry));
      continue;
    }
    for (const [path, target] of resolved(entry.path, entries, targets)) {
      await writer.add(path, target.mode === '100755', blobs.chunks(target));
    }
  }
}

async function listEntries(git: Git, commit: string, folder: string): Promise<Entry[]> {
  const listing = await git([
    'ls-tree',
    '-r',
    '-z',
    '--long',
    '--full-tree',
    '--end-of-options',
    folder === '' ? commit : `${commit}:${folder}`,
  ]).catch(error => {
    if (error instanceof SourceError && folder !== '') throw noFolder(folder);
    throw error;
  });
  const lines = listing.toString().split('\0').filter(Boolean);
  const entries = lines.map(line => /^(\d{6}) (\w+) ([0-9a-f]+) +(\d+|-)\t([\s\S]*)$/.exec(line));
  return entries.flatMap(match => {
    const [, mode = '', type, object = '', size = '0', path = ''] = match ?? [];
    return type === 'blob' ? [{ mode, object, size: Number(size), path }] : [];
  });
}

/** The files a link stands for: one, or everything below the folder that it names. */
function resolved(link: string, entries: readonly Entry[], targets: ReadonlyMap<string, string>): [string, Entry][] {
  let path = link;
  for (let steps = 0; steps < 10; steps += 1) {
    const target = targets.get(path);
    if (target === undefined) break;
    path = posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, '');
    if (target.startsWith('/') || path === '..' || path.startsWith('../')) throw badLink(link, 'leaves the tree');
  }
  if (targets.has(path) || path === '.' || link.startsWith(`${path}/`)) throw badLink(link, 'leads back to itself');
  const file = entries.find(entry => entry.path === path);
  if (file !== undefined) return [[link, file]];
  const below = entries.filter(entry => entry.path.startsWith(`${path}/`));
  if (below.length === 0) throw badLink(link, 'points at nothing in the tree');
  if (below.some(entry => entry.mode === linkMode)) throw badLink(link, 'points at a folder with links in it');
  return below.map(entry => [`${link}${entry.path.slice(path.length)}`, entry]);
}

/** The wanted objects in one temporary file, in the order of cat-file's answer. */
class Blobs implements AsyncDisposable {
  private readonly file: Awaited<ReturnType<typeof open>>;
  private readonly offsets: ReadonlyMap<string, number>;

  private constructor(file: Awaited<ReturnType<typeof open>>, offsets: ReadonlyMap<string, number>) {
    this.file = file;
    this.offsets = offsets;
  }

  static async fetch(git: Git, path: string, entries: readonly Entry[]): Promise<Blobs> {
    const wanted = new Map(entries.map(entry => [entry.object, entry.size]));
    await git(['cat-file', '--batch'], {
      input: [...wanted.keys()].map(object => `${object}\n`).join(''),
      toFile: path,
    });
    const offsets = new Map<string, number>();
    let offset = 0;
    for (const [object, size] of wanted) {
      const header = `${object} blob ${size}\n`.length;
      offsets.set(object, offset + header);
      offset += header + size + 1;
    }
    return new Blobs(await open(path, 'r'), offsets);
  }

  async *chunks(entry: Entry): AsyncGenerator<Uint8Array> {
    let position = this.offsets.get(entry.object) ?? 0;
    for (let left = entry.size; left > 0; ) {
      const buffer = Buffer.alloc(Math.min(left, 256 * 1024));
      const { bytesRead } = await this.file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error('the objects that git wrote end early');
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
      left -= bytesRead;
    }
  }

  /** A link's target; a longer one than any path is not a link. */
  async small(entry: Entry): Promise<Buffer> {
    if (entry.size > 4096) throw badLink(entry.path, 'is not a link');
    const parts: Uint8Array[] = [];
    for await (const chunk of this.chunks(entry)) parts.push(chunk);
    return Buffer.concat(parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close();
  }
}

function badLink(path: string, why: string): SourceError {
  return new SourceError('SourceInvalid', `the link ${shown(path)} ${why}`, 'replace the link by the file itself');
}

function noFolder(folder: string): SourceError {
  const where =
    folder === '' ? 'the repository is empty' : `the repository has no folder ${shown(folder)} with files in it`;
  return new SourceError('GitPathNotFound', where, 'correct source.git.path');
}
