import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDigest } from '@vibed/store/tree-digest';
import type { WrittenFile } from './tree-writer.ts';

/** The written files in byte order of their paths, and the digest of them all. */
export function treeOnDisk(root: string, written: readonly WrittenFile[]) {
  const files = [...written].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return {
    files: files.map(({ path, size }) => ({ path, size })),
    digest: async () => {
      const digest = createDigest();
      for (const file of files) digest.add({ ...file, bytes: await readFile(join(root, file.path)) });
      return digest.value();
    },
  };
}
