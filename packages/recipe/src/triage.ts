/** What a tree is, decided once and before any language rule: which folder holds the one application, or why there is no such folder. */
import { foreignFailure } from './foreign.ts';
import type { Refusal } from './model.ts';
import { fault } from './model.ts';
import { listedFirst, shown } from './shown.ts';
import { folderOf, foldersAbove, hasFile, isRecord, readJson, type SourceTree, subtree } from './source-tree.ts';
import { templateFailure } from './template-page.ts';

export type Triage =
  /** One application; `folder` is '' for the root. */
  | { readonly kind: 'app'; readonly folder: string; readonly why: string }
  /** Several applications, and none at the root: the author has to choose. */
  | { readonly kind: 'apps'; readonly folders: readonly string[]; readonly failure: Refusal }
  /** Something that vibeD does not build. */
  | { readonly kind: 'refused'; readonly failure: Refusal };

/** Files that make their folder an application. */
const manifests = [
  ...['Dockerfile', 'Containerfile', 'go.mod', 'Cargo.toml', 'package.json', 'deno.json', 'deno.jsonc'],
  ...['requirements.txt', 'pyproject.toml', 'Pipfile', 'manage.py', 'setup.py', 'environment.yml'],
];
/** Manifests of languages that vibeD does not build: a folder with one is an application too. */
const foreignManifest =
  /^(?:composer\.json|index\.php|Gemfile|config\.ru|pom\.xml|build\.gradle(?:\.kts)?|build\.sbt|mix\.exs|pubspec\.yaml|Package\.swift|gleam\.toml|project\.clj|hugo\.toml|[\w.-]{1,80}\.(?:cs|fs)proj)$/;
/** Programs that need no manifest. */
const entries = [
  ...['main.py', 'app.py', 'server.py', 'wsgi.py', 'asgi.py', 'streamlit_app.py', 'bot.py', 'run.py', 'main.go'],
  ...['server', 'index', 'app', 'main'].flatMap(name => ['js', 'mjs', 'cjs', 'ts', 'mts'].map(end => `${name}.${end}`)),
];
/** Files of a root that joins applications; the Node rule looks for the one that starts. */
const workspaceFiles = ['pnpm-workspace.yaml', 'turbo.json', 'nx.json', 'lerna.json', 'go.work', 'rush.json'];
/** Folders whose content is no application beside another one. */
const aside =
  /^(?:\..*|node_modules|vendor|examples?|samples?|demos?|tests?|__tests__|docs?|e2e|fixtures?|cypress|playwright|spec|docker|deploy|deployment|infra|terraform|k8s|helm|charts|scripts|coverage|templates|views|layouts|images?|screenshots|assets)$/;
/** Folders that usually hold the pages or the sources of the folder above them. */
const ownFolders = /^(?:public|dist|build|out|site|_site|www|html|static|src|app|lib|pages|client\/dist)$/;
const sourceFile = /\.(?:py|go|rs|[cm]?[jt]sx?|vue|svelte|php|rb|cs|java|kt|ex|exs|dart|swift)$/;
/** Archives put a folder around a folder, not ten. */
const wrappers = 4;

/** What the tree is. */
export function triage(tree: SourceTree): Triage {
  return triageIn(tree, '', wrappers);
}

/** Folders below the root that are applications of their own: shallowest only, sorted. */
export function appFolders(tree: SourceTree): string[] {
  const withManifest = new Set<string>();
  const withPage = new Set<string>();
  for (const path of tree.paths) {
    const folder = folderOf(path);
    if (folder === '' || folder.split('/').some(part => aside.test(part))) continue;
    const name = path.slice(folder.length + 1);
    if (manifests.includes(name) || foreignManifest.test(name)) withManifest.add(folder);
    else if (name === 'index.html' && !(folder.split('/').length === 1 && ownFolders.test(folder)))
      withPage.add(folder);
  }
  const all = new Set([...withManifest, ...withPage]);
  const isPage = (folder: string) => hasFile(tree, `${folder}/index.html`);
  return [...all]
    .filter(
      folder =>
        !foldersAbove(folder)
          .slice(1)
          .some(above => all.has(above) || isPage(above)),
    )
    .sort();
}

function triageIn(tree: SourceTree, folder: string, depth: number): Triage {
  const files = new Set(tree.paths.filter(path => !path.includes('/')));
  const prefix = folder === '' ? '' : `${folder}/`;
  const root = rootApp(tree, files, folder);
  if (root?.kind === 'app' && (files.has('Dockerfile') || files.has('Containerfile'))) return root;
  const refused = foreignFailure(tree, root === undefined ? 'manifests' : 'always', prefix);
  if (refused !== undefined) return { kind: 'refused', failure: refused };
  if (root !== undefined) return root;
  const template = templateFailure(tree, 'index.html', prefix);
  if (template !== undefined) return { kind: 'refused', failure: template };
  if (files.has('index.html')) return sourcesOr(tree, prefix, app(folder, 'index.html'));
  const wrapper = depth > 0 ? onlyFolder(tree) : undefined;
  if (wrapper !== undefined) return triageIn(subtree(tree, wrapper), prefix + wrapper, depth - 1);
  const found = appFolders(tree);
  if (found.length > 1) return several(found.map(name => prefix + name));
  const [only] = found;
  if (only === undefined) return sourcesOr(tree, prefix, { kind: 'app', folder, why: 'no folder holds a manifest' });
  const beside = sourceBeside(tree, only);
  if (beside !== undefined) return { kind: 'refused', failure: mixed(prefix + only, prefix + beside) };
  return triageIn(subtree(tree, only), prefix + only, 0);
}

/** The application at the root of this tree, when a file there names one. */
function rootApp(tree: SourceTree, files: ReadonlySet<string>, folder: string): Triage | undefined {
  const manifest = manifests.find(name => files.has(name) && (name !== 'package.json' || isNodeApp(tree, files)));
  const found =
    manifest ?? workspaceFiles.find(name => files.has(name)) ?? entries.find(name => files.has(name) && !isTool(files));
  if (found !== undefined) return app(folder, found);
  // Nothing else claims this package.json: the Node rule knows what is missing.
  const isAlone = files.has('package.json') && foreignFailure(tree, 'sources') === undefined;
  return isAlone ? app(folder, 'package.json') : undefined;
}

/** Scripts beside a page are the page's own. */
function isTool(files: ReadonlySet<string>): boolean {
  return files.has('index.html');
}

/** Whether package.json is an application, rather than the tools for the stylesheets of another language's. */
function isNodeApp(tree: SourceTree, files: ReadonlySet<string>): boolean {
  const manifest = readJson(tree, 'package.json');
  if (manifest === undefined) return false;
  if (manifest.workspaces !== undefined || workspaceFiles.some(name => files.has(name))) return true;
  const scripts = isRecord(manifest.scripts) ? manifest.scripts : {};
  if (scripts.start !== undefined) return true;
  if (entries.some(name => files.has(name)) || files.has('index.html')) return true;
  const known = { ...(isRecord(manifest.devDependencies) && manifest.devDependencies) };
  const all = { ...known, ...(isRecord(manifest.dependencies) && manifest.dependencies) };
  return Object.keys(all).some(name => nodeFramework.test(name));
}

const nodeFramework =
  /^(?:next|nuxt|astro|gatsby|express|fastify|koa|hono|hapi|polka|ws|socket\.io|elysia|react-scripts|vitepress|@sveltejs\/kit|@angular\/core|@nestjs\/core|@docusaurus\/core|@11ty\/eleventy|@vue\/cli-service|@(?:remix-run|react-router|solidjs|tanstack|hapi|hono|elysiajs)\/[\w-]{1,60})$/;

function app(folder: string, file: string): Triage {
  const why =
    folder === ''
      ? `${file} is at the root`
      : `the application is in ${shown(folder)}/ (${file}), and no other is beside it: that folder is built`;
  return { kind: 'app', folder, why };
}

/** The refusal that single source files call for, else the given answer. */
function sourcesOr(tree: SourceTree, prefix: string, answer: Triage): Triage {
  const failure = foreignFailure(tree, 'sources', prefix);
  return failure === undefined ? answer : { kind: 'refused', failure };
}

/** The one top folder that everything is in, but for documents; a folder with a usual name is a part, not a wrapper. */
function onlyFolder(tree: SourceTree): string | undefined {
  const folders = new Set<string>();
  for (const path of tree.paths) {
    const slash = path.indexOf('/');
    if (slash < 0) {
      if (sourceFile.test(path)) return undefined;
      continue;
    }
    const folder = path.slice(0, slash);
    if (!aside.test(folder)) folders.add(folder);
  }
  const [only] = folders;
  return folders.size === 1 && only !== undefined && !ownFolders.test(only) ? only : undefined;
}

/** A source file that is outside of the folder and of everything that is no part of an application. */
function sourceBeside(tree: SourceTree, folder: string): string | undefined {
  return tree.paths.find(
    path =>
      sourceFile.test(path) &&
      !path.startsWith(`${folder}/`) &&
      !folderOf(path)
        .split('/')
        .some(part => aside.test(part)) &&
      !/^[\w-]{1,60}\.config\.[cm]?[jt]s$/.test(path),
  );
}

function several(folders: readonly string[]): Triage {
  const list = listedFirst(folders.map(name => `${shown(name)}/`));
  const failure = fault(
    'LanguageUnknown',
    `there are several applications and none at the root: ${list}`,
    'Choose the folder to build with spec.build.path (`build_path` in the tools), deploy each folder by itself, or bring a Dockerfile at the root that builds them together',
  );
  return { kind: 'apps', folders, failure };
}

function mixed(folder: string, beside: string): Refusal {
  return fault(
    'LanguageUnknown',
    `no manifest is at the root; an application is in ${shown(folder)}/, and sources that may belong to it are beside it (${shown(beside)})`,
    `Set spec.build.path (\`build_path\` in the tools) to ${shown(folder)} when that folder is complete by itself, or bring a Dockerfile for the whole`,
  );
}
