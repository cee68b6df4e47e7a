// What is refused before a build, and what fails after it, with the words that help.
import { type Failing, json, page, server, vite, viteScripts } from './shape.ts';

export const failing: readonly Failing[] = [
  {
    title: 'PHP beside a page',
    files: { 'index.html': '<h1>Shop</h1>\n', 'contact.php': '<?php $password = "x"; ?>\n' },
    reason: 'LanguageUnknown',
    says: ['PHP', 'contact.php'],
  },
  {
    title: '.NET with wwwroot',
    files: { 'Shop.csproj': '<Project/>\n', 'Program.cs': 'app.Run();\n', 'wwwroot/index.html': '<h1>Shop</h1>\n' },
    reason: 'LanguageUnknown',
    says: ['.NET', 'Shop.csproj'],
  },
  {
    title: 'a Hugo site',
    files: { 'hugo.toml': 'title = "x"\n', 'layouts/index.html': '{{ .Title }}\n', 'content/a.md': '# a\n' },
    reason: 'LanguageUnknown',
    says: ['Hugo', 'public/'],
  },
  {
    title: 'two apps',
    files: {
      'frontend/package.json': json({ scripts: viteScripts, devDependencies: vite }),
      'frontend/index.html': page,
      'service/app.py': 'from flask import Flask\napp = Flask(__name__)\n',
      'service/requirements.txt': 'flask\n',
    },
    reason: 'LanguageUnknown',
    says: ['frontend', 'service', 'spec.build.path'],
  },
  {
    title: 'two Go commands',
    files: {
      'go.mod': 'module example.com/two\n\ngo 1.24\n',
      'cmd/migrate/main.go': 'package main\n\nfunc main() {}\n',
      'cmd/shopd/main.go': 'package main\n\nfunc main() {}\n',
    },
    reason: 'EntrypointMissing',
    says: ['cmd/migrate', 'cmd/shopd'],
  },
  {
    title: 'nothing to show',
    files: { 'README.md': '# A plan\n' },
    reason: 'EntrypointMissing',
    says: ['index.html'],
  },
  {
    title: 'a Python that the installation does not have',
    files: {
      '.python-version': '3.13\n',
      'requirements.txt': 'flask\n',
      'app.py': 'from flask import Flask\napp = Flask(__name__)\n',
    },
    reason: 'VersionUnavailable',
    says: ['3.13', '.python-version', '3.11'],
  },
  {
    title: 'a server on a port of its own',
    files: {
      'package.json': json({ type: 'module', scripts: { start: 'node server.js' } }),
      'server.js':
        "import { createServer } from 'node:http';\nconst port = Number(process.env.port ?? 3000);\ncreateServer((q, s) => s.end('hi')).listen(port, () => console.log('up on', port, 'after 359 ms'));\n",
    },
    reason: 'WrongPort',
    step: 'deploy',
    says: ['3000'],
  },
  {
    title: 'a folder that nobody may make',
    files: {
      'package.json': json({ type: 'module', scripts: { start: 'node server.js' } }),
      'server.js': `import { mkdirSync } from 'node:fs';\nmkdirSync('/data');\n${server("'never'")}`,
    },
    reason: 'CrashLoop',
    step: 'deploy',
    says: ['/data', '/tmp'],
  },
  {
    title: 'a database that refuses',
    files: {
      'package.json': json({ type: 'module', scripts: { start: 'node server.js' } }),
      'server.js': "throw new Error('permission denied for table orders');\n",
    },
    reason: 'CrashLoop',
    step: 'deploy',
    says: ['permission denied for table orders', 'database'],
  },
  {
    title: 'a Ruby app',
    files: { Gemfile: "gem 'sinatra'\n", 'config.ru': 'run App\n', 'public/index.html': '<h1>Shop</h1>\n' },
    reason: 'LanguageUnknown',
    says: ['Ruby', 'Gemfile', 'Dockerfile'],
  },
  {
    title: 'a Jekyll site',
    files: { '_config.yml': 'title: x\n', '_layouts/default.html': '{{ content }}\n', 'index.md': '---\n---\n# Hi\n' },
    reason: 'LanguageUnknown',
    says: ['Jekyll', '_site/'],
  },
  {
    title: 'a page with the tags of a template',
    files: { 'index.html': '<!doctype html><title>{{ page.title }}</title>{% include header.html %}<h1>Hi</h1>\n' },
    reason: 'LanguageUnknown',
    says: ['index.html', 'template'],
  },
  {
    title: 'a Flutter app',
    files: { 'pubspec.yaml': 'name: x\nflutter:\n  uses-material-design: true\n', 'lib/main.dart': 'void main() {}\n' },
    reason: 'LanguageUnknown',
    says: ['Flutter', 'build/web/'],
  },
  {
    title: 'a SvelteKit app without an adapter for a server',
    files: {
      'package.json': json({
        name: 'kit',
        type: 'module',
        scripts: { build: 'vite build' },
        devDependencies: { '@sveltejs/kit': '^2.0.0', '@sveltejs/adapter-auto': '^3.0.0', svelte: '^5.0.0', ...vite },
      }),
      'svelte.config.js':
        "import adapter from '@sveltejs/adapter-auto';\nexport default { kit: { adapter: adapter() } };\n",
      'src/routes/+page.svelte': '<h1>Hi</h1>\n',
      'src/app.html': '<body>%sveltekit.body%</body>\n',
    },
    reason: 'LanguageUnknown',
    says: ['adapter-auto', 'adapter-node'],
  },
  {
    title: 'two versions that do not fit together',
    files: {
      'package.json': json({
        name: 'peers',
        type: 'module',
        scripts: { start: 'node server.js' },
        dependencies: { react: '19.0.0', 'react-dom': '18.2.0' },
      }),
      'server.js': server("'never'"),
    },
    reason: 'DependencyMissing',
    says: ['react-dom', 'package.json'],
  },
  {
    title: 'a script that calls a tool nobody installed',
    files: {
      'package.json': json({
        name: 'tools',
        type: 'module',
        scripts: { build: 'grunt dist', start: 'node server.js' },
      }),
      'server.js': server("'never'"),
    },
    reason: 'DependencyMissing',
    says: ['grunt', 'package.json'],
  },
  {
    title: 'a module that requirements.txt does not name',
    files: {
      'requirements.txt': 'bottle==0.13.4\n',
      'main.py': 'import os\nimport markdown\nfrom bottle import Bottle\n\napp = Bottle()\n',
    },
    reason: 'DependencyMissing',
    step: 'deploy',
    says: ['markdown', 'requirements.txt'],
  },
  {
    title: 'a shared library that the image does not have',
    files: {
      'requirements.txt': 'bottle==0.13.4\n',
      'main.py': 'import ctypes\n\nctypes.CDLL("libGL.so.1")\n',
    },
    reason: 'DependencyMissing',
    step: 'deploy',
    says: ['libGL.so.1', 'libgl1'],
  },
  {
    title: 'a script that may not be executed',
    files: {
      'package.json': json({ name: 'mode', type: 'module', scripts: { start: './start.sh' } }),
      'start.sh': '#!/bin/sh\nexec node server.js\n',
      'server.js': server("'never'"),
    },
    reason: 'CrashLoop',
    step: 'deploy',
    says: ['start.sh', 'chmod +x'],
  },
];
