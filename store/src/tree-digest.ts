// The identity of a source tree: the same files give the same digest on every road (inline, git, upload) and machine.
import { createHash } from 'node:crypto';

/** A file as the digest sees it. */
export interface TreeFile {
  /** Posix path relative to the tree's root. */
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: Uint8Array;
}

/** The identity of a source tree: `sha256:` and 64 hex digits over, for every file in byte order of its UTF-8 path,
 *
 *     path NUL ('1' executable | '0') NUL length-in-decimal NUL bytes
 *
 * The length makes the encoding injective whatever the bytes are. Folders, times, owners and every other mode bit do not count, and
 * neither do ignored paths: the caller passes the kept files only. */
export function treeDigest(files: Iterable<TreeFile>): string {
  const digest = createDigest();
  const sorted = [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  for (const file of sorted) digest.add(file);
  return digest.value();
}

/** The same digest fed file by file, for trees too large to hold; the caller brings the files in byte order of their paths. */
export function createDigest(): { add(file: TreeFile): void; value(): string } {
  const hash = createHash('sha256');
  return {
    add: file => {
      hash.update(`${file.path}\0${file.executable ? '1' : '0'}\0${file.bytes.length}\0`).update(file.bytes);
    },
    value: () => `sha256:${hash.digest('hex')}`,
  };
}
