/** Any tree of files, served as it is. */
import type { LanguageRule, Recipe, RuleInput } from './model.ts';
import { appUid } from './model.ts';
import { nginxConf } from './nginx.ts';
import { functionPaths, heldBack, shownPaths, siteFailure } from './served-files.ts';
import { folderOf, hasFile, type SourceTree } from './source-tree.ts';
import { type Copy, copy, copyBuilt, isPlain, runtime, type Stage } from './steps.ts';

/** What a page with routes of its own calls or loads. */
const router = /\b(?:pushState|createWebHistory|createBrowserRouter|BrowserRouter|react-router|vue-router)\b/;
const defaultPort = 8080;

/** Trees with an index.html. The last rule: what no other one knows is a site or is refused. */
export const staticRule: LanguageRule = {
  language: 'static',
  detect(tree) {
    const index = indexFile(tree);
    if (index !== undefined) return `${index} is there and no server is`;
    return hasFile(tree, 'package.json') ? undefined : 'nothing but files is there';
  },
  recipe(input) {
    const { tree } = input;
    const root = siteRoot(tree);
    const failure = siteFailure(tree, root);
    if (failure !== undefined) return failure;
    const why = root === '' ? [] : [`${root}/ is served, because index.html is only there`];
    return { ok: true, recipe: staticRecipe(input, why, root) };
  },
};

/** Where the built pages come from: the stage that makes them, and their folder below /app in it. */
export interface StaticBuild {
  readonly framework: string;
  readonly stage: Stage;
  readonly output: string;
  readonly language: 'nodejs';
  readonly spaFallback: boolean;
}

/** The recipe of pages that a bundler made. */
export function builtStaticRecipe(input: RuleInput, why: readonly string[], build: StaticBuild): Recipe {
  const site = {
    spaFallback: build.spaFallback,
    notFoundPage: hasFile(input.tree, 'public/404.html'),
    hashedAssets: true,
    heldBack: heldBack('build'),
    heldBackPaths: [],
    shownPaths: [],
  };
  const image = serverStage(input, site, copyBuilt(`/app/${build.output}/`, '/app/'));
  return {
    ...common(input, why),
    language: build.language,
    framework: build.framework,
    how: { stages: { build: build.stage, image } },
    serves: { folder: `${build.output}/`, singlePage: build.spaFallback },
  };
}

function staticRecipe(input: RuleInput, why: readonly string[], root: string): Recipe {
  const { tree } = input;
  const at = (name: string) => (root === '' ? name : `${root}/${name}`);
  const notFoundPage = hasFile(tree, at('404.html'));
  const shown = shownPaths(tree, root).filter(isPlain);
  const site = {
    spaFallback: !notFoundPage && isSinglePage(tree, root),
    notFoundPage,
    hashedAssets: isBundle(tree.read(at('index.html')) ?? ''),
    heldBack: heldBack('source'),
    heldBackPaths: functionPaths(tree, root).filter(path => isPlain(path) && !shown.includes(path)),
    shownPaths: shown,
  };
  const image = serverStage(input, site, root === '' ? copy(['.'], '/app/') : copy([`${root}/`], '/app/'));
  return {
    ...common(input, why),
    language: 'static',
    how: { stages: { image } },
    serves: { folder: root === '' ? '' : `${root}/`, singlePage: site.spaFallback },
  };
}

function common(input: RuleInput, why: readonly string[]) {
  return {
    why: [...input.why, ...why],
    port: input.request.port ?? defaultPort,
    portWhy: input.request.port === undefined ? 'the static server listens on 8080' : 'named by the user',
    portFollowsEnv: false,
    user: { uid: appUid },
    warnings: [],
    readOnlyRoot: true,
  };
}

function serverStage(input: RuleInput, site: Omit<Parameters<typeof nginxConf>[0], 'port'>, files: Copy): Stage {
  const port = input.request.port ?? defaultPort;
  return {
    base: input.settings.bases.static,
    steps: [
      { do: 'write', path: '/etc/nginx/nginx.conf', text: nginxConf({ ...site, port }) },
      files,
      ...runtime(appUid, port),
      {
        do: 'entrypoint',
        argv: ['nginx', '-e', 'stderr', '-c', '/etc/nginx/nginx.conf', '-g', 'daemon off;'],
      },
      { do: 'cmd', argv: [] },
    ],
  };
}

/** index.html at the root, else the shallowest one. */
function indexFile(tree: SourceTree): string | undefined {
  if (hasFile(tree, 'index.html')) return 'index.html';
  const root = siteRoot(tree);
  return root === '' ? undefined : `${root}/index.html`;
}

/** The one top folder (`public`, `dist`, …) that holds the index.html of a tree without one at its root. */
function siteRoot(tree: SourceTree): string {
  if (hasFile(tree, 'index.html')) return '';
  const roots = tree.paths.filter(path => path.endsWith('/index.html') && path.split('/').length === 2).map(folderOf);
  const usual = ['public', 'dist', 'build', 'site', 'www', 'docs', 'src'].find(name => roots.includes(name));
  const root = usual ?? (roots.length === 1 ? roots[0] : undefined);
  return root !== undefined && isPlain(root) ? root : '';
}

/** Whether unknown paths are routes of the application in index.html: a bundler made its one page, or its scripts are a router. The pages of a plain site are its files. */
function isSinglePage(tree: SourceTree, root: string): boolean {
  const inside = root === '' ? tree.paths : tree.paths.filter(path => path.startsWith(`${root}/`));
  const index = root === '' ? 'index.html' : `${root}/index.html`;
  const isBuilt = isBundle(tree.read(index) ?? '');
  const isOnlyPage = !inside.some(path => /\.html?$/i.test(path) && path !== index);
  if (isBuilt && isOnlyPage) return true;
  const scripts = inside.filter(path => /\.m?js$/i.test(path));
  return (isBuilt || isOnlyPage) && [index, ...scripts].some(path => router.test(tree.read(path) ?? ''));
}

/** Whether the page refers to files that a bundler named by their content. */
function isBundle(html: string): boolean {
  const quoted = [...html.matchAll(/(?<=["'])[^"'<>]*(?=["'])/g)];
  return quoted.some(
    ([text]) =>
      /(?:assets|static\/(?:js|css)|_astro)\//.test(text) && /[-.][\w-]{8,32}\.(?:js|css)$/.test(text.slice(-100)),
  );
}
