/** Trees of pages, of folders that hold the one application, and of several applications. */
import type { Entry } from './entry.ts';

const page = '<!doctype html><html><body><h1>Tomato diary</h1></body></html>';
const vite = JSON.stringify({ scripts: { dev: 'vite', build: 'vite build' }, devDependencies: { vite: '^7' } });
const viteReact = JSON.stringify({
  scripts: { dev: 'vite', build: 'vite build' },
  dependencies: { react: '^19', 'react-dom': '^19' },
  devDependencies: { vite: '^7' },
});
const viteFiles = (folder: string) => ({
  [`${folder}package.json`]: vite,
  [`${folder}index.html`]: '<div id="app"></div><script type="module" src="/src/main.ts"></script>',
  [`${folder}src/main.ts`]: "document.querySelector('#app')!.textContent = 'hello';\n",
});
const express = (folder: string) => ({
  [`${folder}package.json`]: JSON.stringify({ scripts: { start: 'node server.js' }, dependencies: { express: '^5' } }),
  [`${folder}server.js`]: "require('express')().get('/', (q, r) => r.send('hi')).listen(process.env.PORT);\n",
});
const flask = (folder: string) => ({
  [`${folder}requirements.txt`]: 'flask\n',
  [`${folder}app.py`]:
    "from flask import Flask\napp = Flask(__name__)\n\n@app.get('/')\ndef home():\n    return 'hi'\n",
});
const go = (folder: string) => ({
  [`${folder}go.mod`]: 'module example.com/shop\n\ngo 1.26\n',
  [`${folder}main.go`]: 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":8080", nil) }\n',
});
const choose = ['several applications', 'spec.build.path'];
const several = (...folders: readonly string[]) => ({ refused: 'LanguageUnknown', says: [...choose, ...folders] });

/** Judged by what a person sees at `/`. */
export const staticEntries: readonly Entry[] = [
  { name: 'one page', files: { 'index.html': page }, expect: { language: 'static' } },
  {
    name: 'a page with its style and picture',
    files: { 'index.html': page, 'style.css': 'h1 { color: red }', 'img/tomato.png': 'png' },
    expect: { language: 'static' },
  },
  {
    name: 'pages in public/',
    files: { 'public/index.html': page, 'public/404.html': 'no such page', 'README.md': '# Diary' },
    expect: { language: 'static', says: ['public'], runs: ['public/'] },
  },
  {
    name: 'a README alone',
    files: { 'README.md': '# My notes' },
    expect: { refused: 'EntrypointMissing', says: ['nothing here can be shown at /', 'index.html'] },
  },
  {
    name: 'text files and no page',
    files: { 'notes.txt': 'buy seeds', LICENSE: 'MIT', 'data.json': '[]' },
    expect: { refused: 'EntrypointMissing', says: ['there is no index.html'] },
  },
  {
    name: 'one page of another name',
    files: { 'about.html': page, 'style.css': '' },
    expect: { refused: 'EntrypointMissing', says: ['there is no index.html', 'about.html'] },
  },
  {
    name: 'styles and scripts without a page',
    files: { 'app.css': 'a {}', 'widget.js': 'console.log(1)' },
    expect: { refused: 'EntrypointMissing', says: ['there is no index.html'] },
  },
  {
    name: 'a page that loads TypeScript',
    files: {
      'index.html': '<div id="root"></div><script type="module" src="/src/main.tsx"></script>',
      'src/main.tsx': "import { createRoot } from 'react-dom/client';\n",
    },
    expect: { refused: 'Unsupported', says: ['src/main.tsx', 'build'] },
  },
  {
    name: 'a module that imports a package by its name',
    files: {
      'index.html': '<script type="module" src="app.js"></script>',
      'app.js': "import React from 'react';\nimport './widgets.js';\n",
      'widgets.js': '',
    },
    expect: { refused: 'Unsupported', says: ['app.js', 'react', 'import map'] },
  },
  {
    name: 'a module inside the page that imports a package by its name',
    files: {
      'index.html': '<script type="module">\n  import confetti from "canvas-confetti";\n  confetti();\n</script>',
    },
    expect: { refused: 'Unsupported', says: ['canvas-confetti'] },
  },
  {
    name: 'an import map resolves the names',
    files: {
      'index.html':
        '<script type="importmap">{"imports":{"three":"https://cdn.example/three.js"}}</script><script type="module" src="scene.js"></script>',
      'scene.js': "import * as THREE from 'three';\n",
    },
    expect: { language: 'static' },
  },
  {
    name: 'modules that import each other by path and from a CDN',
    files: {
      'index.html': '<script type="module" src="./js/main.js"></script>',
      'js/main.js': "import { draw } from './draw.js';\nimport { h } from 'https://esm.sh/preact';\ndraw(h);\n",
      'js/draw.js': 'export const draw = () => {};\n',
    },
    expect: { language: 'static' },
  },
  {
    name: 'React by Babel in the browser',
    files: {
      'index.html':
        '<script src="https://unpkg.com/@babel/standalone/babel.min.js"></script><script type="text/babel" src="app.jsx"></script>',
      'app.jsx': "const App = () => <h1 style={{ color: 'red' }}>hi</h1>;\n",
    },
    expect: { language: 'static', runs: ['location = "/app.jsx" { try_files'] },
  },
  {
    name: 'a Vue page with mustaches',
    files: {
      'index.html':
        '<script src="https://unpkg.com/vue@3"></script><div id="app">{{ message }}</div><script>Vue.createApp({ data: () => ({ message: 1 }) }).mount("#app")</script>',
    },
    expect: { language: 'static' },
  },
  {
    name: 'a page that explains templates',
    files: { 'index.html': '<h1>Liquid</h1><pre>{% if user %}Hello {{ user.name }}{% endif %}</pre>' },
    expect: { language: 'static' },
  },
  {
    name: 'functions beside a page',
    files: {
      'index.html': page,
      'api/quote.js': 'export default function handler(req, res) { res.json({ quote: 1 }); }\n',
      'vercel.json': '{"rewrites":[{"source":"/q","destination":"/api/quote"}]}',
    },
    expect: { language: 'static', says: ['api/quote.js is a function', 'vercel.json'] },
  },
  {
    name: 'Netlify functions beside a page',
    files: {
      'index.html': page,
      'netlify/functions/send.js': 'exports.handler = async () => ({ statusCode: 200 });\n',
      'netlify.toml': '[[redirects]]\nfrom = "/send"\nto = "/.netlify/functions/send"\n',
    },
    expect: { language: 'static', says: ['netlify/functions/send.js', 'netlify.toml'] },
  },
  {
    name: 'a Cloudflare worker beside a page',
    files: { 'index.html': page, 'wrangler.toml': 'name = "x"\nmain = "worker.js"\n', 'worker.js': '' },
    expect: { language: 'static', says: ['wrangler.toml'] },
  },
  {
    name: 'Supabase functions beside a page',
    files: { 'index.html': page, 'supabase/functions/pay/index.ts': 'Deno.serve(() => new Response("ok"));\n' },
    expect: { language: 'static', says: ['supabase/functions/pay/index.ts'] },
  },
  {
    name: 'a redirect to the page is what happens anyway',
    files: { 'index.html': page, _redirects: '/* /index.html 200\n' },
    expect: { language: 'static', never: ['_redirects:'] },
  },
  {
    name: 'a script in api/ that the page loads',
    files: {
      'index.html': '<script type="module" src="api/client.js"></script>',
      'api/client.js': 'export const get = path => fetch(path);\n',
    },
    expect: { language: 'static', never: ['is a function'] },
  },
  {
    name: 'a wrapped Vite project',
    files: viteFiles('project/'),
    expect: { language: 'nodejs', framework: 'vite', folder: 'project', says: ['project/'] },
  },
  {
    name: 'an archive of a branch',
    files: { 'README.md': '', ...express('shop-main/'), 'shop-main/README.md': '' },
    expect: { language: 'nodejs', folder: 'shop-main', says: ['shop-main/'] },
  },
  {
    name: 'a folder around a folder',
    files: { 'export/diary/requirements.txt': 'flask\n', 'export/diary/app.py': flask('')['app.py'] ?? '' },
    expect: { language: 'python', folder: 'export/diary' },
  },
  {
    name: 'a page in a folder of the project name',
    files: { 'tomato-diary/index.html': page, 'tomato-diary/style.css': '', LICENSE: '' },
    expect: { language: 'static', folder: 'tomato-diary' },
  },
  {
    name: 'one application in backend/ with documents beside it',
    files: { ...flask('backend/'), 'README.md': '', 'docs/recipe.md': '', 'images/a.png': '', '.gitignore': '' },
    expect: { language: 'python', folder: 'backend', says: ['backend/'] },
  },
  {
    name: 'a Go program in a folder of its own',
    files: { ...go('service/'), 'README.md': '' },
    expect: { language: 'go', folder: 'service' },
  },
  {
    name: 'a frontend and a FastAPI backend',
    files: { ...viteFiles('frontend/'), ...flask('backend/') },
    expect: several('backend/', 'frontend/'),
  },
  {
    name: 'a frontend and a service, with a README',
    files: { ...viteFiles('frontend/'), ...flask('service/'), 'README.md': '# Shop' },
    expect: several('frontend/', 'service/'),
  },
  {
    name: 'a frontend and a backend inside one folder',
    files: { ...viteFiles('shop/client/'), ...express('shop/server/'), 'README.md': '' },
    expect: several('shop/client/', 'shop/server/'),
  },
  {
    name: 'a frontend and a backend that only a compose file joins',
    files: {
      ...viteFiles('web/'),
      ...go('api/'),
      'web/Dockerfile': 'FROM node\n',
      'docker-compose.yml': 'services: {}\n',
    },
    expect: several('api/', 'web/'),
  },
  {
    name: 'a page without a manifest and a backend',
    files: { 'frontend/index.html': page, ...flask('backend/') },
    expect: several('backend/', 'frontend/'),
  },
  {
    name: 'seven services',
    files: Object.assign({}, ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => express(`svc-${name}/`))),
    expect: several('svc-a/', 'svc-e/', '2 more'),
  },
  {
    name: 'a root Dockerfile joins two applications',
    files: { Dockerfile: 'FROM nginx\nEXPOSE 80\n', ...viteFiles('frontend/'), ...flask('backend/') },
    expect: { language: 'dockerfile', says: ['Dockerfile'] },
  },
  {
    name: 'an application with examples beside it',
    files: { ...express(''), ...express('examples/basic/'), ...viteFiles('docs/') },
    expect: { language: 'nodejs', runs: ['server.js'] },
  },
  {
    name: 'a Python application with end-to-end tests in Node',
    files: { ...flask(''), 'e2e/package.json': '{"scripts":{"test":"playwright test"}}' },
    expect: { language: 'python' },
  },
  {
    name: 'sources beside the only manifest',
    files: { ...flask('backend/'), 'shared/prices.py': 'price = 1\n' },
    expect: { refused: 'LanguageUnknown', says: ['backend/', 'shared/prices.py', 'spec.build.path'] },
  },
  {
    name: 'a root page with a program in a folder',
    files: { 'index.html': page, ...flask('backend/') },
    expect: { language: 'static', says: ['backend/ is an application beside the page'], never: ['app.py'] },
  },
  {
    name: 'a React project with its own page',
    files: { ...viteFiles(''), 'package.json': viteReact },
    expect: { language: 'nodejs', framework: 'vite' },
  },
];
