// Sources on a volume:
//
//   <root>/sources/<namespace>/trees/<hex>.tar.gz        the tree, once per owner
//   <root>/sources/<namespace>/names/<name>/<hex>        an empty file: this name may use that tree; its mtime is the last use
//   <root>/incoming/…                                    half-written; emptied at the start
//
// A tree is written aside, synced and renamed, so that a kill at any moment leaves the whole or nothing. One process owns the
// root; a lock per owner keeps pruning from removing a tree between its save and its first reference.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TreeFile, treeDigest } from '@vibed/store/tree-digest';
import { packTree, readArchive } from './archive.ts';
import type { ArtifactName, Retention, SourceRevision, SourceStorage } from './storage.ts';

const digestPattern = /^sha256:([0-9a-f]{64})$/;
const namePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export class LocalStorage implements SourceStorage {
  readonly #root: string;
  readonly #locks = new Map<string, Promise<unknown>>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Prepares the folder and drops what a predecessor left half-written. */
  static async open(root: string): Promise<LocalStorage> {
    await rm(join(root, 'incoming'), { recursive: true, force: true });
    await mkdir(join(root, 'incoming'), { recursive: true });
    await mkdir(join(root, 'sources'), { recursive: true });
    return new LocalStorage(root);
  }

  async save(namespace: string, files: readonly TreeFile[]): Promise<SourceRevision> {
    const digest = treeDigest(files);
    const path = this.#tree(namespace, digest);
    if (path === undefined) throw new Error(`not a namespace: ${namespace}`);
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    await this.#locked(namespace, async () => {
      if (await touch(path)) return;
      await mkdir(join(path, '..'), { recursive: true });
      await this.#write(path, await packTree(files));
    });
    return { digest, files: files.length, bytes };
  }

  refer(name: ArtifactName, digest: string): Promise<boolean> {
    return this.#locked(name.namespace, async () => {
      const tree = this.#tree(name.namespace, digest);
      const reference = this.#reference(name, digest);
      if (tree === undefined || reference === undefined || !(await touch(tree))) return false;
      await mkdir(join(reference, '..'), { recursive: true });
      await writeFile(reference, '');
      await touch(reference);
      return true;
    });
  }

  async load(namespace: string, digest: string): Promise<readonly TreeFile[] | undefined> {
    const path = this.#tree(namespace, digest);
    const archive = path === undefined ? undefined : await readIfThere(path);
    if (archive === undefined) return undefined;
    const { files } = await readArchive(archive);
    if (treeDigest(files) !== digest) throw new Error(`the stored tree ${digest} is damaged`);
    return files;
  }

  async archive(name: ArtifactName, digest: string): Promise<Buffer | undefined> {
    const reference = this.#reference(name, digest);
    const path = this.#tree(name.namespace, digest);
    if (reference === undefined || path === undefined || (await modified(reference)) === undefined) return undefined;
    return await readIfThere(path);
  }

  async references(name: ArtifactName): Promise<string[]> {
    if (!isName(name)) return [];
    const folder = join(this.#root, 'sources', name.namespace, 'names', name.name);
    const found = await Promise.all(
      (await namesIn(folder)).map(async hex => ({ hex, at: (await modified(join(folder, hex))) ?? 0 })),
    );
    return found.sort((a, b) => b.at - a.at).map(({ hex }) => `sha256:${hex}`);
  }

  async prune(retention: Retention): Promise<number> {
    let removed = 0;
    for (const namespace of await namesIn(join(this.#root, 'sources')))
      removed += await this.#locked(namespace, () => this.#pruneOwner(namespace, retention));
    return removed;
  }

  async #pruneOwner(namespace: string, retention: Retention): Promise<number> {
    const folder = join(this.#root, 'sources', namespace);
    const referred = new Set<string>();
    for (const name of await namesIn(join(folder, 'names')))
      for (const hex of await namesIn(join(folder, 'names', name))) {
        const reference = join(folder, 'names', name, hex);
        if (await this.#keepReference(reference, { namespace, name }, `sha256:${hex}`, retention)) referred.add(hex);
      }
    let removed = 0;
    for (const file of await namesIn(join(folder, 'trees'))) {
      const path = join(folder, 'trees', file);
      const age = retention.now - ((await modified(path)) ?? retention.now);
      if (referred.has(file.replace(/\.tar\.gz$/, '')) || age < retention.unreferencedMs) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  /** A reference in use is made young, so that its time runs from the last use. */
  async #keepReference(path: string, name: ArtifactName, digest: string, retention: Retention): Promise<boolean> {
    if (retention.isInUse(name, digest)) return await touch(path, retention.now);
    if (retention.now - ((await modified(path)) ?? 0) < retention.unusedMs) return true;
    await rm(path, { force: true });
    return false;
  }

  async #write(path: string, bytes: Buffer): Promise<void> {
    const aside = join(this.#root, 'incoming', randomUUID());
    {
      await using file = await open(aside, 'wx', 0o600);
      await file.writeFile(bytes);
      await file.sync();
    }
    await rename(aside, path);
    await using folder = await open(join(path, '..'), 'r');
    await folder.sync();
  }

  #tree(namespace: string, digest: string): string | undefined {
    const [, hex] = digestPattern.exec(digest) ?? [];
    if (hex === undefined || !namePattern.test(namespace)) return undefined;
    return join(this.#root, 'sources', namespace, 'trees', `${hex}.tar.gz`);
  }

  #reference(name: ArtifactName, digest: string): string | undefined {
    const [, hex] = digestPattern.exec(digest) ?? [];
    if (hex === undefined || !isName(name)) return undefined;
    return join(this.#root, 'sources', name.namespace, 'names', name.name, hex);
  }

  #locked<T>(namespace: string, act: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(namespace) ?? Promise.resolve();
    const done = before.then(act, act);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#locks.set(namespace, settled);
    void settled.then(() => {
      if (this.#locks.get(namespace) === settled) this.#locks.delete(namespace);
    });
    return done;
  }
}

const isName = ({ namespace, name }: ArtifactName) => namePattern.test(namespace) && namePattern.test(name);

/** Makes a file young; false when there is none. */
async function touch(path: string, at = Date.now()): Promise<boolean> {
  return (await unlessAbsent(utimes(path, at / 1000, at / 1000).then(() => true))) ?? false;
}

async function modified(path: string): Promise<number | undefined> {
  return await unlessAbsent(stat(path).then(found => found.mtimeMs));
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return await unlessAbsent(readFile(path));
}

async function namesIn(folder: string): Promise<string[]> {
  return (await unlessAbsent(readdir(folder))) ?? [];
}

async function unlessAbsent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
