// Pages: as they are, or made by a bundler.
import { json, page, type Running, shows, vite, viteScripts } from './shape.ts';

export const sites: readonly Running[] = [
  {
    title: 'an app in a folder of its own',
    files: {
      'project/index.html': '<!doctype html><title>Wrapped</title><h1>wrapped page</h1>\n',
      'README.md': '# Hi\n',
    },
    text: 'wrapped page',
  },
  {
    title: 'a Vite app in a folder of its own',
    files: {
      'project/package.json': json({ name: 'list', private: true, scripts: viteScripts, devDependencies: vite }),
      'project/index.html': page,
      'project/src/main.js': "document.querySelector('#app').textContent = 'in a folder';\n",
    },
    text: 'in a folder',
  },
  {
    title: 'one of two folders, chosen by spec.build.path',
    files: {
      'frontend/index.html': '<!doctype html><title>Front</title><h1>the chosen half</h1>\n',
      'backend/main.py': 'print("never started")\n',
      'backend/requirements.txt': 'flask\n',
    },
    build: { path: 'frontend' },
    text: 'the chosen half',
  },
  {
    title: 'a public value for the build',
    files: {
      'package.json': json({ name: 'weather', private: true, scripts: viteScripts, devDependencies: vite }),
      'index.html': page,
      'src/main.js': "document.querySelector('#app').textContent = import.meta.env.VITE_GREETING;\n",
    },
    build: { env: [{ name: 'VITE_GREETING', value: `it's $HOME "quoted"` }] },
    text: '$HOME "quoted"',
  },
  {
    title: 'a deep link of a single-page app',
    files: {
      'package.json': json({ name: 'orders', private: true, scripts: viteScripts, devDependencies: vite }),
      'index.html': page,
      'src/main.js': shows("'order ' + location.pathname.split('/').pop()"),
    },
    path: '/orders/7',
    text: 'order ',
  },
  {
    title: 'pages in public/ beside a README',
    files: {
      'public/index.html': '<!doctype html><title>Club</title><h1>the club</h1><a href="/about.html">About</a>\n',
      'public/about.html': '<!doctype html><title>About</title><h1>about the club</h1>\n',
      'README.md': '# The club\n',
    },
    path: '/about',
    text: 'about the club',
  },
  {
    title: 'a file whose name has a space and an umlaut',
    files: {
      'index.html': '<!doctype html><title>Rezepte</title><a href="Käse kuchen.html">Käsekuchen</a>\n',
      'Käse kuchen.html': '<!doctype html><title>Käse</title><h1>drei Eier</h1>\n',
    },
    path: '/K%C3%A4se%20kuchen.html',
    text: 'drei Eier',
  },
  {
    title: 'a page with the tools for its stylesheet',
    files: {
      'index.html': '<!doctype html><title>Bakery</title><link rel="stylesheet" href="site.css"><h1>fresh bread</h1>\n',
      'site.css': 'h1 { color: brown }\n',
      'package.json': json({ name: 'bakery', private: true, devDependencies: { prettier: '^3.0.0' } }),
    },
    text: 'fresh bread',
  },
  {
    title: 'a folder around a folder, as archives make it',
    files: {
      'shop-main/shop/index.html': '<!doctype html><title>Shop</title><h1>two folders deep</h1>\n',
      'shop-main/README.md': '# Shop\n',
    },
    text: 'two folders deep',
  },
];
