/** Paths that never reach a build, on whichever road the sources came: what a package manager recreates, what version control keeps for
 * itself, what would carry a secret into an image. */

const folders = new Set([
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  '__pycache__',
  'node_modules',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.idea',
  '.vscode',
]);

const files = new Set(['.DS_Store', 'Thumbs.db', '.npmrc.local', '.git']);

const kept = new Set(['.env.example', '.env.sample', '.env.template']);

/** The paths of a tree, divided; both lists keep the given order. */
export interface Partition {
  readonly kept: string[];
  readonly ignored: string[];
}

/** Whether this path is left out of every build. */
export function isIgnored(path: string): boolean {
  const segments = path.split('/');
  const name = segments.at(-1) ?? '';
  if (segments.slice(0, -1).some(segment => folders.has(segment))) return true;
  if (files.has(name) || name.endsWith('.pyc') || name.endsWith('.pyo')) return true;
  return isEnvironmentFile(name);
}

/** Divides paths into those that reach the build and those that do not. */
export function partitionIgnored(paths: readonly string[]): Partition {
  const partition: Partition = { kept: [], ignored: [] };
  for (const path of paths) (isIgnored(path) ? partition.ignored : partition.kept).push(path);
  return partition;
}

/** `.env`, `.env.production`, … hold secrets; the examples people commit on purpose stay. */
export function isEnvironmentFile(name: string): boolean {
  return (name === '.env' || name.startsWith('.env.')) && !kept.has(name);
}
