import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDigest } from '@vibed/store/tree-digest';
import type { SourceTree } from '../builder/dockerfile/plan.ts';
import type { WrittenFile } from './tree-writer.ts';

/** Larger files decide nothing about a build. */
const readable = 256 * 1024;

/** The written files as the planner wants them, and their digest. Reads are synchronous: the planner is pure and small files are few. */
export function treeOnDisk(root: string, written: readonly WrittenFile[]): SourceTree & { digest(): Promise<string> } {
  const files = [...written].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const sizes = new Map(files.map(file => [file.path, file.size]));
  return {
    paths: files.map(file => file.path),
    read: path => {
      const size = sizes.get(path);
      return size === undefined || size > readable ? undefined : textOf(join(root, path), size);
    },
    digest: async () => {
      const digest = createDigest();
      for (const file of files) digest.add({ ...file, bytes: await readFile(join(root, file.path)) });
      return digest.value();
    },
  };
}

function textOf(path: string, size: number): string | undefined {
  const buffer = Buffer.alloc(size);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, size, 0);
  } finally {
    closeSync(file);
  }
  return buffer.includes(0) ? undefined : buffer.toString();
}
