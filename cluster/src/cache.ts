// The per-user cache. An entry is a directory named by what went into it; it appears by one rename when it is complete,
// so a kill at any point loses the entry in work and nothing else.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** 16 hex characters naming the given ingredients. */
export function keyOf(...ingredients: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 16);
}

/** The contents of a folder's files, by path: an ingredient for keyOf. */
export async function contentsOf(folder: string): Promise<readonly [string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async path => [relative(folder, path), await readFile(path, 'utf8')] as [string, string]),
  );
}

/** The entry's directory; `make` fills a temporary one beside it when it does not exist yet. */
export async function cached(entry: string, make: (directory: string) => Promise<void>): Promise<string> {
  if (existsSync(entry)) return entry;
  await mkdir(dirname(entry), { recursive: true });
  const work = await mkdtemp(`${entry}.tmp-`);
  try {
    await make(work);
    await rename(work, entry).catch(error => {
      if (!existsSync(entry)) throw error; // another checkout was faster
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return entry;
}
