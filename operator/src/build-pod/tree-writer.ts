/** The one way in which files reach the build context: paths checked, sizes counted, no links, plain modes. */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isIgnored } from '@vibed/crds';
import { shown } from '@vibed/recipe/shown';
import { SourceError } from './fault.ts';
import type { SourceLimits } from './job.ts';
import { treePath } from './tree-path.ts';

/** A file that was written. */
export interface WrittenFile {
  readonly path: string;
  readonly executable: boolean;
  readonly size: number;
}

/** Collects a tree below a folder that holds nothing else. */
export class TreeWriter {
  readonly root: string;
  readonly files: WrittenFile[] = [];
  readonly ignored: string[] = [];
  private readonly limits: SourceLimits;
  private readonly seen = new Set<string>();
  private bytes = 0;

  constructor(root: string, limits: SourceLimits) {
    this.root = root;
    this.limits = limits;
  }

  /** Bytes of the kept files. */
  get size(): number {
    return this.files.reduce((sum, file) => sum + file.size, 0);
  }

  /** Writes one file from its chunks. An ignored path is counted and its bytes are dropped, but they still count towards the limit: the
   * cost of unpacking them was real. */
  async add(raw: string, executable: boolean, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const path = treePath(raw);
    if (this.seen.has(path))
      throw new SourceError('SourceInvalid', `the path ${shown(path)} is there twice`, 'send every file once');
    this.seen.add(path);
    if (this.seen.size > this.limits.files) throw tooLarge(`more than ${this.limits.files} files`);
    if (isIgnored(path)) {
      this.ignored.push(path);
      for await (const chunk of chunks) this.count(path, chunk.length, 0);
      return;
    }
    const size = await this.write(path, executable, chunks);
    this.files.push({ path, executable, size });
  }

  private async write(
    path: string,
    executable: boolean,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number> {
    await using file = await this.create(path, executable);
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      this.count(path, chunk.length, size);
      await file.write(chunk);
    }
    return size;
  }

  private count(path: string, more: number, size: number): void {
    this.bytes += more;
    if (size > this.limits.fileBytes) throw tooLarge(`${shown(path)} is larger than ${this.limits.fileBytes} bytes`);
    if (this.bytes > this.limits.bytes) throw tooLarge(`more than ${this.limits.bytes} bytes in all`);
  }

  private async create(path: string, executable: boolean): Promise<FileHandle> {
    const target = join(this.root, path);
    // The folder is ours and holds no links, but O_NOFOLLOW and O_EXCL make that a fact instead of an argument.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o755 });
      const file = await open(target, flags, executable ? 0o755 : 0o644);
      await file.chmod(executable ? 0o755 : 0o644);
      return file;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EEXIST' && code !== 'EISDIR' && code !== 'ENOTDIR') throw error;
      throw new SourceError('SourceInvalid', `${shown(path)} is both a file and a folder`, 'rename one of them');
    }
  }
}

function tooLarge(what: string): SourceError {
  return new SourceError(
    'SourceTooLarge',
    `the source has ${what}`,
    'leave out what the application does not need (node_modules, media, data)',
  );
}
