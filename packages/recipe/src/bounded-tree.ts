/** A source tree of which the rules read a bounded part, however large it is: the shallow files and those whose names decide something
 * come first. What a rule wanted to read and could not is remembered, so that a recipe can say what it did not look at. */

import type { RecipeResult } from './model.ts';
import { shown } from './shown.ts';
import type { SourceTree } from './source-tree.ts';

/** Limits of what is read of one tree. */
export const treeLimits = {
  files: 2_000,
  /** Of all files that are read together. */
  bytes: 4 * 1024 * 1024,
  /** Larger files decide nothing about a build. */
  fileBytes: 256 * 1024,
} as const;

export interface SizedFile {
  readonly path: string;
  readonly size: number;
}

export interface BoundedTree extends SourceTree {
  /** Files that a rule wanted to read and that are beyond a limit, in order. */
  readonly unread: () => string[];
}

/** Manifests, entry points and pages: they come before the ordinary files of the folder above them. */
const known =
  /(?:^|\/)(?:package\.json|deno\.jsonc?|tsconfig\.json|angular\.json|requirements\.(?:txt|in)|pyproject\.toml|Pipfile|manage\.py|go\.mod|Cargo\.toml|pnpm-workspace\.yaml|pnpm-lock\.yaml|(?:yarn|bun|uv)\.lock|go\.work|Procfile|runtime\.txt|\.?mise\.toml|\.nvmrc|\.tool-versions|\.(?:node|python|go|deno)-version|schema\.prisma|(?:Docker|Container)file|index\.html|(?:next|vite|astro)\.config\.\w+|(?:main|app|server|index|run|wsgi|asgi|api|bot|__main__|__init__|streamlit_app)\.(?:py|go|[cm]?[jt]s))$/;
/** Lockfiles: their first lines say which version of which tool wrote them, and no rule needs more. */
const headOnly = /(?:^|\/)(?:pnpm-lock\.yaml|(?:yarn|bun|uv|poetry|pdm)\.lock)$/;
const headBytes = 64 * 1024;

/** Bytes of a file that the rules see. */
export const readBytes = ({ path, size }: SizedFile): number =>
  headOnly.test(path) ? Math.min(size, headBytes) : size;

/** Files that some rule reads. */
const source =
  /(?:\.(?:py|go|rs|[cm]?[jt]sx?|jsonc?|toml|html?|txt|ya?ml|prisma|pem|key)|(?:^|\/)[^./]+|(?:^|\/)\.\w+)$/;

/** The files that may be read, by the limits above. `named` are files that the user named: they come first. */
export function readablePaths(files: readonly SizedFile[], named: readonly string[] = []): Set<string> {
  const ranked = files
    .map(file => ({ ...file, size: readBytes(file) }))
    .filter(({ size }) => size <= treeLimits.fileBytes)
    .map(file => ({ ...file, rank: named.includes(file.path) ? -1 : rankOf(file.path) }))
    .sort((a, b) => a.rank - b.rank || (a.path < b.path ? -1 : 1));
  const chosen = new Set<string>();
  let bytes = 0;
  for (const { path, size } of ranked) {
    if (chosen.size === treeLimits.files) break;
    if (bytes + size > treeLimits.bytes) continue;
    bytes += size;
    chosen.add(path);
  }
  return chosen;
}

/** The tree as the rules see it; `read` is called at most once for each file. */
export function boundedTree(
  files: readonly SizedFile[],
  read: (path: string) => string | undefined,
  named: readonly string[] = [],
): BoundedTree {
  const readable = readablePaths(files, named);
  const paths = files.map(file => file.path);
  const all = new Set(paths);
  const texts = new Map<string, string | undefined>();
  const unread = new Set<string>();
  const peek = (path: string): string | undefined => {
    if (!readable.has(path)) return undefined;
    if (!texts.has(path)) texts.set(path, read(path));
    return texts.get(path);
  };
  return {
    paths,
    unread: () => [...unread].sort(),
    peek,
    read: path => {
      if (!readable.has(path) && all.has(path)) unread.add(path);
      return peek(path);
    },
  };
}

/** The result with a word about what was not looked at, where that may have changed it. */
export function withUnread(result: RecipeResult, tree: BoundedTree): RecipeResult {
  const unread = tree.unread();
  if (unread.length === 0) return result;
  const some = unread.slice(0, 3).map(shown).join(', ');
  const what = unread.length === 1 ? '1 file was' : `${unread.length} files were`;
  const said = `${what} not looked at (${some}${unread.length > 3 ? ', …' : ''}): of one source the first ${treeLimits.files} files and ${treeLimits.bytes / 1024 / 1024} MiB are read, and no file above ${treeLimits.fileBytes / 1024} KiB`;
  if (!result.ok) return { ...result, message: `${result.message}; ${said}` };
  return { ok: true, recipe: { ...result.recipe, warnings: [...result.recipe.warnings, said] } };
}

function rankOf(path: string): number {
  const depth = path.split('/').length;
  if (known.test(path)) return depth - 1.5;
  return source.test(path) ? depth : depth + 1_000;
}
