/** Where a Python application is made: the variable that holds it, or the factory that returns it. */
import { filesEndingIn, folderOf, hasFile, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** File names that usually start an application, best first. */
export const mainFiles = [
  'main.py',
  'app.py',
  'server.py',
  'run.py',
  'wsgi.py',
  'asgi.py',
  'api.py',
  'index.py',
  'bot.py',
  '__main__.py',
];

export interface Application {
  readonly path: string;
  readonly expression: string;
}

/** The module variable that holds an application, or the factory that returns one. */
export function findApplication(tree: SourceTree, type: string, module?: string): Application | undefined {
  const known = mainFiles.filter(path => hasFile(tree, path));
  const files = [...known, ...filesEndingIn(tree, '.py')].filter(
    path => isPlain(path) && !/(?:^|\/)(?:tests?|conftest)/.test(path),
  );
  for (const path of files) {
    const name = variableOf(tree.read(path) ?? '', type, module);
    if (name !== undefined) return { path, expression: name };
  }
  for (const path of files) {
    const text = tree.read(path) ?? '';
    const factory = makes(text, type, module) ? factoryOf(text) : undefined;
    if (factory !== undefined) return { path, expression: `${factory}()` };
  }
  return undefined;
}

/** A function that can be called without arguments, and whose name says that it returns an application. */
function factoryOf(text: string): string | undefined {
  const functions = text.matchAll(
    /^def[ \t]{1,8}(\w{1,60})\((?:[ \t\r\n]{0,40}\)|[ \t\r\n]{0,40}\w{1,60}[ \t]{0,8}(?::[^=,()]{1,80})?=)/gm,
  );
  return [...functions]
    .map(match => match[1] ?? '')
    .find(name => /^(?:create|make|build|get|init|setup)_\w{0,40}app|^(?:create|make|build)$/.test(name));
}

/** The variable that is assigned an object of this type; any module may be before the type, unless one is given. */
function variableOf(text: string, type: string, module: string | undefined): string | undefined {
  if (!text.includes(`${type}(`)) return undefined;
  const assigned = [...text.matchAll(/^(\w+)[ \t]*(?::[^=\n\r\u2028\u2029]+)?=[ \t]*(?:(\w+)\.)?(\w+)\(/gm)];
  return assigned.find(match => match[3] === type && (module ?? match[2]) === match[2])?.[1];
}

function makes(text: string, type: string, module: string | undefined): boolean {
  if (!text.includes(`${type}(`)) return false;
  const called = [...text.matchAll(/\b(?:(\w+)\.)?(\w+)\(/g)];
  return called.some(match => match[2] === type && (module ?? match[1]) === match[1]);
}

/** Whether a file is imported as part of a package, or as a script from its own folder. */
export function importPath(tree: SourceTree, path: string): { folder: string; module: string } {
  const folder = folderOf(path);
  const file = path.replace(/\.py$/, '');
  if (folder === '') return { folder: '', module: file };
  const top = folder.split('/')[0] ?? '';
  const text = tree.read(path) ?? '';
  const asPackage =
    hasFile(tree, `${folder}/__init__.py`) ||
    /^[ \t]*from[ \t]+\./m.test(text) ||
    [...text.matchAll(/^[ \t]*(?:from|import)[ \t]+(\w+)[.\s]/gm)].some(match => match[1] === top);
  if (file.endsWith('/__init__')) return { folder: '', module: folder.replaceAll('/', '.') };
  if (asPackage) return { folder: '', module: file.replaceAll('/', '.') };
  return { folder, module: file.slice(folder.length + 1) };
}
