/** Trees that ask for a version of their language. */
import type { Entry } from './entry.ts';

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const django = (files: Record<string, string>) => ({
  'manage.py': "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
  'requirements.txt': 'Django==6.0\n',
  'shop/__init__.py': '',
  'shop/settings.py': "ROOT_URLCONF = 'shop.urls'\nWSGI_APPLICATION = 'shop.wsgi.application'\n",
  'shop/urls.py': 'urlpatterns = []\n',
  'shop/wsgi.py': 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
  ...files,
});
const flask = (files: Record<string, string>) => ({
  'app.py': "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home():\n    return 'hi'\n",
  'requirements.txt': 'flask==3.1.0\n',
  ...files,
});
const project = (requires: string) => ({
  'main.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
  'pyproject.toml': `[project]\nname = "notes"\nversion = "0.1.0"\nrequires-python = "${requires}"\ndependencies = ["fastapi"]\n`,
});
const express = (manifest: Record<string, unknown> = {}, files: Record<string, string> = {}) => ({
  'package.json': json({ scripts: { start: 'node server.js' }, dependencies: { express: '^5.1.0' }, ...manifest }),
  'server.js': "require('express')().get('/', (q, r) => r.send('hi')).listen(process.env.PORT || 3000);\n",
  ...files,
});
const vite = (files: Record<string, string>) => ({
  'package.json': json({ scripts: { build: 'vite build' }, devDependencies: { vite: '^7.0.0' } }),
  'index.html': '<div id="root"></div><script type="module" src="/src/main.js"></script>',
  'src/main.js': "document.querySelector('#root').textContent = 'hi';\n",
  ...files,
});
const server = (mod: string, files: Record<string, string> = {}) => ({
  'go.mod': `module example.com/hello\n\n${mod}`,
  'main.go':
    'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\nfunc main() { http.ListenAndServe(":"+os.Getenv("PORT"), nil) }\n',
  ...files,
});

const python: readonly Entry[] = [
  {
    name: 'Django on the Python of runtime.txt',
    files: django({ 'runtime.txt': 'python-3.13.2\n' }),
    expect: { language: 'python', framework: 'django', says: ['runtime.txt', '3.13'], runs: ['FROM python:3.13-slim'] },
  },
  {
    name: 'Python of .python-version with a patch version',
    files: flask({ '.python-version': '3.12.7\n' }),
    expect: { language: 'python', says: ['.python-version asks for Python 3.12.7'], runs: ['FROM python:3.12-slim'] },
  },
  {
    name: '.python-version with a comment and two versions',
    files: flask({ '.python-version': '# for pyenv\n3.11\n3.12\n' }),
    expect: { language: 'python', runs: ['FROM python:3.11-slim'] },
  },
  {
    name: '.python-version of uv with the name of the implementation',
    files: flask({ '.python-version': 'cpython-3.14.0-linux-x86_64-gnu\n' }),
    expect: { language: 'python', runs: ['FROM python:3.14-slim'] },
  },
  {
    name: '.python-version with Windows line ends',
    files: flask({ '.python-version': '3.12\r\n' }),
    expect: { language: 'python', runs: ['FROM python:3.12-slim'] },
  },
  {
    name: 'an old Python that no base has',
    files: flask({ '.python-version': '3.8.10\n' }),
    expect: {
      refused: 'VersionUnavailable',
      says: ['.python-version asks for Python 3.8.10', '3.14, 3.13, 3.12, 3.11 and 3.10', 'builds.bases.python'],
    },
  },
  {
    name: 'runtime.txt with Python 2',
    files: flask({ 'runtime.txt': 'python-2.7.18' }),
    expect: { refused: 'VersionUnavailable', says: ['runtime.txt asks for Python 2.7.18'] },
  },
  {
    name: '.python-version with the name of a virtual environment',
    files: flask({ '.python-version': 'my-shop\n' }),
    expect: { language: 'python', says: ['.python-version is not followed: my-shop'], runs: ['FROM python:3.13-slim'] },
  },
  {
    name: 'requires-python that the default satisfies',
    files: project('>=3.9'),
    expect: { language: 'python', says: ['pyproject.toml asks for Python >=3.9'], runs: ['FROM python:3.13-slim'] },
  },
  {
    name: 'requires-python below the default',
    files: project('>=3.10,<3.13'),
    expect: { language: 'python', framework: 'fastapi', runs: ['FROM python:3.12-slim'] },
  },
  {
    name: 'requires-python above the default',
    files: project('>=3.14'),
    expect: { language: 'python', runs: ['FROM python:3.14-slim'] },
  },
  {
    name: 'requires-python that no base satisfies',
    files: project('>=3.15'),
    expect: { refused: 'VersionUnavailable', says: ['pyproject.toml asks for Python >=3.15'] },
  },
  {
    name: '.python-version before requires-python',
    files: { ...project('>=3.10'), '.python-version': '3.11\n' },
    expect: { language: 'python', says: ['.python-version'], runs: ['FROM python:3.11-slim'] },
  },
  {
    name: 'Python of a Poetry project',
    files: {
      'app.py': 'from flask import Flask\napp = Flask(__name__)\n',
      'pyproject.toml':
        '[tool.poetry]\nname = "x"\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "~3.11"\nflask = "^3.0"\n',
    },
    expect: { language: 'python', framework: 'flask', runs: ['FROM python:3.11-slim'] },
  },
  {
    name: 'Python of a Pipfile',
    files: {
      'app.py': 'from flask import Flask\napp = Flask(__name__)\n',
      Pipfile: '[packages]\nflask = "*"\n\n[requires]\npython_version = "3.10"\n',
    },
    expect: { language: 'python', says: ['Pipfile asks for Python 3.10'], runs: ['FROM python:3.10-slim'] },
  },
  {
    name: 'Python of .tool-versions',
    files: flask({ '.tool-versions': 'nodejs 20.11.0\npython 3.14.0 3.12.1\n' }),
    expect: { language: 'python', says: ['.tool-versions'], runs: ['FROM python:3.14-slim'] },
  },
  {
    name: 'Django without a version of Python',
    files: django({}),
    expect: { language: 'python', framework: 'django', runs: ['FROM python:3.13-slim'] },
  },
];

const node: readonly Entry[] = [
  {
    name: 'Node of .nvmrc with a v',
    files: express({}, { '.nvmrc': 'v22.3.0\n' }),
    expect: { language: 'nodejs', says: ['.nvmrc asks for Node.js v22.3.0'], runs: ['FROM node:22-slim'] },
  },
  {
    name: 'the newest long-term release',
    files: express({}, { '.nvmrc': 'lts/*\n' }),
    expect: { language: 'nodejs', runs: ['FROM node:24-slim'] },
  },
  {
    name: 'a long-term release by its name',
    files: vite({ '.nvmrc': 'lts/iron\n' }),
    expect: { language: 'nodejs', says: ['lts/iron'], runs: ['FROM node:20-slim'] },
  },
  {
    name: 'a long-term release that no base has',
    files: express({}, { '.nvmrc': 'lts/hydrogen\n' }),
    expect: { refused: 'VersionUnavailable', says: ['.nvmrc', 'lts/hydrogen', '24, 22 and 20', 'change .nvmrc'] },
  },
  {
    name: 'Node of .node-version for a built page',
    files: vite({ '.node-version': '22\n' }),
    expect: { language: 'nodejs', runs: ['FROM node:22-slim'] },
  },
  {
    name: 'engines that the default satisfies',
    files: express({ engines: { node: '>=18' } }),
    expect: { language: 'nodejs', says: ['package.json asks for Node.js >=18'], runs: ['FROM node:24-slim'] },
  },
  {
    name: 'engines with alternatives below the default',
    files: express({ engines: { node: '^18.18.0 || ^20.9.0 || ^22.0.0' } }),
    expect: { language: 'nodejs', runs: ['FROM node:22-slim'] },
  },
  {
    name: 'engines with an exact version',
    files: express({ engines: { node: '20.11.1' } }),
    expect: { language: 'nodejs', runs: ['FROM node:20-slim'] },
  },
  {
    name: 'engines with an upper end in the middle of a series',
    files: express({ engines: { node: '>=18 <22.5' } }),
    expect: { language: 'nodejs', runs: ['FROM node:20-slim'] },
  },
  {
    name: 'engines that no base satisfies',
    files: express({ engines: { node: '16.x' } }),
    expect: { refused: 'VersionUnavailable', says: ['package.json asks for Node.js 16.x', 'builds.bases.node'] },
  },
  {
    name: '.nvmrc before engines',
    files: express({ engines: { node: '>=24' } }, { '.nvmrc': '22' }),
    expect: { language: 'nodejs', says: ['.nvmrc'], runs: ['FROM node:22-slim'] },
  },
  {
    name: 'Node pinned by Volta',
    files: express({ volta: { node: '20.19.4', npm: '10.8.2' }, engines: { node: '>=18' } }),
    expect: { language: 'nodejs', runs: ['FROM node:20-slim'] },
  },
  {
    name: 'Node of devEngines',
    files: express({ devEngines: { runtime: { name: 'node', version: '^22.4.0', onFail: 'error' } } }),
    expect: { language: 'nodejs', runs: ['FROM node:22-slim'] },
  },
  {
    name: 'Node of mise.toml',
    files: express({}, { 'mise.toml': '[env]\nnode = "18"\n\n[tools]\npython = "3.12"\nnode = "22"\n' }),
    expect: { language: 'nodejs', says: ['mise.toml asks for Node.js 22'], runs: ['FROM node:22-slim'] },
  },
  {
    name: 'engines that are no version',
    files: express({ engines: { node: 'please use a recent one' } }),
    expect: { language: 'nodejs', says: ['package.json is not followed'], runs: ['FROM node:24-slim'] },
  },
  {
    name: 'an empty .nvmrc',
    files: express({}, { '.nvmrc': '\n' }),
    expect: { language: 'nodejs', runs: ['FROM node:24-slim'] },
  },
];

const go: readonly Entry[] = [
  {
    name: 'an older go line is a minimum',
    files: server('go 1.21\n'),
    expect: { language: 'go', says: ['go.mod asks for Go 1.21 or newer'], runs: ['FROM golang:1.26'] },
  },
  {
    name: 'a toolchain beside an older go line',
    files: server('go 1.24.0\n\ntoolchain go1.25.3\n'),
    expect: { language: 'go', runs: ['FROM golang:1.26'] },
  },
  {
    name: 'a go line newer than every base',
    files: server('go 1.27\n'),
    expect: {
      refused: 'VersionUnavailable',
      says: ['go.mod asks for Go 1.27 or newer', '1.26 and 1.25', 'builds.bases.go'],
    },
  },
  {
    name: 'a version file chooses among what go.mod allows',
    files: server('go 1.24\n', { '.go-version': '1.25.1\n' }),
    expect: { language: 'go', says: ['.go-version'], runs: ['FROM golang:1.25'] },
  },
  {
    name: 'a version file older than every base',
    files: server('go 1.20\n', { '.tool-versions': 'golang 1.20.4\n' }),
    expect: { language: 'go', runs: ['FROM golang:1.26'] },
  },
];

/** The corpus is judged with the bases of the default settings, by their short names: `node:24-slim`, `python:3.13-slim`, `golang:1.26`. */
export const versions: readonly Entry[] = [...python, ...node, ...go];
