/** Which packages of a Node workspace are applications: those that answer requests, not the libraries and tools beside them. */
import { serverDependency } from './node-frameworks.ts';
import type { NodePackage } from './node-package.ts';
import { entryFile, looksLikeServer, startsDevelopment } from './node-server.ts';
import { bundledSite, isPreview } from './node-static.ts';
import type { Member, Workspace } from './node-workspaces.ts';
import { firstFile, hasFile, type SourceTree } from './source-tree.ts';

/** Packages that run on a phone or a desk. */
const native = ['expo', 'react-native', 'electron', '@tauri-apps/api', '@capacitor/core'];
/** Tools that compile, watch or test: a start script that runs one answers no request. */
const tools =
  /^(?:npx\s+)?(?:tsc|tsup|rollup|babel|swc|unbuild|(?:start-)?storybook|jest|vitest|cypress|playwright|expo|react-native|electron|echo)\b/;
/** Folders of packages that are there for developers. */
const aside = /(?:^|[/_.-])(?:e2e|tests?|docs?|documentation|storybook|examples?|playgrounds?|demos?|benchmarks?)$/;
/** Bundlers that make pages as well as libraries: only a page tells which. */
const bundlersOfLibraries = ['vite', 'parcel', 'webpack', 'rspack', 'rollup', 'esbuild'];
const worker = /(?:^|[/_.-])(?:workers?|cron|jobs?|queues?|scheduler|bot|cli|scripts?|seed|migrations?)$/;
const sourceFile = /\.[cm]?[jt]s$/;
const readFiles = 40;

type Kind = 'server' | 'site';

/** The members that answer requests; those for developers only when there is no other. */
export function appsOf(workspace: Workspace): Member[] {
  const all = workspace.members.filter(member => isApp(workspace, member));
  const apps = orAll(
    orAll(all, ({ folder }) => !aside.test(folder)),
    member => !isWorker(member),
  );
  return apps.filter(app => kindOf(app) === 'server' || !apps.some(server => servesOf([app], server).length > 0));
}

const orAll = (members: readonly Member[], keeps: (member: Member) => boolean): readonly Member[] => {
  const kept = members.filter(keeps);
  return kept.length > 0 ? kept : members;
};

/** A program with a usual name of one that works in the background, in whose sources nothing opens a port. */
function isWorker({ folder, tree, pkg }: Member): boolean {
  if (!worker.test(folder) || serverDependency(pkg) !== undefined || isSite(tree, pkg)) return false;
  return !sourcesOf(tree).some(path => looksLikeServer(tree, path));
}

/** A package that others depend on is a library, unless its own start script says that it runs. */
function isApp({ members, root }: Workspace, member: Member): boolean {
  const kind = kindOf(member);
  if (kind === undefined || native.some(name => member.pkg.all.has(name))) return false;
  if (kind === 'server' && realStart(member.pkg) !== undefined) return true;
  return ![root, ...members.map(({ pkg }) => pkg)].some(pkg => pkg !== member.pkg && pkg.all.has(member.name));
}

function kindOf({ tree, pkg }: Member): Kind | undefined {
  if (realStart(pkg) !== undefined) return 'server';
  if (isServer(tree, pkg)) return 'server';
  return isSite(tree, pkg) ? 'site' : undefined;
}

/** The start script, when it runs neither a tool nor a server for development. */
export function realStart(pkg: NodePackage): string | undefined {
  const scripts = [pkg.scripts['start:prod'], pkg.scripts.start];
  return scripts.find(
    text => text !== undefined && !isPreview(text) && !startsDevelopment(text) && !tools.test(text.trim()),
  );
}

/** Whether a package without a start script is a server: by its framework, else by a file that opens a port. */
function isServer(tree: SourceTree, pkg: NodePackage): boolean {
  const dependency = serverDependency(pkg);
  if (dependency === undefined) return false;
  if (['next', 'nuxt', 'vinxi', '@nestjs/core'].includes(dependency)) return pkg.scripts.build !== undefined;
  const entry = entryFile(tree, pkg);
  return entry !== undefined && looksLikeServer(tree, entry);
}

/** Whether a package builds pages, and no library. */
export function isSite(tree: SourceTree, pkg: NodePackage): boolean {
  const site = bundledSite(tree, pkg);
  if (site === undefined) return false;
  const hasPage = firstFile(tree, ['index.html', 'public/index.html', 'src/index.html']) !== undefined;
  return hasPage || pkg.all.has('html-webpack-plugin') || !bundlersOfLibraries.includes(site.framework);
}

/** The sites whose built files a server shows itself: its sources name their folder, or they are built into its own. */
export function servesOf(members: readonly Member[], server: Member): Member[] {
  const sites = members.filter(member => member !== server && kindOf(member) === 'site');
  if (sites.length === 0) return [];
  const texts = sourcesOf(server.tree).map(path => textOf(server.tree, path));
  return sites.filter(site => isBuiltInto(site, server.folder) || texts.some(text => names(text, site)));
}

/** The same for a server in one file of the root. */
export function servedBy(members: readonly Member[], tree: SourceTree, entry: string): Member[] {
  const text = hasFile(tree, entry) ? textOf(tree, entry) : '';
  return members.filter(member => kindOf(member) === 'site' && names(text, member));
}

const sourcesOf = (tree: SourceTree): string[] =>
  tree.paths.filter(path => sourceFile.test(path) && !path.includes('node_modules/')).slice(0, readFiles);

const textOf = (tree: SourceTree, path: string): string => (tree.peek ?? tree.read)(path) ?? '';

/** Whether a text has the folder of the site and, a quote or a slash later, the folder of its built files. */
function names(text: string, { folder, tree, pkg }: Member): boolean {
  const last = folder.split('/').at(-1) ?? folder;
  const output = bundledSite(tree, pkg)?.output.split('/')[0] ?? 'dist';
  return text.split(last).some((part, index) => {
    const between = part.slice(0, part.indexOf(output));
    return index > 0 && part.includes(output) && /^['"`/\\,\s]{1,12}$/.test(between);
  });
}

/** Vite is often told to write into the folder of the server. */
function isBuiltInto({ tree }: Member, server: string): boolean {
  const config = firstFile(tree, ['vite.config.ts', 'vite.config.js', 'vite.config.mjs', 'vite.config.mts']);
  const text = config === undefined ? '' : textOf(tree, config);
  const last = server.split('/').at(-1) ?? server;
  return new Set(/outDir[^\n]{0,200}/.exec(text)?.[0].split(/['"`/\\]/)).has(last);
}
