// A source tree on its way in, on every road (inline files, multipart, tar, zip): paths checked, sizes counted while they come,
// ignored paths left out and told. What leaves here is safe to write below any folder on any system.
import { isIgnored } from '@vibed/crds';
import type { TreeFile } from '@vibed/store/tree-digest';
import { Problem } from '../problems.ts';

/** Limits of one source, ignored files included: unpacking them costs as well. */
export const sourceLimits = {
  files: 5_000,
  bytes: 64 * 1024 * 1024,
  fileBytes: 25 * 1024 * 1024,
  /** Of an upload, as it comes over the wire. */
  archiveBytes: 32 * 1024 * 1024,
  /** Parts of one path: each file claims all its folders. */
  pathDepth: 64,
} as const;

export interface Tree {
  /** In byte order of their paths. */
  readonly files: readonly TreeFile[];
  readonly ignored: readonly string[];
}

/** Collects one tree; every refusal is a Problem that names the path. */
export class TreeCollector {
  readonly #files: TreeFile[] = [];
  readonly #ignored: string[] = [];
  /** Case-folded path → how it was written: two names that a case-blind disk takes for one are refused. */
  readonly #paths = new Map<string, string>();
  readonly #folders = new Map<string, string>();
  #bytes = 0;
  #count = 0;

  /** Checks a path before its bytes are read; returns it cleaned. */
  begin(raw: string): string {
    const path = safePath(raw);
    this.#count += 1;
    if (this.#count > sourceLimits.files) throw tooLarge(`more than ${sourceLimits.files} files`);
    if (!isIgnored(path)) this.#claim(path);
    return path;
  }

  /** To be called for bytes as they come; `size` is that of the file so far. */
  count(path: string, more: number, size: number): void {
    this.#bytes += more;
    if (size > sourceLimits.fileBytes) throw tooLarge(`${shown(path)} with more than ${sourceLimits.fileBytes} bytes`);
    if (this.#bytes > sourceLimits.bytes) throw tooLarge(`more than ${sourceLimits.bytes} bytes in all`);
  }

  /** Takes a file whose path went through begin(). */
  end(path: string, bytes: Uint8Array, executable: boolean): void {
    if (isIgnored(path)) this.#ignored.push(path);
    else this.#files.push({ path, bytes, executable });
  }

  /** A file that is here already. */
  add(raw: string, bytes: Uint8Array, executable = false): void {
    const path = this.begin(raw);
    this.count(path, bytes.length, bytes.length);
    this.end(path, bytes, executable);
  }

  /** The tree; refuses one without files. */
  finish(): Tree {
    if (this.#files.length === 0)
      throw refused(
        'files',
        'there are no files in it',
        'send at least an index.html; .git, node_modules, .env and the like do not count',
      );
    return { files: inPathOrder(this.#files), ignored: this.#ignored };
  }

  #claim(path: string): void {
    const folded = fold(path);
    const twin = this.#paths.get(folded) ?? this.#folders.get(folded);
    if (twin !== undefined) throw collision(path, twin);
    this.#paths.set(folded, path);
    // Folding changes the length of a part, but not how many there are.
    let end = folded.indexOf('/');
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash);
      const key = folded.slice(0, end);
      const known = this.#folders.get(key) ?? this.#paths.get(key);
      if (known !== undefined && (known !== folder || this.#paths.has(key))) throw collision(path, known);
      this.#folders.set(key, folder);
      end = folded.indexOf('/', end + 1);
    }
  }
}

/** The files in byte order of their paths, which is that of digests and archives. */
export function inPathOrder<T extends { readonly path: string }>(files: readonly T[]): T[] {
  const keyed = files.map(file => ({ file, key: Buffer.from(file.path) }));
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ file }) => file);
}

const fold = (path: string) => path.normalize('NFC').toLowerCase();

/** The path as it is kept: relative, posix, without `./`; a Problem for every name that could leave the tree or hide in a log. */
export function safePath(raw: string): string {
  const refuse = (why: string, hint: string) => refused('path', `the path ${shown(raw)} ${why}`, hint);
  // Before anything that walks through it.
  if (raw.length > 2048) throw refuse('is too long', 'shorten it to 1024 bytes, 255 for each part');
  const path = raw.replace(/^(?:\.\/+)+/, '');
  if (!path.isWellFormed()) throw refuse('is not well-formed Unicode', 'rename the file');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) throw refuse('is absolute', 'send paths relative to the app');
  if (path.includes('\\')) throw refuse('has a backslash', 'put "/" between the parts');
  if ([...path].some(c => c < ' ' || c === '\u007f')) throw refuse('has a control character', 'rename the file');
  const segments = path.split('/');
  if (segments.includes('..')) throw refuse('leaves the tree', 'remove the .. from the path');
  if (segments.some(segment => segment === '' || segment === '.'))
    throw refuse('has an empty part', 'send clean paths');
  if (segments.length > sourceLimits.pathDepth)
    throw refuse('is too deep', `put it at most ${sourceLimits.pathDepth - 1} folders deep`);
  if (Buffer.byteLength(path) > 1024 || segments.some(segment => Buffer.byteLength(segment) > 255))
    throw refuse('is too long', 'shorten it to 1024 bytes, 255 for each part');
  return path;
}

/** A path as a message may quote it. */
export function shown(path: string): string {
  const text = JSON.stringify(path.slice(0, 200).toWellFormed());
  return text.length > 120 ? `${text.slice(0, 117)}…"` : text;
}

function refused(field: string, message: string, hint: string): Problem {
  return new Problem('InvalidInput', message, { field, hint });
}

function collision(path: string, other: string): Problem {
  const same = path === other;
  const message = same
    ? `${shown(path)} is there twice`
    : `${shown(path)} and ${shown(other)} are one name on some systems`;
  return refused('files', message, same ? 'send every file once' : 'rename one of them');
}

export function tooLarge(what: string): Problem {
  return new Problem('TooLarge', `the source has ${what}`, {
    field: 'files',
    hint: 'leave out what the app does not need (node_modules, media, data); the rest can come from git',
  });
}
