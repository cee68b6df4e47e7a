// Sources on a volume:
//
//   <root>/sources/<namespace>/trees/<hex>.tar.gz        the tree, once per owner
//   <root>/sources/<namespace>/names/<name>/<hex>        an empty file: this name may use that tree; its mtime is the last use
//   <root>/incoming/…                                    half-written; emptied at the start
//
// A tree is written aside, synced and renamed, so that a kill at any moment leaves the whole or nothing. One process owns the
// root; a lock per owner keeps pruning from removing a tree between its save and its first reference.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDigest, type TreeFile } from '@vibed/store/tree-digest';
import { Problem } from '../problems.ts';
import { packing, unpacking } from './archive.ts';
import type {
  ArtifactName,
  Retention,
  SourceQuota,
  SourceRevision,
  SourceStorage,
  StoredArchive,
  StoredFile,
} from './storage.ts';
import { inPathOrder } from './tree.ts';

const digestPattern = /^sha256:([0-9a-f]{64})$/;
const namePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** A tree this young may be on its way into an Artifact, whatever its owner's quota says. */
const settledMs = 15 * 60_000;

interface StoredTree {
  readonly hex: string;
  readonly path: string;
  readonly bytes: number;
  readonly at: number;
}

export class LocalStorage implements SourceStorage {
  readonly #root: string;
  readonly #quota: SourceQuota;
  readonly #locks = new Map<string, Promise<unknown>>();

  private constructor(root: string, quota: SourceQuota) {
    this.#root = root;
    this.#quota = quota;
  }

  /** Prepares the folder and drops what a predecessor left half-written. */
  static async open(root: string, quota: SourceQuota): Promise<LocalStorage> {
    await rm(join(root, 'incoming'), { recursive: true, force: true });
    await mkdir(join(root, 'incoming'), { recursive: true });
    await mkdir(join(root, 'sources'), { recursive: true });
    return new LocalStorage(root, quota);
  }

  async save(namespace: string, files: readonly TreeFile[]): Promise<SourceRevision> {
    const ordered = inPathOrder(files);
    const digest = await digestOf(ordered);
    const path = this.#tree(namespace, digest);
    if (path === undefined) throw new Error(`not a namespace: ${namespace}`);
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    await this.#locked(namespace, async () => {
      if (await touch(path)) return;
      await mkdir(join(path, '..'), { recursive: true });
      await this.#write(namespace, path, packing(ordered));
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
    const stored = await this.files(namespace, digest);
    if (stored === undefined) return undefined;
    const files: TreeFile[] = [];
    for await (const { path, executable, bytes } of stored) files.push({ path, executable, bytes: await bytes() });
    if ((await digestOf(files)) !== digest) throw new Error(`the stored tree ${digest} is damaged`);
    return files;
  }

  async files(namespace: string, digest: string): Promise<AsyncIterable<StoredFile> | undefined> {
    const archive = await this.download(namespace, digest);
    return archive && unpacking(archive.stream);
  }

  async download(namespace: string, digest: string): Promise<StoredArchive | undefined> {
    const path = this.#tree(namespace, digest);
    if (path === undefined) return undefined;
    const file = await unlessAbsent(open(path, 'r'));
    if (file === undefined) return undefined;
    return { bytes: (await file.stat()).size, stream: file.createReadStream({ highWaterMark: 256 * 1024 }) };
  }

  async archive(name: ArtifactName, digest: string): Promise<StoredArchive | undefined> {
    const reference = this.#reference(name, digest);
    if (reference === undefined || (await modified(reference)) === undefined) return undefined;
    return await this.download(name.namespace, digest);
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
    const referred = await this.#referred(namespace, (reference, name, digest) =>
      this.#keepReference(reference, name, digest, retention),
    );
    let removed = 0;
    for (const { hex, path, at } of await this.#trees(namespace)) {
      if (referred.has(hex) || retention.now - at < retention.unreferencedMs) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  /** The trees that a reference leads to; one that `keep` denies is removed. */
  async #referred(
    namespace: string,
    keep: (reference: string, name: ArtifactName, digest: string) => Promise<boolean>,
  ): Promise<Set<string>> {
    const names = join(this.#root, 'sources', namespace, 'names');
    const referred = new Set<string>();
    for (const name of await namesIn(names)) {
      let kept = 0;
      for (const hex of await namesIn(join(names, name))) {
        const reference = join(names, name, hex);
        if (await keep(reference, { namespace, name }, `sha256:${hex}`)) {
          referred.add(hex);
          kept += 1;
        } else await rm(reference, { force: true });
      }
      if (kept === 0) await rmdir(join(names, name));
    }
    return referred;
  }

  /** The trees of an owner, the oldest first. */
  async #trees(namespace: string): Promise<StoredTree[]> {
    const folder = join(this.#root, 'sources', namespace, 'trees');
    const trees: StoredTree[] = [];
    for (const file of await namesIn(folder)) {
      const path = join(folder, file);
      const found = await unlessAbsent(stat(path));
      if (found !== undefined)
        trees.push({ hex: file.replace(/\.tar\.gz$/, ''), path, bytes: found.size, at: found.mtimeMs });
    }
    return trees.sort((a, b) => a.at - b.at);
  }

  /** Throws QuotaExceeded when a tree of this size does not fit, even after what nothing needs is gone. */
  async #makeRoom(namespace: string, bytes: number): Promise<void> {
    const { bytesPerOwner, treesPerOwner, isInUse } = this.#quota;
    const trees = await this.#trees(namespace);
    let count = trees.length;
    let used = trees.reduce((sum, tree) => sum + tree.bytes, 0);
    const fits = () => used + bytes <= bytesPerOwner && count < treesPerOwner;
    if (fits()) return;
    const settledBefore = Date.now() - settledMs;
    const referred = await this.#referred(
      namespace,
      async (reference, name, digest) =>
        isInUse(name, digest) || ((await modified(reference)) ?? settledBefore) > settledBefore,
    );
    for (const tree of trees) {
      if (fits()) return;
      if (referred.has(tree.hex) || tree.at > settledBefore) continue;
      await rm(tree.path, { force: true });
      count -= 1;
      used -= tree.bytes;
    }
    if (!fits()) throw full({ used, count, more: bytes }, this.#quota);
  }

  /** A reference in use is made young, so that its time runs from the last use. */
  async #keepReference(path: string, name: ArtifactName, digest: string, retention: Retention): Promise<boolean> {
    if (retention.isInUse(name, digest)) return await touch(path, retention.now);
    return retention.now - ((await modified(path)) ?? 0) < retention.unusedMs;
  }

  async #write(namespace: string, path: string, archive: Readable): Promise<void> {
    const aside = join(this.#root, 'incoming', randomUUID());
    try {
      {
        await using file = await open(aside, 'wx', 0o600);
        for await (const chunk of archive as AsyncIterable<Buffer>) await file.appendFile(chunk);
        await this.#makeRoom(namespace, (await file.stat()).size);
        await file.sync();
      }
      await rename(aside, path);
    } catch (error) {
      await rm(aside, { force: true });
      throw hasCode(error, 'ENOSPC') ? noSpace(error) : error;
    }
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

async function namesIn(folder: string): Promise<string[]> {
  return (await unlessAbsent(readdir(folder))) ?? [];
}

async function unlessAbsent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const hasCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;

/** treeDigest of files that come in order, which leaves time for other work. */
async function digestOf(files: readonly TreeFile[]): Promise<string> {
  const digest = createDigest();
  let unbroken = 0;
  for (const file of files) {
    digest.add(file);
    unbroken += file.bytes.length;
    if (unbroken < 4 * 1024 * 1024) continue;
    await nextTurn();
    unbroken = 0;
  }
  return digest.value();
}

const mebibytes = (bytes: number) => `${(bytes / 1048576).toFixed(1)} MiB`;

function full({ used, count, more }: Record<'used' | 'count' | 'more', number>, quota: SourceQuota): Problem {
  const limit = `${mebibytes(quota.bytesPerOwner)} and ${quota.treesPerOwner} sources`;
  return new Problem(
    'QuotaExceeded',
    `your stored sources take ${mebibytes(used)} in ${count} sources, and this one needs ${mebibytes(more)} more; the limit is ${limit}`,
    {
      hint: 'delete artifacts that are not needed any more, or send less (no media, no data). What no artifact uses is removed when it is 15 minutes old and room is needed.',
    },
  );
}

const noSpace = (cause: unknown) =>
  new Problem('Unavailable', 'the volume of the stored sources is full', {
    hint: 'the people who run vibeD enlarge it; a source from git needs no room on it',
    cause,
  });
