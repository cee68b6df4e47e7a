/** Refusals of the Node rule. */
import { fault, type Refusal } from './model.ts';
import type { NodePackage } from './node-package.ts';
import { entryFile, looksLikeServer } from './node-server.ts';
import { listedFirst, shown } from './shown.ts';
import { firstFile, joined, type SourceTree } from './source-tree.ts';

export function entrypointFault(folder = ''): Refusal {
  return fault(
    'EntrypointMissing',
    `${joined(folder, 'package.json')} has no start script, no main, and there is no server.js, index.js or app.js`,
    'add a "start" script to package.json that listens on process.env.PORT',
  );
}

/** Why nothing that this project builds can be started or shown here, as far as its manifest and configuration tell. */
export function unrunnable(tree: SourceTree, pkg: NodePackage): Refusal | undefined {
  return (
    svelteFault(tree, pkg) ??
    astroFault(tree, pkg) ??
    qwikFault(pkg) ??
    tanstackFault(pkg) ??
    routerFault(pkg) ??
    workerFault(tree, pkg) ??
    deviceFault(pkg)
  );
}

function svelteFault(tree: SourceTree, { all }: NodePackage): Refusal | undefined {
  const adapters = ['@sveltejs/adapter-node', '@sveltejs/adapter-static'];
  const usesAuto = (tree.read('svelte.config.js') ?? '').includes('@sveltejs/adapter-auto');
  if (!all.has('@sveltejs/kit') || (adapters.some(name => all.has(name)) && !usesAuto)) return undefined;
  return fault(
    'Unsupported',
    'SvelteKit has no adapter that makes a server: adapter-auto knows hosting companies only',
    'add @sveltejs/adapter-node (a server) or @sveltejs/adapter-static (files) to package.json and svelte.config.js',
  );
}

/** https://docs.astro.build/en/guides/on-demand-rendering/ */
function astroFault(tree: SourceTree, { all, scripts }: NodePackage): Refusal | undefined {
  const file = firstFile(
    tree,
    ['mjs', 'ts', 'js'].map(ending => `astro.config.${ending}`),
  );
  const config = file === undefined ? '' : (tree.read(file) ?? '');
  const isMiddleware = /mode\s*:\s*['"]middleware['"]/.test(config);
  if (!all.has('astro') || !(isMiddleware || /output\s*:\s*['"](?:server|hybrid)['"]/.test(config))) return undefined;
  const remedy = `add @astrojs/node to package.json and adapter: node({ mode: 'standalone' }) to ${file}`;
  if (!all.has('@astrojs/node'))
    return fault(
      'Unsupported',
      `${file} asks for a server, and only an adapter for a hosting company is there`,
      remedy,
    );
  const isOwn = scripts.start !== undefined && !/^astro\b/.test(scripts.start);
  if (isOwn || !isMiddleware) return undefined;
  return fault('Unsupported', `${file} makes a middleware, and nothing starts a server around it`, remedy);
}

/** https://qwik.dev/docs/deployments/ */
function qwikFault({ all, scripts }: NodePackage): Refusal | undefined {
  const isQwik = ['@builder.io/qwik-city', '@qwik.dev/router'].some(name => all.has(name));
  const hasServer = Object.values(scripts).some(script => /server\/entry|adapters\/static/.test(script));
  if (!isQwik || hasServer) return undefined;
  return fault(
    'Unsupported',
    'Qwik has no adapter that makes a server or pages: its build alone shows nothing',
    'run `npm run qwik add express` (a server) or `npm run qwik add static` (files), and send the project again',
  );
}

/** https://tanstack.com/start/latest/docs/framework/react/guide/hosting */
function tanstackFault({ all, scripts }: NodePackage): Refusal | undefined {
  const isStart = ['@tanstack/react-start', '@tanstack/solid-start'].some(name => all.has(name));
  const makers = ['nitro', 'nitropack', 'vinxi', '@tanstack/nitro-v2-vite-plugin'];
  if (!isStart || scripts.start !== undefined || makers.some(name => all.has(name))) return undefined;
  return fault(
    'Unsupported',
    'TanStack Start builds no server by itself, and neither a start script nor the Nitro plugin is there',
    'add nitro (its newest beta) to package.json and its plugin to vite.config.ts (import { nitro } from "nitro/vite")',
  );
}

/** https://reactrouter.com/how-to/spa */
function routerFault({ all, scripts }: NodePackage): Refusal | undefined {
  const isRouter = all.has('@react-router/dev') && /react-router build/.test(scripts.build ?? '');
  if (!isRouter || scripts.start !== undefined || all.has('@react-router/serve') || all.has('express'))
    return undefined;
  return fault(
    'Unsupported',
    'React Router builds a server, and nothing starts it: neither a start script nor @react-router/serve is there',
    'add @react-router/serve to package.json, or set ssr: false in react-router.config.ts for a single-page app',
  );
}

function workerFault(tree: SourceTree, pkg: NodePackage): Refusal | undefined {
  const entry = entryFile(tree, pkg);
  const isWorker = pkg.all.has('wrangler') && pkg.scripts.start === undefined && pkg.scripts.build === undefined;
  if (!isWorker || entry === undefined || looksLikeServer(tree, entry)) return undefined;
  return fault(
    'Unsupported',
    `${entry} is a Cloudflare Worker: it answers requests only inside of Cloudflare`,
    'start a server in it, for example with @hono/node-server, and add a "start" script',
  );
}

/** Applications that have a window of their own or run on a phone. */
function deviceFault({ all, scripts }: NodePackage): Refusal | undefined {
  const isElectron = all.has('electron') && /^electron(?:-forge)?\b/.test(scripts.start ?? '');
  const isPhone =
    all.has('react-native') && !all.has('react-native-web') && /^(?:expo|react-native)\b/.test(scripts.start ?? '');
  if (!isElectron && !isPhone) return undefined;
  return fault(
    'Unsupported',
    isElectron
      ? 'this is an Electron application: it opens a window on a desktop'
      : 'this is an application for phones: it has no page',
    isElectron
      ? 'send the pages of its window as a project of their own'
      : 'add react-native-web and react-dom, which make a web app of it',
  );
}

export function rushFault(): Refusal {
  return fault(
    'Unsupported',
    'rush.json is there: Rush installs and links its projects in its own way, which vibeD does not do',
    'Bring a Dockerfile at the root that runs rush install and rush build, or deploy the folder that rush deploy writes',
  );
}

/** A repository with several applications, by their folders. */
export function severalApps(folders: readonly string[]): Refusal {
  return fault(
    'LanguageUnknown',
    `the workspace has several applications: ${foldersOf(folders)}`,
    'Choose the one to build with spec.build.path (`build_path` in the tools), or add a "start" script to the package.json at the root that starts it',
  );
}

/** An application of Nx whose builder is not known. */
export function unknownProject(folder: string): Refusal {
  return fault(
    'EntrypointMissing',
    `${folder}/project.json does not tell what its target build makes, or where`,
    'Add to the package.json at the root a "build" script that builds it and a "start" script that runs the result, for example "node dist/apps/api/main.js"',
  );
}

/** A workspace that joins these folders, none of which is an application. */
export function noApp(folders: readonly string[]): Refusal {
  return fault(
    'EntrypointMissing',
    `the workspace joins ${foldersOf(folders)}, and none of them has a start script, a server or a page that is built`,
    'Add a "start" script that listens on process.env.PORT to the package.json of the package that runs, or to the one at the root',
  );
}

function foldersOf(folders: readonly string[]): string {
  return listedFirst(folders.map(folder => `${shown(folder)}/`));
}
