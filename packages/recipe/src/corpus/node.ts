/** Node projects, and what the rules have to make of each. */
import type { Entry } from './entry.ts';

const json = (value: unknown) => JSON.stringify(value);
const listens = "require('node:http').createServer((q, r) => r.end('x')).listen(process.env.PORT);\n";
const starts = (start: string, more: object = {}) => json({ scripts: { start }, ...more });

function locked(name: string, lockfile: string, text: string, expected: readonly string[], more: object = {}): Entry {
  const files = {
    'package.json': starts('node server.js', { dependencies: { ms: '2' }, ...more }),
    [lockfile]: text,
    'server.js': listens,
  };
  return { name, files, expect: { language: 'nodejs', runs: expected } };
}

function started(name: string, start: string, expected: readonly string[], more: object = {}): Entry {
  const files = { 'package.json': starts(start, more), 'server.js': listens };
  return { name, files, expect: { language: 'nodejs', runs: expected } };
}

const lockfiles: readonly Entry[] = [
  locked('pnpm 7 lockfile', 'pnpm-lock.yaml', 'lockfileVersion: 5.4\n', ['pnpm@7.']),
  locked('pnpm 8 lockfile', 'pnpm-lock.yaml', "lockfileVersion: '6.0'\n", ['pnpm@8.']),
  locked('pnpm 8 lockfile of a later 8', 'pnpm-lock.yaml', "lockfileVersion: '6.1'\n", ['pnpm@8.']),
  locked('pnpm 9 and 10 lockfile', 'pnpm-lock.yaml', "lockfileVersion: '9.0'\n", ['pnpm@10.']),
  locked('pnpm named by package.json', 'pnpm-lock.yaml', "lockfileVersion: '9.0'\n", ['pnpm@9.15.4'], {
    packageManager: 'pnpm@9.15.4',
  }),
  locked('Yarn 1', 'yarn.lock', '# yarn lockfile v1\n', ['yarn@1.22.22', '--frozen-lockfile']),
  locked('Yarn 3', 'yarn.lock', '# x\n\n__metadata:\n  version: 6\n', ['cli-dist@3.', '--immutable']),
  locked('Yarn 4', 'yarn.lock', '# x\n\n__metadata:\n  version: 8\n', ['cli-dist@4.', 'NODE_LINKER=node-modules']),
  locked('Yarn 4 where package.json names Yarn 1', 'yarn.lock', '__metadata:\n  version: 8\n', ['cli-dist@4.'], {
    packageManager: 'yarn@1.22.22',
  }),
  locked('npm', 'package-lock.json', '{}', ['npm ci --omit=dev']),
  locked('Bun', 'bun.lock', '{ "packages": { "ms": ["ms@2.1.3"] } }', ['bun@1.3', 'install --frozen-lockfile']),
  locked('Bun with a binary lockfile', 'bun.lockb', '', ['bun install --frozen-lockfile --production']),
  locked('Bun with a lockfile that is too old', 'bun.lock', '{ "packages": {} }', ['bun install --production']),
  locked('npm beside Bun', 'package-lock.json', '{}', ['npm ci'], { name: 'x' }),
];

const scripts: readonly Entry[] = [
  started('an assignment before node', 'NODE_ENV=production node server.js', ['CMD ["node", "server.js"]']),
  started('a port before node', 'PORT=3000 node server.js', ['CMD ["node", "server.js"]']),
  started('cross-env', 'cross-env NODE_ENV=production node server.js', ['CMD ["node", "server.js"]']),
  started('cross-env with another value', 'cross-env A=b node server.js', ['CMD ["env", "A=b", "node", "server.js"]']),
  started('nodemon', 'nodemon server.js', ['CMD ["node", "server.js"]'], { devDependencies: { nodemon: '3' } }),
  started('a shell line stays with npm', 'node a.js && node server.js', ['CMD ["npm", "run", "--silent", "start"]']),
  started('bun runs a file', 'bun run src/index.ts', ['CMD ["bun", "run", "src/index.ts"]', '/runtime/', 'PATH=']),
  started('bun after an assignment', 'NODE_ENV=production bun index.ts', ['CMD ["bun", "index.ts"]', 'bun@1.3']),
  started('bunx in a shell line', 'bunx tsc; bun index.ts', ['"--silent", "start"]', '/runtime/']),
];

const others: readonly Entry[] = [
  {
    name: 'an Elysia server without a start script',
    files: { 'package.json': json({ dependencies: { elysia: '1' } }), 'src/index.ts': 'new Elysia().listen(3000)' },
    expect: { language: 'nodejs', framework: 'elysia', runs: ['CMD ["bun", "src/index.ts"]', '/runtime/'] },
  },
  {
    name: 'Bun.serve without a start script',
    files: { 'package.json': '{"name":"x"}', 'index.ts': 'Bun.serve({ port: process.env.PORT })' },
    expect: { language: 'nodejs', runs: ['CMD ["bun", "index.ts"]', 'bun@1.3'] },
  },
  {
    name: 'Bun.serve in one file without package.json',
    files: { 'server.ts': 'Bun.serve({ port: process.env.PORT })' },
    expect: { language: 'nodejs', runs: ['CMD ["bun", "server.ts"]', 'bun@1.3', '/runtime/'] },
  },
  {
    name: 'a build by bunx makes a site',
    files: {
      'package.json': json({ scripts: { build: 'bunx --bun vite build' }, devDependencies: { vite: '6' } }),
      'bun.lock': '{ "packages": {} }',
      'index.html': '',
    },
    expect: { language: 'nodejs', framework: 'vite', runs: ['bun@1.3', 'npm run build'], never: ['/runtime'] },
  },
  {
    name: 'a server in TypeScript beside pages that Vite builds',
    files: {
      'package.json': json({
        scripts: { build: 'vite build' },
        dependencies: { express: '5', tsx: '4' },
        devDependencies: { vite: '7' },
      }),
      'index.html': '',
      'server/index.ts': "import express from 'express';\nexpress().listen(process.env.PORT);\n",
    },
    expect: { language: 'nodejs', runs: ['npm run build', 'CMD ["node", "--import", "tsx", "server/index.ts"]'] },
  },
  {
    name: 'a server that esbuild bundles beside pages that Vite builds',
    files: {
      'package.json': json({
        scripts: {
          dev: 'tsx server/index.ts',
          build: 'vite build && esbuild server/index.ts --bundle --outdir=dist',
          start: 'NODE_ENV=production node dist/index.js',
        },
        dependencies: { express: '5' },
        devDependencies: { vite: '7', esbuild: '0.25' },
      }),
      'server/index.ts': "import express from 'express';\nexpress().listen(process.env.PORT);\n",
    },
    expect: { language: 'nodejs', runs: ['CMD ["node", "dist/index.js"]', 'npm prune --omit=dev'] },
  },
  {
    name: 'heroku-postbuild is the only build',
    files: {
      'package.json': starts('node server.js', {
        scripts: { 'heroku-postbuild': 'cd client && npm install', start: 'node server.js' },
      }),
      'server.js': listens,
    },
    expect: { language: 'nodejs', runs: ['RUN npm run heroku-postbuild', 'CMD ["node", "server.js"]'] },
  },
  {
    name: 'Procfile names the file to start',
    files: {
      'package.json': '{}',
      Procfile: 'worker: node w.js\nweb: node services/web/boot.js\n',
      'services/web/boot.js': listens,
    },
    expect: { language: 'nodejs', says: ['Procfile'], runs: ['CMD ["node", "services/web/boot.js"]'] },
  },
  {
    name: 'Procfile with a shell line',
    files: { 'package.json': '{}', Procfile: 'web: node a.js && node "b c.js" $PORT\n', 'a.js': '' },
    expect: { language: 'nodejs', runs: ['CMD ["sh", "-c", "node a.js && node \\"b c.js\\" $PORT"]'] },
  },
];

export const node: readonly Entry[] = [...lockfiles, ...scripts, ...others];
