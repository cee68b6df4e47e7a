/** Start scripts that start the server through something else. */
import type { Entry } from './entry.ts';

/** Name, start script, what the Dockerfile has, and what it must not have. */
type Row = readonly [name: string, start: string, runs: readonly string[], never?: readonly string[]];

const rows: readonly Row[] = [
  [
    'a server and a page that concurrently starts',
    'concurrently "npm:server" "npm:client"',
    ['CMD ["node", "server.js"]', 'npm run build'],
    ['concurrently'],
  ],
  ['npm-run-all in parallel', 'npm-run-all -p client server', ['CMD ["node", "server.js"]']],
  ['run-s builds first', 'run-s build server', ['CMD ["node", "server.js"]', 'npm run build'], ['run-s']],
  [
    'a build before the server',
    'npm run build && node server.js',
    ['CMD ["node", "server.js"]', 'npm run build'],
    ['&&'],
  ],
  ['values from a file', 'dotenv -e .env.production -- node server.js', ['CMD ["node", "server.js"]']],
  ['env-cmd with a file', 'env-cmd -f ./.env node server.js', ['CMD ["node", "server.js"]'], ['env-cmd']],
  [
    'a file of values that is not in the source',
    'node --env-file=.env server.js',
    ['CMD ["node", "server.js"]'],
    ['env-file'],
  ],
  ['pm2 in the background', 'pm2 start server.js --name shop', ['CMD ["node", "server.js"]'], ['pm2']],
  [
    'pm2 with a configuration',
    'pm2 start fleet.json',
    ['CMD ["pm2-runtime", "start", "fleet.json"]', '/app/node_modules/.bin:$PATH'],
  ],
  ['forever', 'forever start server.js', ['CMD ["node", "server.js"]']],
  [
    'nodemon with a compiler',
    'nodemon --watch src --exec "tsx" server.ts',
    ['CMD ["tsx", "server.ts"]', '/app/node_modules/.bin:$PATH'],
    ['nodemon'],
  ],
  ['tsx that watches', 'tsx watch --clear-screen=false server.ts', ['CMD ["tsx", "server.ts"]'], ['watch']],
  ['Node that watches', 'node --watch-path=./src --watch server.js', ['CMD ["node", "server.js"]'], ['--watch']],
  ['Bun that reloads', 'bun --hot server.ts', ['CMD ["bun", "server.ts"]'], ['--hot']],
  ['a script that calls a script that calls a script', 'npm run serve', ['CMD ["node", "server.js"]']],
  ['a shell around the server', "sh -c 'node server.js'", ['CMD ["node", "server.js"]']],
  [
    'a migration before the server stays as it is',
    'prisma migrate deploy && node server.js',
    ['CMD ["npm", "run", "--silent", "start"]'],
  ],
  [
    'two servers stay as they are',
    'concurrently "node server.js" "node worker.js"',
    ['CMD ["npm", "run", "--silent", "start"]'],
  ],
  [
    'a compiler that is only a development dependency stays in the image',
    'node --import tsx server.ts',
    ['CMD ["node", "--import", "tsx", "server.ts"]'],
    ['prune'],
  ],
  ['a file of processes', 'pm2-runtime ecosystem.config.js', ['CMD ["node", "server.js"]']],
  ['pm2 that runs a script', 'pm2 start npm --name shop -- run serve', ['CMD ["node", "server.js"]']],
  ['a port before a tool of the project', 'PORT=3000 tsx server.ts', ['CMD ["tsx", "server.ts"]'], ['PORT=3000']],
  [
    'a preview of the page beside a server',
    'npm run build && vite preview --port $PORT',
    ['CMD ["node", "server.js"]'],
    ['vite preview'],
  ],
  ['two tools for the page beside a server', 'concurrently "vite" "tailwindcss -w"', ['CMD ["node", "server.js"]']],
  ['names that share a beginning', 'run-p server:*', ['CMD ["node", "server.js"]']],
];

const server = "require('http').createServer(() => {}).listen(process.env.PORT);\n";

function entryOf([name, start, runs, never = []]: Row): Entry {
  const scripts = {
    start,
    build: 'vite build',
    client: 'vite',
    server: 'cross-env NODE_ENV=production node server.js',
    serve: 'yarn server',
    'server:api': 'nodemon server.js',
    'server:page': 'vite',
  };
  const files = {
    'package.json': JSON.stringify({
      scripts,
      dependencies: { express: '4' },
      devDependencies: { vite: '6', tsx: '4' },
    }),
    'server.js': server,
    'server.ts': server,
    'worker.js': '',
    'ecosystem.config.js': "module.exports = { apps: [{ name: 'shop', script: './server.js' }] };\n",
  };
  return { name, files, expect: { language: 'nodejs', runs, never } };
}

export const startScripts: readonly Entry[] = [
  ...rows.map(entryOf),
  {
    name: 'a Procfile whose program is in a package',
    files: {
      Procfile: 'web: tsx server.ts\n',
      'package.json': JSON.stringify({ dependencies: { tsx: '4' } }),
      'server.ts': server,
    },
    expect: { language: 'nodejs', runs: ['CMD ["tsx", "server.ts"]', 'PATH="/app/node_modules/.bin:$PATH"'] },
  },
  {
    name: 'two tools for a page, and no server',
    files: {
      'package.json': JSON.stringify({
        scripts: { start: 'npm run build && vite preview --port $PORT', build: 'vite build' },
        devDependencies: { vite: '6' },
      }),
      'index.html': '<div id="app"></div><script type="module" src="/src/main.js"></script>',
      'src/main.js': '',
    },
    expect: { language: 'nodejs', framework: 'vite', says: ['dist/ is served as a single-page app'] },
  },
  {
    name: 'a compose file with the command, and a database beside it',
    files: {
      'compose.yaml':
        'services:\n  web:\n    build: .\n    command: node bin/www.js\n  postgres:\n    image: postgres:17\n  cache:\n    image: redis\n',
      'package.json': JSON.stringify({ name: 'x' }),
      'bin/www.js': server,
    },
    expect: {
      language: 'nodejs',
      says: ['the compose file starts it', 'compose.yaml also describes postgres and cache'],
      runs: ['CMD ["node", "bin/www.js"]'],
    },
  },
  {
    name: 'a compose file beside a start script, which knows better',
    files: {
      'docker-compose.yml': 'services:\n  app:\n    build:\n      context: .\n    command: ["npm", "run", "dev"]\n',
      'package.json': JSON.stringify({ scripts: { start: 'node server.js', dev: 'nodemon server.js' } }),
      'server.js': server,
    },
    expect: { language: 'nodejs', runs: ['CMD ["node", "server.js"]'], never: ['also describes'] },
  },
  {
    name: 'a Python program that only the compose file names',
    files: {
      'docker-compose.yml':
        'services:\n  bot:\n    build: .\n    command: python -m shop.web --port 9000\n  db:\n    image: mysql:8\n',
      'requirements.txt': 'bottle\n',
      'shop/__init__.py': '',
      'shop/web.py': 'print("hi")\n',
    },
    expect: {
      language: 'python',
      says: ['the compose file names the command', 'docker-compose.yml also describes db', 'run it elsewhere'],
      runs: ['exec python -m shop.web --port 9000'],
    },
  },
  {
    name: 'a compose file that is not YAML',
    files: { 'compose.yml': 'services: [', 'package.json': '{"scripts":{"start":"node a.js"}}', 'a.js': server },
    expect: { language: 'nodejs', runs: ['CMD ["node", "a.js"]'], never: ['compose'] },
  },
  {
    name: 'a package manager whose lockfile is not here, beside the lockfile of another',
    files: {
      'package.json': JSON.stringify({
        packageManager: 'pnpm@9.1.0',
        scripts: { start: 'node a.js' },
        dependencies: { ms: '2' },
      }),
      'package-lock.json': '{"lockfileVersion":3}',
      'a.js': server,
    },
    expect: {
      language: 'nodejs',
      says: ['npm ci installs from package-lock.json; package.json names pnpm, whose lockfile is not here'],
      runs: ['npm ci'],
    },
  },
  {
    name: 'two lockfiles',
    files: {
      'package.json': JSON.stringify({ scripts: { start: 'node a.js' }, dependencies: { ms: '2' } }),
      'package-lock.json': '{"lockfileVersion":3}',
      'bun.lockb': '',
      'a.js': server,
    },
    expect: { language: 'nodejs', says: ['bun.lockb is not used'], runs: ['npm ci'] },
  },
  {
    name: 'a page of Vite whose author only ever started the development server',
    files: {
      'package.json': JSON.stringify({ scripts: { dev: 'vite --host' }, devDependencies: { vite: '6' } }),
      'index.html': '<div id="app"></div><script type="module" src="/src/main.js"></script>',
      'src/main.js': "import ms from 'ms';\n",
    },
    expect: { language: 'nodejs', framework: 'vite', says: ['npx vite build, dist/ is served as a single-page app'] },
  },
  {
    name: 'Next.js with its development server alone',
    files: { 'package.json': JSON.stringify({ scripts: { dev: 'next dev' }, dependencies: { next: '15' } }) },
    expect: { language: 'nodejs', framework: 'next', says: ['npx next build, '], runs: ['next", "start"'] },
  },
  {
    name: 'a start script that shows the page, beside the server',
    files: {
      'package.json': JSON.stringify({
        scripts: { start: 'vite', build: 'vite build', server: 'node server.js' },
        dependencies: { express: '4' },
        devDependencies: { vite: '6' },
      }),
      'index.html': '<div id="app"></div><script type="module" src="/src/main.js"></script>',
      'src/main.js': '',
      'server.js': server,
    },
    expect: { language: 'nodejs', runs: ['npm run build', 'CMD ["node", "server.js"]'] },
  },
  {
    name: 'tests by Vite, which is not what answers',
    files: {
      'package.json': JSON.stringify({
        scripts: { start: 'node server.js', test: 'vitest' },
        devDependencies: { vite: '6', vitest: '3' },
      }),
      'server.js': server,
    },
    expect: { language: 'nodejs', runs: ['CMD ["node", "server.js"]'], never: ['vite build'] },
  },
  {
    name: 'a Procfile that starts a server beside the page that Vite builds',
    files: {
      Procfile: 'web: node lib/http.js\n',
      'package.json': JSON.stringify({
        scripts: { build: 'vite build' },
        dependencies: { express: '4' },
        devDependencies: { vite: '6' },
      }),
      'index.html': '<div id="app"></div>',
      'lib/http.js': server,
    },
    expect: { language: 'nodejs', runs: ['npm run build', 'CMD ["node", "lib/http.js"]'] },
  },
  {
    name: 'a server that only the script for development names, beside a page',
    files: {
      'package.json': JSON.stringify({
        scripts: { dev: 'nodemon lib/http.js', build: 'vite build' },
        dependencies: { express: '4' },
        devDependencies: { vite: '6' },
      }),
      'index.html': '<div id="app"></div>',
      'lib/http.js': server,
    },
    expect: { language: 'nodejs', runs: ['npm run build', 'CMD ["node", "lib/http.js"]'] },
  },
  {
    name: 'a page that Bun bundles',
    files: {
      'package.json': JSON.stringify({
        scripts: { start: 'bun index.html', build: 'bun build ./index.html --outdir=out' },
        devDependencies: { '@types/bun': '1' },
      }),
      'index.html': '<script type="module" src="./main.tsx"></script>',
      'main.tsx': '',
    },
    expect: { language: 'nodejs', framework: 'bun', says: ['out/ is served as a single-page app'] },
  },
  {
    name: 'what bun init writes, with a check of types as its build',
    files: {
      'package.json': JSON.stringify({
        module: 'index.ts',
        scripts: { build: 'tsc --noEmit' },
        devDependencies: { '@types/bun': '1' },
      }),
      'bun.lock': '{ "packages": { "@types/bun": [] } }',
      'index.ts': 'console.log("hi");\n',
    },
    expect: { language: 'nodejs', runs: ['"index.ts"]'] },
  },
];
