/** Which files of a tree a static site may serve, and whether they make a page at all. */
import type { Refusal } from './model.ts';
import { fault } from './model.ts';
import { shown } from './shown.ts';
import { filesEndingIn, folderOf, hasFile, type SourceTree, subtree } from './source-tree.ts';
import { isFunction } from './unrun-folders.ts';

/** Patterns of URL paths, which begin with a slash: the static server is given the same (heldBack). First sources of programs, and data
 * of servers. */
const sources =
  /\.(?:php\d?|phtml|py|pyc|ipynb|rb|erb|cs|cshtml|vb|fs|java|kts?|class|jar|scala|go|rs|exs?|eex|heex|dart|swift|pl|pm|cgi|lua|[ch]|cpp|cc|hs|clj|tsx?|mts|cts|jsx|vue|svelte|astro|ejs|hbs|pug|sh|bash|zsh|ps1|bat|cmd|sql|db|sqlite3?|env|aspx?|ascx|jsp|cfm|r|rmd|jl|nix|tf|tfvars|(?:cs|fs|vb)proj|sln|log|bak|swp|orig)$/i;
/** What describes a project or where it runs. */
const manifests =
  /\/(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-(?:lock|workspace)\.ya?ml|bun\.lockb?|deno\.(?:jsonc?|lock)|composer\.(?:json|lock)|requirements[\w.-]{0,60}\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile(?:\.lock)?|(?:poetry|uv|pdm)\.lock|go\.(?:mod|sum|work)|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|Rakefile|config\.ru|pom\.xml|build\.gradle|appsettings[\w.-]{0,60}\.json|web\.config|mix\.lock|pubspec\.(?:yaml|lock)|[jt]sconfig[\w.-]{0,60}\.json|[\w.-]{1,80}\.config\.(?:[cm]?[jt]s|json)|(?:Docker|Container|Make|Proc|Vagrant|Jenkins|Just|Brew)file[\w.-]{0,60}|(?:docker-)?compose[\w.-]{0,60}\.ya?ml|vercel\.json|netlify\.toml|wrangler\.(?:toml|jsonc?)|firebase\.json|fly\.toml|render\.ya?ml|railway\.(?:toml|json)|app\.ya?ml|angular\.json|turbo\.json|nx\.json|components\.json|runtime\.txt|_redirects|_headers)$/i;
const keys =
  /(?:\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk)|\/id_(?:rsa|dsa|ecdsa|ed25519)|\/(?:service-?account[\w-]{0,60}|credentials|secrets?)\.(?:json|ya?ml|toml))$/i;
/** Packages, and functions that only a hosting company runs. */
const folders =
  /\/(?:node_modules|__pycache__)\/|^\/(?:(?:public\/)?(?:netlify|supabase)\/(?:edge-)?functions|functions)\//;
const heldBackOfSource = [sources, keys, manifests, folders];

/** What no static server answers with, as sources of patterns for nginx. A build writes what is meant to be seen, so of its result only
 * programs, data and keys are held back, and not what describes a project. */
export function heldBack(of: 'source' | 'build'): string[] {
  const patterns = of === 'source' ? heldBackOfSource : [sources, keys];
  return patterns.map(({ source }) => source);
}

/** Paths that are served although a pattern holds them back, relative to `root`: scripts that the page itself loads, from such a folder
 * or to have Babel translate them. */
export function shownPaths(tree: SourceTree, root: string): string[] {
  const prefix = root === '' ? '' : `${root}/`;
  const loaded = scriptsOf(tree.read(`${prefix}index.html`) ?? '').flatMap(({ tag, src }) => {
    if (src === undefined || !isLocal(src)) return [];
    const path = fileOf(prefix, src).slice(prefix.length);
    const isShown = isTranslated(tag) || (folders.test(`/${path}`) && !sources.test(`/${path}`));
    return isShown && hasFile(tree, prefix + path) ? [path] : [];
  });
  return [...new Set(loaded)];
}

/** The first 50 functions below `root`, which only a hosting company runs, relative to it. */
export function functionPaths(tree: SourceTree, root: string): string[] {
  return functionsBelow(tree, root).slice(0, 50);
}

/** A function is one by its path in the whole tree: api/ is where a hosting company looks, and public/api/ is not. */
function functionsBelow(tree: SourceTree, root: string): string[] {
  const prefix = root === '' ? '' : `${root}/`;
  return subtree(tree, root).paths.filter(path => isFunction(tree, prefix + path));
}

/** Whether a path may be an answer of a static site. Never: sources of servers, manifests, lockfiles, dotfiles, keys, databases. */
export function isServed(path: string): boolean {
  // The one dot folder that browsers and certificate authorities ask for.
  const hidden = path.split('/').some((part, at) => part.startsWith('.') && !(at === 0 && part === '.well-known'));
  return !hidden && !heldBackOfSource.some(pattern => pattern.test(`/${path}`));
}

/** The paths below `root` that the site serves, relative to it. */
export function servedPaths(tree: SourceTree, root = ''): string[] {
  const shown = new Set(shownPaths(tree, root));
  const functions = new Set(functionsBelow(tree, root));
  const { paths } = subtree(tree, root);
  return paths.filter(path => shown.has(path) || (isServed(path) && !functions.has(path)));
}

/** Whether something can be shown at `/`. */
export function canShowRoot(tree: SourceTree, root = ''): boolean {
  return hasFile(tree, root === '' ? 'index.html' : `${root}/index.html`);
}

/** Why the files below `root` are no static site; undefined when they are one. */
export function siteFailure(tree: SourceTree, root = ''): Refusal | undefined {
  const prefix = root === '' ? '' : `${root}/`;
  if (!canShowRoot(tree, root)) return nothingToShow(tree, prefix);
  const broken = scriptThatNeedsABuild(tree, prefix);
  if (broken === undefined) return undefined;
  return fault(
    'Unsupported',
    `${shown(`${prefix}index.html`)} ${broken}, which no browser can run without a build, and no package.json is beside it`,
    'Add a package.json with a build script (for example "build": "vite build") and the dependencies, or load scripts that browsers run: an import map resolves the names of packages',
  );
}

function nothingToShow(tree: SourceTree, prefix: string): Refusal {
  const pages = filesEndingIn(tree, '.html', '.htm', '.HTML').filter(path => folderOf(path) === prefix.slice(0, -1));
  const [page] = pages;
  const remedy =
    page === undefined
      ? 'Add an index.html, or the program that answers'
      : `Rename the page that / shall show to index.html (${pages.slice(0, 3).map(shown).join(', ')}), or add an index.html that links the others`;
  return fault('EntrypointMissing', 'nothing here can be shown at /: there is no index.html', remedy);
}

interface Script {
  readonly tag: string;
  readonly src?: string;
  readonly text: string;
}

/** What in the page calls for a build: a source file that is loaded, or a module that imports a package by its name. */
function scriptThatNeedsABuild(tree: SourceTree, prefix: string): string | undefined {
  const scripts = scriptsOf(tree.read(`${prefix}index.html`) ?? '');
  const hasMap = scripts.some(({ tag }) => tag.includes('importmap'));
  for (const { tag, src, text } of scripts) {
    if (isTranslated(tag)) continue;
    if (src !== undefined && isLocal(src) && isSource(src)) return `loads ${shown(withoutQuery(src))}`;
    if (!tag.includes('module')) continue;
    const file = src === undefined ? undefined : fileOf(prefix, src);
    const code = file === undefined ? text : (tree.read(file) ?? '');
    const imported = importThatNeedsABuild(code, hasMap);
    if (imported !== undefined)
      return `${file === undefined ? 'has a script' : `loads ${shown(file)}`} that imports ${shown(imported)}`;
  }
  return undefined;
}

/** Scripts of a page: at most twenty, found without a pattern over the whole text. */
function scriptsOf(html: string): Script[] {
  return html
    .split('<script')
    .slice(1, 21)
    .map(part => {
      const end = part.indexOf('>');
      const tag = (end < 0 ? part : part.slice(0, end)).slice(0, 500);
      const src = /\bsrc\s{0,4}=\s{0,4}["']?([^"'\s>]{1,300})/.exec(tag)?.[1];
      const text = end < 0 ? '' : (part.slice(end + 1).split('</script')[0] ?? '');
      return { tag, ...(src !== undefined && { src }), text };
    });
}

function isTranslated(tag: string): boolean {
  return /\btext\/(?:babel|jsx|typescript)\b/.test(tag);
}

function isLocal(src: string): boolean {
  return !/^(?:[a-z]{1,10}:|\/\/)/i.test(src);
}

function isSource(src: string): boolean {
  return /\.(?:tsx?|mts|jsx|vue|svelte)$/.test(withoutQuery(src));
}

function withoutQuery(src: string): string {
  return src.split(/[?#]/)[0] ?? '';
}

function fileOf(prefix: string, src: string): string {
  return prefix + withoutQuery(src).replace(/^(?:\.\/|\/)/, '');
}

/** An import statement at the start of a line, to the name that it imports from. */
const importLine = /^(?:import\s{0,8}|(?:import|export|\})[^'"]{0,500}\bfrom\s{0,8})['"]([^'"]{1,200})['"](.{0,20})/;

function importThatNeedsABuild(code: string, hasMap: boolean): string | undefined {
  for (const line of code.split('\n')) {
    const match = importLine.exec(line.trimStart());
    const name = match?.[1];
    if (name === undefined) continue;
    const isPath = /^(?:\.{0,2}\/|[a-z]{1,10}:)/i.test(name);
    if (!isPath && !hasMap) return name;
    if (isPath && isLocal(name) && isSource(name)) return name;
    if (isPath && /\.(?:css|scss|less|svg|png)$/.test(name) && !/^\s{0,4}(?:with|assert)\b/.test(match?.[2] ?? ''))
      return name;
  }
  return undefined;
}
