/** What the files of a Deno project say: its configuration, its tasks, and its entry files. */
import { parseJsonc } from './jsonc.ts';
import { firstFile, hasFile, isRecord, readJson, type SourceTree } from './source-tree.ts';

export interface DenoTask {
  readonly text: string;
  /** Other tasks run before it: only `deno task` knows how. */
  readonly hasDependencies: boolean;
}

/** The parts of deno.json and package.json that decide something. */
export interface DenoProject {
  /** deno.json or deno.jsonc; undefined when there is none. */
  readonly file?: string;
  /** There is a manifest, so `deno install` has something to read. */
  readonly isConfigured: boolean;
  /** The configuration is there and cannot be read. */
  readonly isBroken: boolean;
  /** The tasks of the configuration. */
  readonly tasks: Readonly<Record<string, DenoTask>>;
  /** The scripts of package.json, which `deno task` runs as well. */
  readonly scripts: Readonly<Record<string, DenoTask>>;
  /** The text of every import of the configuration. */
  readonly imports: readonly string[];
  /** Manifests that `deno install` needs; undefined when it needs the whole tree (workspaces, local packages), or has nothing to install. */
  readonly manifests?: readonly string[];
}

export function denoProject(tree: SourceTree): DenoProject {
  const file = firstFile(tree, ['deno.json', 'deno.jsonc']);
  const config = file === undefined ? undefined : parseJsonc(tree.read(file) ?? '');
  const pkg = readJson(tree, 'package.json');
  const manifests = manifestsOf(tree, config, pkg);
  return {
    ...(file !== undefined && { file }),
    isConfigured: file !== undefined || pkg !== undefined,
    isBroken: file !== undefined && config === undefined,
    tasks: tasksOf(config?.tasks),
    scripts: tasksOf(pkg?.scripts),
    imports: isRecord(config?.imports) ? Object.entries(config.imports).flat().map(String) : [],
    ...(manifests !== undefined && { manifests }),
  };
}

type Manifest = Readonly<Record<string, unknown>> | undefined;

function manifestsOf(tree: SourceTree, config: Manifest, pkg: Manifest): string[] | undefined {
  if (config === undefined && pkg === undefined) return undefined;
  const joins = ['workspace', 'workspaces', 'links', 'patch', 'vendor'];
  if (joins.some(name => config?.[name] !== undefined || pkg?.[name] !== undefined)) return undefined;
  const specs = [pkg?.dependencies, pkg?.devDependencies].flatMap(group =>
    isRecord(group) ? Object.values(group) : [],
  );
  if (specs.some(spec => /^(?:file|link|workspace|portal):/.test(String(spec)))) return undefined;
  const map = typeof config?.importMap === 'string' ? config.importMap.replace(/^\.\//, '') : undefined;
  // Its folder would have to be made first.
  if (map?.includes('/') || (map !== undefined && !hasFile(tree, map))) return undefined;
  const all = ['deno.json', 'deno.jsonc', 'package.json', 'deno.lock', '.npmrc', ...(map === undefined ? [] : [map])];
  return all.filter(path => hasFile(tree, path));
}

function tasksOf(value: unknown): Record<string, DenoTask> {
  const entries = Object.entries(isRecord(value) ? value : {}).flatMap(([name, task]): [string, DenoTask][] => {
    if (typeof task === 'string') return [[name, { text: task, hasDependencies: false }]];
    if (!isRecord(task)) return [];
    const hasDependencies = Array.isArray(task.dependencies) && task.dependencies.length > 0;
    return [[name, { text: typeof task.command === 'string' ? task.command : '', hasDependencies }]];
  });
  return Object.fromEntries(entries);
}

const names = ['main', 'server', 'index', 'app', 'mod'].flatMap(name =>
  ['ts', 'tsx', 'js', 'mts', 'mjs'].map(end => `${name}.${end}`),
);
const entries = ['', 'src/', 'server/'].flatMap(folder => names.map(name => `${folder}${name}`));

/** The file that a project most likely starts with: one that serves, else one that only Deno runs, else the first of a usual name. */
export function denoEntry(tree: SourceTree): string | undefined {
  const found = entries.filter(path => hasFile(tree, path));
  return found.find(path => serves(tree, path)) ?? found.find(path => usesDeno(tree, path)) ?? found[0];
}

/** Whether a file uses what only Deno has: its global object, or imports by address. */
export function usesDeno(tree: SourceTree, path: string): boolean {
  const text = tree.read(path) ?? '';
  return /\bDeno\.[a-zA-Z]|(?:\bfrom|\bimport)\s{0,9}\(?["'](?:jsr:|npm:|https:\/\/(?:deno\.land|esm\.sh|jsr\.io)\/)/.test(
    text,
  );
}

/** Whether a file opens a port, or exports what `deno serve` calls. */
export function serves(tree: SourceTree, path: string): boolean {
  const text = tree.read(path) ?? '';
  return listens(text) || exportsFetch(text);
}

/** Whether a program opens a port itself. */
export function listens(text: string): boolean {
  return /\b(?:Deno\.serve|Deno\.listen|serve|listen|listenAndServe|createServer|start)\s{0,9}\(/.test(text);
}

/** Whether a module has `export default { fetch }`, or exports an application of Hono, which is such an object. */
export function exportsFetch(text: string): boolean {
  if (/\bexport\s{1,9}default\s{0,9}\{[\s\S]{0,400}?\bfetch\b/.test(text)) return true;
  return /\bexport\s{1,9}default\s{1,9}app\b/.test(text) && /["'](?:npm:|jsr:)?@?hono\b/.test(text);
}
