/** Node projects whose result is a folder of files: single-page applications and generated sites. */
import type { NodePackage } from './node-package.ts';
import { filesEndingIn, firstFile, isRecord, readJson, type SourceTree } from './source-tree.ts';
import { isPlain, plain } from './steps.ts';

/** A site that a build script writes into `output`. */
export interface BundledSite {
  readonly framework: string;
  /** Folder relative to the project. */
  readonly output: string;
  readonly why: string;
  readonly spaFallback: boolean;
  /** The command that builds it, where that is not the build script. */
  readonly build?: string;
}

interface Bundler {
  readonly dependency: string;
  readonly framework: string;
  readonly spaFallback: boolean;
  output(tree: SourceTree, pkg: NodePackage): string;
}

const viteConfigs = ['vite.config.ts', 'vite.config.js', 'vite.config.mjs', 'vite.config.mts'];
const svelteConfigs = ['svelte.config.js', 'svelte.config.ts', 'svelte.config.mjs'];
const astroConfigs = ['astro.config.mjs', 'astro.config.ts', 'astro.config.js'];

/** In order: a framework before the bundler that it is built on. */
const bundlers: readonly Bundler[] = [
  bundler('@angular/cli', 'angular', true, angularOutput),
  bundler('@angular/build', 'angular', true, angularOutput),
  bundler(
    'astro',
    'astro',
    false,
    tree => configured(tree, astroConfigs, /outDir\s*:\s*['"]\.?\/?([^'"]+)['"]/) ?? 'dist',
  ),
  bundler('@docusaurus/core', 'docusaurus', false, () => 'build'),
  bundler('gatsby', 'gatsby', false, () => 'public'),
  bundler('@11ty/eleventy', 'eleventy', false, (_tree, pkg) => optionOf(pkg, '--output') ?? '_site'),
  bundler('vitepress', 'vitepress', false, (_tree, pkg) => pressOutput(pkg, 'vitepress')),
  bundler('vuepress', 'vuepress', false, (_tree, pkg) => pressOutput(pkg, 'vuepress')),
  bundler('@sveltejs/adapter-static', 'sveltekit', true, () => 'build'),
  bundler('react-scripts', 'create-react-app', true, () => 'build'),
  bundler('@vue/cli-service', 'vue-cli', true, () => 'dist'),
  bundler('ember-cli', 'ember', true, () => 'dist'),
  bundler('vite', 'vite', true, tree => configured(tree, viteConfigs, /outDir\s*:\s*['"]\.?\/?([^'"]+)['"]/) ?? 'dist'),
  bundler('parcel', 'parcel', true, (_tree, pkg) => optionOf(pkg, '--dist-dir') ?? 'dist'),
  bundler('webpack', 'webpack', true, () => 'dist'),
  bundler('@rspack/cli', 'rspack', true, () => 'dist'),
  bundler('@rsbuild/core', 'rsbuild', true, () => 'dist'),
  bundler('rollup', 'rollup', true, tree => (firstFile(tree, ['public/index.html']) === undefined ? 'dist' : 'public')),
  bundler('esbuild', 'esbuild', true, (_tree, pkg) => optionOf(pkg, '--outdir') ?? 'dist'),
];

/** The names of all of them, for people. */
export const siteFrameworks: readonly string[] = [...new Set(bundlers.map(({ framework }) => framework))];

/** Start scripts that run a development server or a preview of the built files: signs of a site, not of a server. */
const previewScript =
  /^(?:npx\s+)?(?:vite(?:\s|$)|react-scripts start|ng serve|ember serve|astro(?:\s|$)|parcel|webpack(?:-dev-server)?(?:\s|$)|rspack|rsbuild|vue-cli-service serve|serve(?:\s|$)|http-server|live-server|gatsby|docusaurus|eleventy|vitepress|npm run (?:dev|serve|preview)|(?:pnpm|yarn) (?:dev|preview))/;

/** Whether this start script only shows files. */
export function isPreview(script: string): boolean {
  return previewScript.test(script.trim());
}

/** The site this project builds, when a bundler is a dependency and a build script runs it. */
export function bundledSite(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  const found = bundlers.find(entry => pkg.all.has(entry.dependency));
  const ofDocuments = pkg.scripts['docs:build'] !== undefined && /^v(?:ite|ue)press$/.test(found?.framework ?? '');
  if (found === undefined || (pkg.scripts.build === undefined && !ofDocuments)) return undefined;
  const guess = found.output(tree, pkg).replace(/(?<!\/)\/+$/, '');
  const output = isPlain(guess) && !guess.startsWith('/') ? plain(guess) : 'dist';
  const why = `${found.dependency} builds pages into ${output}/, and no server is declared: the pages are served as static files`;
  const spaFallback = found.spaFallback && !isSiteOfPages(tree, pkg);
  const build = pkg.scripts.build === undefined && { build: 'npm run docs:build' };
  return { framework: found.framework, output, why, spaFallback, ...build };
}

const routers = [
  ...['react-router', 'react-router-dom', '@tanstack/react-router', 'wouter', 'vue-router', '@angular/router'],
  ...['@solidjs/router', 'preact-router', 'preact-iso', 'svelte-routing', 'svelte-spa-router', 'page', 'navigo'],
];

/** Several pages of the project's own, or pages that SvelteKit writes one by one, are no routes of a single one. */
function isSiteOfPages(tree: SourceTree, pkg: NodePackage): boolean {
  if (pkg.all.has('@sveltejs/adapter-static')) return configured(tree, svelteConfigs, /\b(fallback)\s*:/) === undefined;
  const pages = tree.paths.filter(
    path => /^(?:src\/|public\/)?[^/]+\.html$/.test(path) && !/(?:^|\/)404\.html$/.test(path),
  );
  return pages.length > 1 && !routers.some(name => pkg.all.has(name));
}

function bundler(dependency: string, framework: string, spaFallback: boolean, output: Bundler['output']): Bundler {
  return { dependency, framework, spaFallback, output };
}

/** The first capture of the pattern in the first config file that exists. */
function configured(tree: SourceTree, files: readonly string[], pattern: RegExp): string | undefined {
  const file = firstFile(tree, files);
  return file === undefined ? undefined : pattern.exec(tree.read(file) ?? '')?.[1];
}

function optionOf(pkg: NodePackage, option: string): string | undefined {
  const words = (pkg.scripts.build ?? '').split(/[\s=]+/);
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1]?.replace(/^\.?\//, '');
}

function pressOutput(pkg: NodePackage, tool: 'vitepress' | 'vuepress'): string {
  const root = /v(?:ite|ue)press build\s+([\w-]+)/.exec(pkg.scripts.build ?? pkg.scripts['docs:build'] ?? '')?.[1];
  return root === undefined ? `.${tool}/dist` : `${root}/.${tool}/dist`;
}

/** The application builder writes below `browser/`, the older one straight into the output path. */
function angularOutput(tree: SourceTree): string {
  const { base, isApplication, options } = angularBuild(tree);
  const named = isRecord(options.outputPath) ? options.outputPath.browser : undefined;
  return isApplication ? `${base}/${typeof named === 'string' ? named : 'browser'}` : base;
}

/** The folder of the server that an Angular build writes; undefined when it writes pages only. */
export function angularServer(tree: SourceTree): string | undefined {
  const { base, isApplication, options } = angularBuild(tree);
  const isServer = options.ssr !== undefined && options.ssr !== false && options.outputMode !== 'static';
  return isApplication && isServer ? `${base}/server` : undefined;
}

function angularBuild(tree: SourceTree) {
  const workspace = readJson(tree, 'angular.json');
  const projects = isRecord(workspace?.projects) ? workspace.projects : {};
  const [name, project] = Object.entries(projects)[0] ?? ['app', undefined];
  const architect = isRecord(project) && isRecord(project.architect) ? project.architect : {};
  const build = isRecord(architect.build) ? architect.build : {};
  const options = isRecord(build.options) ? build.options : {};
  const path = isRecord(options.outputPath) ? options.outputPath.base : options.outputPath;
  const base = typeof path === 'string' ? path.replace(/\/$/, '') : `dist/${name}`;
  return { base, options, isApplication: /:application$/.test(String(build.builder)) };
}

/** Whether a page is there for a bundler or a browser to start from. */
export function hasPage(tree: SourceTree): boolean {
  return filesEndingIn(tree, 'index.html').length > 0;
}
