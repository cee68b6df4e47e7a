/** Folders with a package.json of their own that the scripts of the root go into without a workspace, such as client/ and server/. */
import { buildCommands, type NodePackage, nodePackage } from './node-package.ts';
import { webLine } from './procfile.ts';
import { hasFile, type SourceTree, subtree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** Scripts that run in a build or at the start. */
const running = [
  ...['preinstall', 'install', 'postinstall', 'prepare', 'heroku-prebuild', 'prebuild', 'build', 'postbuild'],
  ...['heroku-postbuild', 'prestart', 'start', 'start:prod'],
];
const installing = /\b(?:npm|pnpm|bun|yarn)\b[^&;|\n]{0,80}\s(?:install|ci|i)\b|\byarn\s*(?:&&|;|$)/;

/** The root package with what its scripts leave out for those folders: their installation, and where the root has no build, theirs. */
export function withNested(tree: SourceTree, pkg: NodePackage): NodePackage {
  const nested = nestedFolders(tree, pkg);
  const installs = nested.flatMap(each => installIn(each, pkg));
  const built =
    pkg.scripts.build === undefined ? nested.filter(({ pkg: { scripts } }) => scripts.build !== undefined) : [];
  if (installs.length + built.length === 0) return pkg;
  const { manifests: _, ...rest } = pkg;
  const builds = [...buildCommands(pkg), ...built.map(({ folder }) => `npm --prefix ${folder} run build`)];
  const prune = pkg.devDependencies.size > 0 ? pkg.manager.prune : undefined;
  return { ...rest, place: { folder: '', builds, installs, ...(prune !== undefined && { prune }) } };
}

interface Nested {
  readonly folder: string;
  readonly pkg: NodePackage;
  /** A script of the root installs it. */
  readonly isInstalled: boolean;
}

function nestedFolders(tree: SourceTree, { scripts }: NodePackage): Nested[] {
  const texts = [...running.flatMap(name => scripts[name] ?? []), webLine(tree) ?? ''];
  const words = new Set(texts.flatMap(text => text.split(/[\s=;&|"']+/)));
  const folders = [...new Set([...words].flatMap(foldersOf))].filter(isPlain).sort();
  return folders.flatMap(folder => {
    const pkg = hasFile(tree, `${folder}/package.json`) ? nodePackage(subtree(tree, folder)) : undefined;
    const isInstalled = texts.some(text => text.includes(folder) && installing.test(text));
    return pkg === undefined ? [] : [{ folder, pkg, isInstalled }];
  });
}

/** `server/dist/main.js` is below `server/dist` and `server`. */
function foldersOf(word: string): string[] {
  const parts = word.replace(/^\.\//, '').replace(/\/$/, '').split('/').slice(0, 6);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function installIn({ folder, pkg, isInstalled }: Nested, root: NodePackage): string[] {
  if (isInstalled || pkg.all.size === 0) return [];
  const { name, tool, install } = pkg.manager;
  const fetched = tool === undefined || name === root.manager.name ? '' : `${tool} && `;
  return [`${fetched}cd ${folder} && ${install}`];
}
