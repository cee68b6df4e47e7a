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

/** The root package with the installation of those folders whose packages none of its scripts installs; itself when there is none. */
export function withNested(tree: SourceTree, pkg: NodePackage): NodePackage {
  const installs = nestedFolders(tree, pkg).flatMap(folder => installIn(tree, folder, pkg));
  if (installs.length === 0) return pkg;
  const { manifests: _, ...rest } = pkg;
  const builds = buildCommands(pkg);
  const prune = pkg.devDependencies.size > 0 ? pkg.manager.prune : undefined;
  return { ...rest, place: { folder: '', builds, installs, ...(prune !== undefined && { prune }) } };
}

function nestedFolders(tree: SourceTree, { scripts }: NodePackage): string[] {
  const texts = [...running.flatMap(name => scripts[name] ?? []), webLine(tree) ?? ''];
  const isInstalled = (folder: string) => texts.some(text => text.includes(folder) && installing.test(text));
  const words = new Set(texts.flatMap(text => text.split(/[\s=;&|"']+/)));
  const named = [...words].flatMap(foldersOf);
  const found = named.filter(folder => isPlain(folder) && hasFile(tree, `${folder}/package.json`));
  return [...new Set(found)].filter(folder => !isInstalled(folder)).sort();
}

/** `server/dist/main.js` is below `server/dist` and `server`. */
function foldersOf(word: string): string[] {
  const parts = word.replace(/^\.\//, '').replace(/\/$/, '').split('/').slice(0, 6);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function installIn(tree: SourceTree, folder: string, root: NodePackage): string[] {
  const pkg = nodePackage(subtree(tree, folder));
  if (pkg === undefined || pkg.all.size === 0) return [];
  const { name, tool, install } = pkg.manager;
  const fetched = tool === undefined || name === root.manager.name ? '' : `${tool} && `;
  return [`${fetched}cd ${folder} && ${install}`];
}
