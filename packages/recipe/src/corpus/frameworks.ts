/** Frameworks of Node.js: what starts, what is served, and what cannot be either. */
import type { Entry } from './entry.ts';

type Texts = Readonly<Record<string, string>>;
const project = (scripts: Texts, names: readonly string[], files: Texts = {}): Texts => ({
  'package.json': JSON.stringify({
    type: 'module',
    scripts,
    dependencies: Object.fromEntries(names.map(name => [name, '*'])),
  }),
  ...files,
});
const angular = (options: object, builder = '@angular/build:application') => ({
  'angular.json': JSON.stringify({
    projects: { shop: { architect: { build: { builder, options: { outputPath: 'dist/shop', ...options } } } } },
  }),
});

/** Name, framework, files, and what the summary or a reason says. */
type Row = readonly [name: string, framework: string, files: Texts, says: string];

const rows: readonly Row[] = [
  ['Next.js', 'next', project({ build: 'next build', start: 'next start' }, ['next']), 'npm run --silent start'],
  [
    'Next.js without a start script',
    'next',
    project({ build: 'next build' }, ['next']),
    'node_modules/.bin/next start',
  ],
  [
    'Next.js that exports into a folder of its choice',
    'next',
    project({ build: 'next build', start: 'next start' }, ['next'], {
      'next.config.mjs': "export default { output: 'export', distDir: './site' };\n",
    }),
    'site/ is served as static pages',
  ],
  [
    'Next.js with its standalone server, which lacks the styles',
    'next',
    project({ build: 'next build', start: 'node .next/standalone/server.js' }, ['next']),
    'node_modules/.bin/next start',
  ],
  ['Nuxt', 'nuxt', project({ build: 'nuxt build' }, ['nuxt']), 'node .output/server/index.mjs'],
  ['Nuxt that generates', 'nuxt', project({ build: 'nuxt generate' }, ['nuxt']), '.output/public/ is served'],
  [
    'SvelteKit with a server',
    'sveltekit',
    project({ build: 'vite build' }, ['@sveltejs/kit', '@sveltejs/adapter-node', 'vite']),
    'started by node build',
  ],
  [
    'SvelteKit that writes files',
    'sveltekit',
    project({ build: 'vite build' }, ['@sveltejs/kit', '@sveltejs/adapter-static', 'vite'], {
      'svelte.config.js': "export default { kit: { adapter: adapter({ fallback: '200.html' }) } };\n",
    }),
    'build/ is served as a single-page app',
  ],
  [
    'Astro',
    'astro',
    project({ build: 'astro build', start: 'astro dev' }, ['astro']),
    'dist/ is served as static pages',
  ],
  [
    'Astro with a server',
    'astro',
    project({ build: 'astro build' }, ['astro', '@astrojs/node'], {
      'astro.config.mjs': "export default { output: 'server', adapter: node({ mode: 'standalone' }) };\n",
    }),
    'node ./dist/server/entry.mjs',
  ],
  [
    'React Router with a server',
    'react-router',
    project({ build: 'react-router build' }, ['@react-router/serve', '@react-router/dev', 'vite']),
    'react-router-serve ./build/server/index.js',
  ],
  [
    'React Router as a single page, with the start script of its template',
    'react-router',
    project(
      { build: 'react-router build', start: 'react-router-serve ./build/server/index.js' },
      ['@react-router/serve', '@react-router/dev', 'vite'],
      { 'react-router.config.ts': 'export default { ssr: false } satisfies Config;\n' },
    ),
    'build/client/ is served as a single-page app',
  ],
  [
    'Remix as a single page',
    'remix',
    project({ build: 'remix vite:build' }, ['@remix-run/react', '@remix-run/dev', 'vite'], {
      'vite.config.ts': 'export default { plugins: [remix({ ssr: false })] };\n',
    }),
    'build/client/ is served',
  ],
  [
    'Angular',
    'angular',
    project({ start: 'ng serve', build: 'ng build' }, ['@angular/core', '@angular/cli'], angular({})),
    'dist/shop/browser/ is served as a single-page app',
  ],
  [
    'Angular before version 17',
    'angular',
    project(
      { start: 'ng serve', build: 'ng build' },
      ['@angular/core', '@angular/cli'],
      angular({}, '@angular-devkit/build-angular:browser'),
    ),
    'dist/shop/ is served as a single-page app',
  ],
  [
    'Angular with its own server',
    'angular',
    project(
      { start: 'ng serve', build: 'ng build' },
      ['@angular/core', '@angular/cli', '@angular/ssr', 'express'],
      angular({ ssr: { entry: 'src/server.ts' }, outputMode: 'server' }),
    ),
    'node dist/shop/server/server.mjs',
  ],
  [
    'Angular whose pages are all written by the build',
    'angular',
    project(
      { start: 'ng serve', build: 'ng build' },
      ['@angular/core', '@angular/cli', '@angular/ssr', 'express'],
      angular({ ssr: { entry: 'src/server.ts' }, outputMode: 'static' }),
    ),
    'dist/shop/browser/ is served',
  ],
  [
    'SolidStart',
    'vinxi',
    project({ build: 'vinxi build', start: 'vinxi start' }, ['@solidjs/start', 'vinxi']),
    'node .output/server/index.mjs',
  ],
  [
    'TanStack Start with Nitro',
    'tanstack-start',
    project({ build: 'vite build' }, ['@tanstack/react-start', 'nitro', 'vite']),
    'node .output/server/index.mjs',
  ],
  [
    'Vue CLI',
    'vue-cli',
    project({ serve: 'vue-cli-service serve', build: 'vue-cli-service build' }, ['vue', '@vue/cli-service'], {
      'public/index.html': '<div id="app"></div>\n',
    }),
    'dist/ is served as a single-page app',
  ],
  [
    'Create React App',
    'create-react-app',
    project({ start: 'react-scripts start', build: 'react-scripts build' }, ['react-scripts']),
    'build/ is served as a single-page app',
  ],
  [
    'Expo for the web',
    'expo',
    project({ start: 'expo start' }, ['expo', 'react-native', 'react-native-web'], { 'app.json': '{"expo":{}}' }),
    'npx expo export --platform web, dist/ is served as a single-page app',
  ],
  ['Ember', 'ember', project({ build: 'ember build', start: 'ember serve' }, ['ember-cli']), 'dist/ is served'],
  [
    'VitePress in a folder of documents',
    'vitepress',
    project({ 'docs:build': 'vitepress build docs' }, ['vitepress'], { 'docs/index.md': '# Hi\n' }),
    'npm run docs:build, docs/.vitepress/dist/ is served',
  ],
  [
    'Hono for Bun',
    'hono',
    project({ dev: 'bun run --hot src/index.ts' }, ['hono', '@types/bun'], { 'src/index.ts': 'export default app;\n' }),
    'started by bun src/index.ts',
  ],
];

/** Name, files, and what message or remedy says. */
const refused: readonly (readonly [name: string, files: Texts, says: readonly string[]])[] = [
  [
    'SvelteKit for a hosting company',
    project({ build: 'vite build' }, ['@sveltejs/kit', '@sveltejs/adapter-auto', 'vite']),
    ['adapter-auto', '@sveltejs/adapter-node'],
  ],
  [
    'Astro for a hosting company',
    project({ build: 'astro build' }, ['astro', '@astrojs/vercel'], {
      'astro.config.mjs': "export default { output: 'server', adapter: vercel() };\n",
    }),
    ['astro.config.mjs', '@astrojs/node'],
  ],
  [
    'Astro as a middleware',
    project({ build: 'astro build' }, ['astro', '@astrojs/node'], {
      'astro.config.ts': "export default { output: 'server', adapter: node({ mode: 'middleware' }) };\n",
    }),
    ['middleware', 'standalone'],
  ],
  ['Qwik without an adapter', project({ build: 'qwik build' }, ['@builder.io/qwik-city', 'vite']), ['Qwik', 'express']],
  [
    'TanStack Start without Nitro',
    project({ build: 'vite build' }, ['@tanstack/react-start', 'vite']),
    ['TanStack Start', 'nitro'],
  ],
  [
    'a Cloudflare Worker',
    project({ dev: 'wrangler dev' }, ['hono', 'wrangler'], { 'src/index.ts': 'export default app;\n' }),
    ['Cloudflare Worker', '@hono/node-server'],
  ],
  ['Electron', project({ start: 'electron .' }, ['electron'], { 'main.js': '' }), ['Electron', 'window']],
  ['an app for phones', project({ start: 'expo start' }, ['expo', 'react-native']), ['phones', 'react-native-web']],
];

export const frameworks: readonly Entry[] = [
  ...rows.map(([name, framework, files, says]) => ({
    name,
    files,
    expect: { language: 'nodejs', framework, says: [says] },
  })),
  ...refused.map(([name, files, says]) => ({ name, files, expect: { refused: 'Unsupported', says } })),
];
