import { describe, expect, it } from 'vitest';
import { isServed, servedPaths, siteFailure } from './served-files.ts';
import { treeOf } from './source-tree.ts';

describe('a static site', () => {
  it.each([
    ...[
      'index.html',
      'css/site.css',
      'js/app.min.js',
      'data/prices.json',
      'feed.xml',
      'robots.txt',
      'notes.md',
      'a.pdf',
    ],
    ...['.well-known/security.txt', 'app.webmanifest', 'img/logo.svg', 'main.js.map', 'CNAME', 'config.js'],
  ])('serves %s', path => expect(isServed(path)).toBe(true));

  it.each([
    ...['contact.php', 'app.py', 'lib/cart.rb', 'Program.cs', 'App.java', 'Main.kt', 'main.go', 'src/main.rs'],
    ...['src/main.ts', 'src/App.tsx', 'src/App.jsx', 'App.vue', 'App.svelte', 'pages/a.astro', 'deploy.sh', 'dump.sql'],
    ...[
      'shop.db',
      'shop.sqlite',
      '.env',
      '.env.local',
      'prod.env',
      'package.json',
      'sub/package-lock.json',
      'yarn.lock',
    ],
    ...['pnpm-lock.yaml', 'bun.lock', 'bun.lockb', 'composer.json', 'requirements.txt', 'requirements-dev.txt'],
    ...['pyproject.toml', 'Pipfile', 'Pipfile.lock', 'poetry.lock', 'uv.lock', 'go.mod', 'go.sum', 'Cargo.toml'],
    ...['Gemfile', 'Gemfile.lock', 'tsconfig.json', 'tsconfig.node.json', 'vite.config.ts', 'tailwind.config.js'],
    ...['Dockerfile', 'Dockerfile.dev', 'docker-compose.yml', 'compose.yaml', 'Makefile', 'Procfile', 'vercel.json'],
    ...['netlify.toml', 'wrangler.toml', '.git/config', '.htpasswd', 'a/.cache/x.html', 'x/.well-known/a', 'tls.pem'],
    ...['tls.key', 'id_rsa', 'node_modules/x/index.js', 'netlify/functions/a.js', 'functions/a.js', 'credentials.json'],
  ])('does not serve %s', path => expect(isServed(path)).toBe(false));

  it('serves its folder only, without the functions in it', () => {
    const tree = treeOf({
      'public/index.html': '',
      'public/app.ts': '',
      'server.py': '',
      'api/quote.js': 'export default () => 1',
    });
    expect(servedPaths(tree, 'public')).toEqual(['index.html']);
    expect(servedPaths(tree)).toEqual(['public/index.html']);
  });

  it('serves the sources that the page translates in the browser', () => {
    const tree = treeOf({
      'index.html': '<script type="text/babel" src="./app.jsx"></script>',
      'app.jsx': '',
      'b.jsx': '',
    });
    expect(servedPaths(tree)).toEqual(['app.jsx', 'index.html']);
  });
});

describe('a page whose scripts need a build', () => {
  const said = (html: string, more: Readonly<Record<string, string>> = {}) =>
    siteFailure(treeOf({ 'index.html': html, ...more }))?.message;

  it.each([
    ['<script type=module src=/src/main.jsx></script>', 'src/main.jsx'],
    ['<script src="app.ts?v=1"></script>', 'app.ts'],
    ['<script type="module">import "./style.css"</script>', './style.css'],
    ['<script type="module">import App from "./App.vue"</script>', './App.vue'],
    ['<script type="module">\n import {\n a,\n b\n } from "@scope/pkg"\n</script>', '@scope/pkg'],
  ])('%s is refused', (html, named) => expect(said(html)).toContain(named));

  it.each([
    '<script src="https://cdn.example/app.ts"></script>',
    '<script type="module">import sheet from "./a.css" with { type: "css" }</script>',
    '<script>const text = "import x from \'react\'"</script>',
    '<script type="module">import a from "/a.js"; import b from "https://esm.sh/b"</script>',
    '<script',
    '',
  ])('%s is served', html => expect(said(html)).toBeUndefined());
});
