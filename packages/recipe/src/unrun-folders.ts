/** Parts of a tree that a hosting company would run or apply and vibeD does not: warnings that name them. */
import { shown } from './shown.ts';
import { hasFile, isRecord, readJson, type SourceTree } from './source-tree.ts';
import { appFolders } from './triage.ts';

/** What the recipe makes of the tree: files behind a web server, or a program of its own that answers. */
export type Answering = 'site' | 'server';

const code = /\.(?:[cm]?[jt]sx?|py|go|rb|rs|php)$/;
const hosted = /^(?:netlify\/(?:edge-)?functions|supabase\/functions)\//;
const handler =
  /\b(?:export default|export (?:async )?function|export const|module\.exports|exports\.\w{1,40} ?=|onRequest|class handler|func Handler|def handler)\b/;

/** Whether a hosting company would run this file for a request. A script that the page itself loads is not one. */
export function isFunction(tree: SourceTree, path: string): boolean {
  if (!code.test(path)) return false;
  if (hosted.test(path)) return true;
  if (!/^(?:api|functions)\//.test(path)) return false;
  return handler.test(tree.read(path) ?? '') && !(tree.read('index.html') ?? '').includes(path);
}

/** The warnings, for a tree that is answered by files or by a server of its own. */
export function unrunWarnings(tree: SourceTree, answering: Answering): string[] {
  return [
    ...functionWarnings(tree, answering),
    ...(answering === 'site' ? serverSourceWarnings(tree) : []),
    ...hostWarnings(tree, answering),
  ];
}

function functionWarnings(tree: SourceTree, answering: Answering): string[] {
  const isHosted = ['vercel.json', 'firebase.json', 'wrangler.toml', 'netlify.toml'].some(file => hasFile(tree, file));
  const counts = (path: string) => hosted.test(path) || answering === 'site' || isHosted;
  const found = tree.paths.filter(path => !path.includes('/node_modules/') && counts(path) && isFunction(tree, path));
  if (found.length === 0) return [];
  const are = found.length === 1 ? 'is a function' : 'are functions';
  const runs = found.length === 1 ? 'it' : 'them';
  return [
    `${named(found)} ${are} that a hosting company runs; nothing here runs ${runs}: write a server that answers these addresses (for example with Express), or deploy ${runs} elsewhere`,
  ];
}

/** Programs that lie beside the files of a site. */
function serverSourceWarnings(tree: SourceTree): string[] {
  const php = tree.paths.filter(path => path.endsWith('.php') && !path.startsWith('vendor/'));
  const folders = hasFile(tree, 'index.html') && !hasFile(tree, 'package.json') ? appFolders(tree) : [];
  const programs = folders.filter(folder => !hasFile(tree, `${folder}/index.html`));
  return [
    ...(php.length === 0
      ? []
      : [`${named(php)}: PHP is not run here, and its source is not served: forms that send to it do not work`]),
    ...(programs.length === 0
      ? []
      : [
          `${named(programs.map(folder => `${folder}/`))} ${programs.length === 1 ? 'is an application' : 'are applications'} beside the page; only the page is served: deploy the folder as an app of its own, or set spec.build.path`,
        ]),
  ];
}

function hostWarnings(tree: SourceTree, answering: Answering): string[] {
  const warnings: string[] = [];
  const unread = (file: string, what: string) =>
    warnings.push(`${file}: ${what} are settings of a hosting company and do not apply here`);
  const vercel = vercelParts(tree);
  if (vercel.length > 0) unread('vercel.json', vercel.join(', '));
  const worker = ['wrangler.toml', 'wrangler.json', 'wrangler.jsonc'].find(file => hasFile(tree, file));
  if (worker !== undefined && (answering === 'site' || workerMain(tree, worker)))
    warnings.push(
      `${worker} describes a Cloudflare Worker, which nothing here runs: its bindings (KV, D1, R2) and its routes do not exist`,
    );
  if (hasNetlifyRedirects(tree)) unread('netlify.toml', 'redirects');
  const firebase = firebaseParts(tree);
  if (firebase.length > 0) unread('firebase.json', firebase.join(', '));
  const redirects = ['_redirects', 'public/_redirects', 'static/_redirects'].find(file => hasRedirects(tree, file));
  if (redirects !== undefined) unread(redirects, 'its redirects');
  return warnings;
}

/** A rule that shows index.html for every path is what a single-page application gets here as well. */
function isFallback(rule: unknown): boolean {
  return isRecord(rule) && /^\/(?:index\.html)?$/.test(String(rule.destination ?? rule.dest ?? ''));
}

function vercelParts(tree: SourceTree): string[] {
  const config = readJson(tree, 'vercel.json');
  if (config === undefined) return [];
  const lists = ['rewrites', 'redirects', 'routes'].filter(key => {
    const rules = config[key];
    return Array.isArray(rules) && rules.some(rule => !isFallback(rule));
  });
  return [...lists, ...['functions', 'crons'].filter(key => config[key] !== undefined)];
}

function firebaseParts(tree: SourceTree): string[] {
  const config = readJson(tree, 'firebase.json');
  if (config === undefined) return [];
  const hosting = isRecord(config.hosting) ? config.hosting : {};
  const lists = ['rewrites', 'redirects'].filter(key => {
    const rules = hosting[key];
    return Array.isArray(rules) && rules.some(rule => !isFallback(rule));
  });
  return [...lists, ...['functions', 'firestore', 'database', 'storage'].filter(key => config[key] !== undefined)];
}

function workerMain(tree: SourceTree, file: string): boolean {
  return /^\s{0,8}"?main"?\s{0,4}[=:]/m.test(tree.read(file) ?? '');
}

function hasNetlifyRedirects(tree: SourceTree): boolean {
  const blocks = (tree.read('netlify.toml') ?? '').split('[[redirects]]').slice(1);
  return blocks.some(block => !/\bto\s{0,4}=\s{0,4}["']\/(?:index\.html)?["']/.test(block.split('[[')[0] ?? ''));
}

function hasRedirects(tree: SourceTree, file: string): boolean {
  const lines = (tree.read(file) ?? '').split('\n').map(line => line.trim());
  return lines.some(
    line => line !== '' && !line.startsWith('#') && !/^\/\*\s{1,20}\/(?:index\.html)?(?:\s|$)/.test(line),
  );
}

function named(paths: readonly string[]): string {
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return `${paths.slice(0, 3).map(shown).join(', ')}${more}`;
}
