/** The Go modules of a tree, and the commands in them: which folders hold a program that a build includes. */
import { type GoFile, goFile } from './go-file.ts';
import { folderOf, hasFile, joined, type SourceTree } from './source-tree.ts';

export interface GoModule {
  /** Folder of its go.mod, '' at the root. */
  readonly folder: string;
  /** The path that its packages are imported by. */
  readonly path: string;
  /** Paths of the modules that its go.mod requires. */
  readonly requires: readonly string[];
}

/** A folder with a `package main`, and the module that it is built in. */
export interface Command {
  readonly folder: string;
  readonly module: GoModule;
}

/** What the rules read of a tree with Go in it, once. */
export interface GoProject {
  readonly tree: SourceTree;
  readonly modules: readonly GoModule[];
  /** The modules are those of a go.work at the root. */
  readonly workspace: boolean;
  /** The files that a build for Linux includes. */
  readonly files: ReadonlyMap<string, GoFile>;
  /** The same files by their folders. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

/** The modules of go.work, else the one at the root and those in its folders; a tree without go.mod is one module called app. */
export function goProject(tree: SourceTree): GoProject {
  const workspace = hasFile(tree, 'go.work');
  const listed = workspace ? usedFolders(tree.read('go.work') ?? '') : undefined;
  const found = tree.paths.filter(path => (path === 'go.mod' || path.endsWith('/go.mod')) && !isSetAside(path));
  const folders = found.map(folderOf).filter(folder => listed === undefined || listed.includes(folder));
  const modules = folders.map(folder => moduleAt(tree, folder));
  const none: GoModule = { folder: '', path: 'app', requires: [] };
  return { tree, workspace, modules: modules.length === 0 ? [none] : modules, ...filesOf(tree) };
}

function filesOf(tree: SourceTree): Pick<GoProject, 'files' | 'folders'> {
  const files = new Map<string, GoFile>();
  const folders = new Map<string, string[]>();
  for (const path of tree.paths) {
    if (!path.endsWith('.go') || isSetAside(path)) continue;
    const file = goFile(path, tree.read(path) ?? '');
    if (!file.builds) continue;
    files.set(path, file);
    const beside = folders.get(folderOf(path)) ?? [];
    beside.push(path);
    folders.set(folderOf(path), beside);
  }
  return { files, folders };
}

/** The commands that a deploy may mean: those of the module at the root, or of the workspace; where these have none, those of modules in
 * folders. */
export function commandsOf(project: GoProject): Command[] {
  const commands = allCommands(project).filter(({ folder }) => !isAside(folder));
  const own = commands.filter(({ module }) => project.workspace || module.folder === '');
  return own.length > 0 ? own : commands;
}

/** The folders with a program that no deploy means: examples, and tools of the repository itself. */
export function asideCommandsOf(project: GoProject): string[] {
  return allCommands(project)
    .map(({ folder }) => folder)
    .filter(isAside);
}

function allCommands({ modules, files, folders, tree }: GoProject): Command[] {
  const mains = [...folders].filter(([, paths]) => paths.some(path => files.get(path)?.package === 'main'));
  // A folder with a go.mod that go.work does not list is no part of the workspace.
  const others = tree.paths.filter(path => path.endsWith('/go.mod')).map(folderOf);
  const foreign = others.filter(folder => !modules.some(module => module.folder === folder));
  return mains.flatMap(([folder]) => {
    const module = moduleOf(modules, folder);
    return module === undefined || foreign.some(other => isWithin(folder, other)) ? [] : [{ folder, module }];
  });
}

/** The files of the command and of every package of these modules that it reaches by its imports, its own first. */
export function reachedFiles({ modules, files, folders }: GoProject, { folder }: Command): string[] {
  const seen = new Set([folder]);
  for (const at of seen) {
    const imports = (folders.get(at) ?? []).flatMap(path => files.get(path)?.imports ?? []);
    for (const path of imports) {
      const owner = modules.find(module => path === module.path || path.startsWith(`${module.path}/`));
      if (owner !== undefined) seen.add(joined(owner.folder, path.slice(owner.path.length + 1)));
    }
  }
  return [...seen].flatMap(at => folders.get(at) ?? []);
}

/** The innermost module around a folder. */
function moduleOf(modules: readonly GoModule[], folder: string): GoModule | undefined {
  const around = modules.filter(module => isWithin(folder, module.folder));
  return around.sort((a, b) => b.folder.length - a.folder.length)[0];
}

const isWithin = (folder: string, around: string): boolean =>
  around === '' || folder === around || folder.startsWith(`${around}/`);

function moduleAt(tree: SourceTree, folder: string): GoModule {
  const text = tree.read(joined(folder, 'go.mod')) ?? '';
  const requirements = text.matchAll(/^[ \t]*(?:require[ \t]+)?((?=[\w/-]*\.)[\w./-]+)[ \t]+v/gm);
  return {
    folder,
    path: /^module[ \t]{1,80}"?([^\s"]{1,300})/m.exec(text)?.[1] ?? 'app',
    requires: [...requirements].map(match => match[1] ?? ''),
  };
}

/** The folders that go.work uses: `use ./api`, or the lines of `use ( … )`. */
function usedFolders(text: string): string[] {
  const folders: string[] = [];
  let inGroup = false;
  for (const raw of text.split('\n', 1_000)) {
    const line = (raw.split('//')[0] ?? '').trim();
    if (line.startsWith('use') && line.endsWith('(')) inGroup = true;
    else if (line === ')') inGroup = false;
    else if (inGroup && line !== '') folders.push(line);
    else if (/^use[ \t]/.test(line)) folders.push(line.slice('use'.length).trim());
  }
  return folders.map(folder =>
    folder
      .replaceAll('"', '')
      .replace(/^\.\/?/, '')
      .replace(/\/$/, ''),
  );
}

/** Folders that the go command never builds as a part of the module. */
const isSetAside = (path: string): boolean =>
  path.split('/').some((part, i, all) => {
    if (i === all.length - 1) return false;
    return part === 'vendor' || part === 'testdata' || part === 'node_modules' || /^[._]/.test(part);
  });

const isAside = (folder: string): boolean =>
  folder.split('/').some(part => /^(?:examples?|hack|tools?|e2e|tests?|samples?|benchmarks?)$/.test(part));
