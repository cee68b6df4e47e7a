/** Small applications of every kind, as a person or a model would write them; the golden Dockerfiles are made from these. */

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const express =
  "const express = require('express');\nconst app = express();\napp.get('/', (q, r) => r.send('hi'));\napp.listen(process.env.PORT || 3000);\n";

/** Name of the sample → its files. */
export const samples: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'static-page': { 'index.html': '<h1>hi</h1>', 'css/site.css': 'h1 { color: red }', 'img/logo.png': 'png' },
  'static-public-folder': { 'public/index.html': '<h1>hi</h1>', 'public/404.html': 'no', 'README.md': '' },
  'node-express-npm': {
    'package.json': json({
      scripts: { start: 'node server.js' },
      dependencies: { express: '^5' },
      devDependencies: { nodemon: '3' },
    }),
    'package-lock.json': json({ lockfileVersion: 3 }),
    'server.js': express,
  },
  'node-express-no-lockfile-hard-port': {
    'package.json': json({ main: 'index.js', dependencies: { express: '^5' } }),
    'index.js': "const app = require('express')();\nconst port = 3000;\napp.listen(port, () => {});\n",
  },
  'node-plain-server': {
    'server.js': "require('http').createServer((q, r) => r.end('hi')).listen(process.env.PORT);\n",
  },
  'node-fastify-pnpm': {
    'package.json': json({
      type: 'module',
      packageManager: 'pnpm@9.15.4',
      scripts: { start: 'node src/main.js' },
      dependencies: { fastify: '5' },
    }),
    'pnpm-lock.yaml': 'lockfileVersion: 9.0\n',
    'src/main.js': "import fastify from 'fastify';\nfastify().listen({ port: process.env.PORT, host: '0.0.0.0' });\n",
  },
  'node-yarn': {
    'package.json': json({ scripts: { start: 'node index.js' }, dependencies: { koa: '3' } }),
    'yarn.lock': '# yarn lockfile v1\n',
    'index.js': "const Koa = require('koa');\nnew Koa().listen(process.env.PORT);\n",
  },
  'node-typescript-build': {
    'package.json': json({
      scripts: { build: 'tsc', start: 'node dist/index.js' },
      dependencies: { express: '5' },
      devDependencies: { typescript: '5', '@types/express': '5' },
    }),
    'package-lock.json': '{}',
    'tsconfig.json': '{ "compilerOptions": { "outDir": "./dist", "rootDir": "src" } }',
    'src/index.ts': "import express from 'express';\nexpress().listen(process.env.PORT);\n",
  },
  'node-vite-react': {
    'package.json': json({
      scripts: { dev: 'vite', build: 'vite build', preview: 'vite preview' },
      dependencies: { react: '19', 'react-dom': '19' },
      devDependencies: { vite: '7', '@vitejs/plugin-react': '5' },
    }),
    'index.html': '<div id=root></div><script type=module src=/src/main.jsx></script>',
    'src/main.jsx': 'x',
    'vite.config.js': "export default { build: { outDir: 'public_html' } }",
  },
  'node-create-react-app': {
    'package.json': json({
      scripts: { start: 'react-scripts start', build: 'react-scripts build' },
      dependencies: { 'react-scripts': '5' },
    }),
    'public/index.html': '<div id=root></div>',
    'src/index.js': 'x',
  },
  'node-next': {
    'package.json': json({
      scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
      dependencies: { next: '16', react: '19', 'react-dom': '19' },
      devDependencies: { typescript: '5' },
    }),
    'package-lock.json': '{}',
    'app/page.tsx': 'export default () => null',
  },
  'node-next-export': {
    'package.json': json({ scripts: { build: 'next build', start: 'next start' }, dependencies: { next: '16' } }),
    'next.config.mjs': "export default { output: 'export' }",
  },
  'node-nuxt': {
    'package.json': json({ scripts: { build: 'nuxt build', preview: 'nuxt preview' }, dependencies: { nuxt: '4' } }),
    'app.vue': '',
  },
  'node-astro': {
    'package.json': json({ scripts: { start: 'astro dev', build: 'astro build' }, dependencies: { astro: '5' } }),
  },
  'node-workspaces': {
    'package.json': json({
      workspaces: ['packages/*'],
      scripts: { start: 'tsx packages/api/index.ts' },
      devDependencies: { tsx: '4' },
    }),
    'package-lock.json': '{}',
    'packages/api/index.ts': "import http from 'node:http';",
  },
  'python-fastapi': {
    'requirements.txt': 'fastapi==0.121.0\nuvicorn[standard]\n',
    'main.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
  },
  'python-fastapi-package': {
    'requirements.txt': 'fastapi\n-r more.txt\n',
    'more.txt': 'httpx\n',
    'app/__init__.py': '',
    'app/main.py': 'from .db import x\nfrom fastapi import FastAPI\napi: FastAPI = FastAPI(title="x")\n',
  },
  'python-flask': {
    'requirements.txt': 'Flask\n',
    'app.py': 'from flask import Flask\napp = Flask(__name__)\nif __name__ == "__main__":\n    app.run(port=5000)\n',
  },
  'python-flask-factory': {
    'pyproject.toml': '[project]\nname = "x"\nversion = "1"\ndependencies = [\n  "flask>=3",\n  "gunicorn",\n]\n',
    'uv.lock': '',
    'src/site/__init__.py': 'import flask\ndef create_app():\n    return flask.Flask(__name__)\n',
  },
  'python-django': {
    'requirements.txt': 'django\nwhitenoise\n',
    'manage.py': "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    'shop/wsgi.py': 'application = get_wsgi_application()\n',
    'shop/settings.py': '',
  },
  'python-streamlit': { 'requirements.txt': 'streamlit\n', 'dashboard.py': 'import streamlit as st\n' },
  'python-gradio': { 'requirements.txt': 'gradio\n', 'app.py': 'import gradio as gr\ngr.Interface().launch()\n' },
  'python-plain': { 'main.py': 'from http.server import HTTPServer\nHTTPServer(("", 9000), None)\n' },
  'python-poetry': {
    'pyproject.toml': '[tool.poetry]\nname = "x"\npackage-mode = false\n[tool.poetry.dependencies]\nflask = "*"\n',
    'poetry.lock': '',
    'app.py': 'import flask\nserver = flask.Flask(__name__)\n',
  },
  'go-module': {
    'go.mod': 'module example.com/hi\n\ngo 1.24\n\nrequire github.com/go-chi/chi/v5 v5.2.3\n',
    'go.sum': 'x\n',
    'main.go':
      'package main\n\nimport (\n\t"os"\n\t"github.com/go-chi/chi/v5"\n)\n\nfunc main() { os.Getenv("PORT") }\n',
  },
  'go-cmd-without-sum': {
    'go.mod': 'module hi\n',
    'cmd/hello/main.go':
      'package main\n\nimport "github.com/go-chi/chi/v5"\n\nfunc main() { http.ListenAndServe(":3000", nil) }\n',
  },
  'rust-axum': {
    'Cargo.toml': '[package]\nname = "hello"\nversion = "0.1.0"\n\n[dependencies]\naxum = "0.8"\n',
    'Cargo.lock': '',
    'src/main.rs': 'fn main() {}',
  },
};
