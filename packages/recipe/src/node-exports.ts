/** Frameworks that write plain files because the project says so, whatever its start script is. */
import type { NodePackage } from './node-package.ts';
import type { BundledSite } from './node-static.ts';
import { isRecord, readJson, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** The files that the project's configuration asks for; undefined where the framework makes a server, or is another one. */
export function exportedSite(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  if (pkg.all.has('next')) return nextSite(tree);
  if (pkg.all.has('nuxt')) return nuxtSite(pkg);
  if (pkg.all.has('expo')) return expoSite(tree, pkg);
  return routerSite(tree, pkg) ?? startSite(tree, pkg) ?? bunSite(pkg);
}

/** https://nextjs.org/docs/app/guides/static-exports */
function nextSite(tree: SourceTree): BundledSite | undefined {
  const config = configOf(tree, 'next.config');
  if (!/output\s*:\s*['"]export['"]/.test(config)) return undefined;
  const folder = /distDir\s*:\s*['"](?:\.\/)?([\w./-]{1,100}?)\/?['"]/.exec(config)?.[1] ?? 'out';
  return {
    framework: 'next',
    output: isPlain(folder) ? folder : 'out',
    spaFallback: false,
    why: "next.config sets output: 'export': the pages are served as static files",
  };
}

function nuxtSite({ scripts }: NodePackage): BundledSite | undefined {
  if (!/\b(?:nuxt|nuxi) generate\b/.test(scripts.build ?? '')) return undefined;
  const why = 'the build script generates static pages';
  return { framework: 'nuxt', output: '.output/public', spaFallback: true, why };
}

/** https://reactrouter.com/how-to/spa */
function routerSite(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  const isRouter = pkg.all.has('@react-router/dev');
  if (!isRouter && !pkg.all.has('@remix-run/dev')) return undefined;
  const config = configOf(tree, isRouter ? 'react-router.config' : 'vite.config');
  if (!/\bssr\s*:\s*false\b/.test(config)) return undefined;
  const framework = isRouter ? 'react-router' : 'remix';
  return { framework, output: 'build/client', spaFallback: true, why: 'ssr: false makes a single-page app' };
}

/** An app for the web; one for phones alone is no page. https://docs.expo.dev/guides/publishing-websites/ */
function expoSite(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  if (!pkg.all.has('react-native-web')) return undefined;
  const expo = readJson(tree, 'app.json')?.expo;
  const web = isRecord(expo) && isRecord(expo.web) ? expo.web : {};
  return {
    framework: 'expo',
    output: 'dist',
    spaFallback: web.output === undefined || web.output === 'single',
    why: 'react-native-web is a dependency: Expo exports the app for the web',
    ...(pkg.scripts.build === undefined && { build: 'npx expo export --platform web' }),
  };
}

/** https://docs.solidjs.com/solid-start/building-your-application/route-prerendering */
function startSite(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  const isStatic = /\bpreset\s*:\s*['"]static['"]/.test(configOf(tree, 'app.config'));
  if (!pkg.all.has('vinxi') || !isStatic) return undefined;
  const why = "app.config sets preset: 'static'";
  return { framework: 'vinxi', output: '.output/public', spaFallback: false, why };
}

/** https://bun.com/docs/bundler/html-static */
function bunSite({ scripts }: NodePackage): BundledSite | undefined {
  const build = scripts.build ?? '';
  // `bun index.html` is the development server of such a page.
  const startsServer = scripts.start !== undefined && !/^bun (?:--\S{1,60} ){0,5}\S{1,200}\.html$/.test(scripts.start);
  if (!/^bun build \S{1,200}\.html\b/.test(build) || startsServer) return undefined;
  const output = /--outdir[= ](?:\.\/)?([\w./-]{1,100})/.exec(build)?.[1];
  if (output === undefined || !isPlain(output)) return undefined;
  return { framework: 'bun', output, spaFallback: true, why: 'bun build makes pages' };
}

/** The text of a configuration, whatever its ending. */
function configOf(tree: SourceTree, name: string): string {
  return (
    ['js', 'mjs', 'ts', 'cjs', 'mts'].map(ending => tree.read(`${name}.${ending}`)).find(text => text !== undefined) ??
    ''
  );
}
