/** The files of an artifact as the rules see them: names, and the text of the few that decide something. */
export interface SourceTree {
  /** Every kept path: sorted, posix, relative, no leading `./`. */
  readonly paths: readonly string[];
  /** Text of a small file; undefined when absent, binary or too big to be a manifest. */
  read(path: string): string | undefined;
  /** The same for a file that no decision depends on: when it is beyond the limits, nobody misses it. */
  peek?(path: string): string | undefined;
}

/** A tree over files held in memory; the content of every path is readable. */
export function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const texts = new Map(Object.entries(files));
  return { paths: [...texts.keys()].sort(), read: path => texts.get(path) };
}

const pathSets = new WeakMap<SourceTree, ReadonlySet<string>>();

/** Whether the tree holds exactly this path. Rules ask this for every folder of a tree, so it does not search the list. */
export function hasFile(tree: SourceTree, path: string): boolean {
  const known = pathSets.get(tree) ?? new Set(tree.paths);
  pathSets.set(tree, known);
  return known.has(path);
}

/** The files below a folder, with their paths inside of it; the tree itself for ''. */
export function subtree(tree: SourceTree, folder: string): SourceTree {
  if (folder === '') return tree;
  const prefix = `${folder}/`;
  const paths = tree.paths.filter(path => path.startsWith(prefix)).map(path => path.slice(prefix.length));
  const { peek } = tree;
  return { paths, read: path => tree.read(prefix + path), ...(peek && { peek: path => peek(prefix + path) }) };
}

/** Whether any path lies under this folder (given without a trailing slash). */
export function hasFolder(tree: SourceTree, folder: string): boolean {
  return tree.paths.some(path => path.startsWith(`${folder}/`));
}

/** The first of the candidates that exists. */
export function firstFile(tree: SourceTree, candidates: readonly string[]): string | undefined {
  return candidates.find(path => hasFile(tree, path));
}

/** Paths ending in one of the suffixes, shallowest first, then by name: the likeliest entry points come first. */
export function filesEndingIn(tree: SourceTree, ...suffixes: readonly string[]): string[] {
  const found = tree.paths.filter(path => suffixes.some(suffix => path.endsWith(suffix)));
  return found.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

/** The folder of a path, '' at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** A path below a folder, which may be '' for the root. */
export function joined(folder: string, path: string): string {
  return [folder, path].filter(part => part !== '').join('/');
}

/** The part of `path` below this folder: what `joined` puts together. */
export function below(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

/** The folders that a folder is in, the root ('') first. */
export function foldersAbove(folder: string): string[] {
  const parts = folder.split('/');
  return parts.map((_, index) => parts.slice(0, index).join('/'));
}

/** Parses a JSON object file; undefined when absent, broken, or not an object. */
export function readJson(tree: SourceTree, path: string): Readonly<Record<string, unknown>> | undefined {
  const text = tree.read(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a parsed value is a plain object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function depth(path: string): number {
  return path.split('/').length;
}
