// The analysis of what tenants wrote, served and printed: pure functions that run in a bounded child process (analysis.ts).
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildRequest, type BuildSettings, type RecipeResult, recipeFor } from '@vibed/recipe';
import { boundedTree, readBytes, type SizedFile, withUnread } from '@vibed/recipe/tree';
import { keptLog, lastLines } from './logs.ts';
import { readPage } from './page.ts';

export interface TreeInput {
  /** The whole tree, sorted by path. */
  readonly files: readonly SizedFile[];
  /** The folder that holds the files, or the bytes of those that may be read. */
  readonly content: string | ReadonlyMap<string, Uint8Array>;
  readonly request: BuildRequest;
  readonly settings: BuildSettings;
}

export const tasks = {
  recipe({ files, content, request, settings }: TreeInput): RecipeResult {
    const sizes = new Map(files.map(file => [file.path, readBytes(file)]));
    const bytesOf = (path: string) =>
      typeof content === 'string' ? bytesIn(join(content, path), sizes.get(path) ?? 0) : content.get(path);
    const read = (path: string) => textOf(bytesOf(path));
    const tree = boundedTree(files, read, request.dockerfile === undefined ? [] : [request.dockerfile]);
    return withUnread(recipeFor(tree, request, settings), tree);
  },
  page: ({ html, path }: { html: Uint8Array; path: string }) => readPage(Buffer.from(html).toString('utf8'), path),
  keptLog,
  lastLines,
};

/** Undefined for what is no text. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined || bytes.includes(0) ? undefined : Buffer.from(bytes).toString('utf8');
}

function bytesIn(path: string, size: number): Uint8Array {
  const buffer = Buffer.alloc(size);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, size, 0);
  } finally {
    closeSync(file);
  }
  return buffer;
}
