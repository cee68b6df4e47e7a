/** Workspaces of Node packages: which package is the application, how it is installed, built and started. */
import type { Entry } from './entry.ts';
import {
  at,
  bundledLibrary,
  express,
  json,
  library,
  listens,
  next,
  nextWithUi,
  npm,
  pnpm,
  usesUi,
  vite,
} from './node-trees.ts';

const oneApp: readonly Entry[] = [
  {
    name: 'npm: a site beside a library that it needs',
    files: { ...npm(), ...vite('apps/web', usesUi), ...library, ...bundledLibrary },
    expect: {
      language: 'nodejs',
      framework: 'vite',
      says: ['3 packages', 'apps/web/ is the one', 'apps/web/dist/ is served'],
      runs: [
        'COPY [".", "./"]\nRUN npm ci',
        'RUN npm --prefix packages/ui run build\nRUN npm --prefix apps/web run build\n',
        '"/app/apps/web/dist/"',
      ],
      never: ['packages/kit'],
    },
  },
  {
    name: 'pnpm: a server beside libraries, one of them left out',
    files: {
      ...pnpm(),
      ...express('apps/api', { dependencies: { express: '5', ui: 'workspace:*' } }),
      ...library,
      ...express('packages/old'),
    },
    expect: {
      language: 'nodejs',
      says: ['2 packages'],
      runs: [
        'pnpm install --frozen-lockfile',
        'npm --prefix packages/ui run build',
        'WORKDIR /app/apps/api',
        '"index.js"',
      ],
      never: ['packages/old', 'pnpm prune'],
    },
  },
  {
    name: 'a root without dependencies is installed for its packages',
    files: { ...npm(), ...express('apps/api') },
    expect: { language: 'nodejs', runs: ['npm ci --omit=dev', 'WORKDIR /app/apps/api', 'CMD ["node", "index.js"]'] },
  },
  {
    name: 'Turborepo: its build is told which package is wanted',
    files: {
      ...pnpm({ scripts: { build: 'turbo run build', dev: 'turbo dev' }, devDependencies: { turbo: '2' } }),
      'turbo.json': '{ "tasks": {} }',
      ...next('apps/web', nextWithUi),
      ...library,
    },
    expect: {
      language: 'nodejs',
      framework: 'next',
      runs: ['RUN npm run build -- --filter=web', 'WORKDIR /app/apps/web', '"--silent", "start"'],
    },
  },
  {
    name: 'Nx: the build of the root knows the order',
    files: {
      ...npm({ scripts: { build: 'nx run-many -t build' }, devDependencies: { nx: '22' } }),
      'nx.json': '{}',
      ...next('apps/web'),
      ...at('apps/web-e2e', { scripts: { start: 'node x.js' } }, { 'x.js': listens }),
    },
    expect: { language: 'nodejs', framework: 'next', runs: ['RUN npm run build\n', 'WORKDIR /app/apps/web\n'] },
  },
  {
    name: 'Nx: packages without scripts, whose tasks Nx infers',
    files: {
      ...pnpm({ scripts: {}, dependencies: { next: '16' }, devDependencies: { nx: '23' } }),
      'nx.json': '{ "plugins": ["@nx/next/plugin"] }',
      ...at('apps/web', { dependencies: { next: '16' } }),
    },
    expect: {
      language: 'nodejs',
      framework: 'next',
      runs: [
        'npx nx run-many -t build --projects=apps/web',
        'PATH="/app/apps/web/node_modules/.bin:/app/node_modules/.bin:$PATH"',
        'CMD ["next", "start"]',
      ],
    },
  },
  {
    name: 'moon: tasks take the place of scripts',
    files: {
      ...npm({ devDependencies: { '@moonrepo/cli': '1' } }),
      '.moon/workspace.yml': "projects: ['apps/*']\n",
      ...at(
        'apps/api',
        { dependencies: { fastify: '5' }, devDependencies: { typescript: '5' } },
        {
          'moon.yml': 'tasks:\n  compile:\n    command: tsc -p .\n  start:\n    command: node dist/index.js\n',
          'index.ts': "import fastify from 'fastify';\n",
        },
      ),
    },
    expect: { language: 'nodejs', runs: ['cd apps/api && npx tsc -p .', 'CMD ["node", "dist/index.js"]'] },
  },
  {
    name: 'Lerna: documents and stories are no applications beside another',
    files: {
      ...npm({ devDependencies: { lerna: '9' } }),
      'lerna.json': '{ "version": "1.0.0" }',
      ...vite('apps/docs'),
      ...express('apps/storybook'),
      ...vite('apps/shop'),
    },
    expect: { language: 'nodejs', says: ['apps/shop/dist/ is served'] },
  },
  {
    name: 'Yarn: folders that are named one by one',
    files: {
      'package.json': json({ workspaces: { packages: ['./site/', 'lib'] } }),
      'yarn.lock': '# yarn lockfile v1\n',
      ...vite('site', { dependencies: { lib: '1' } }),
      ...at('lib', { main: 'index.js' }),
    },
    expect: { language: 'nodejs', says: ['site/dist/'], runs: ['yarn install', 'npm --prefix site run build'] },
  },
  {
    name: 'pnpm without a lockfile',
    files: { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages: ["apps/*"]\n', ...vite('apps/web') },
    expect: { language: 'nodejs', runs: ['pnpm install --no-frozen-lockfile'] },
  },
  {
    name: 'no lockfile, and dependencies that npm cannot read',
    files: {
      'package.json': json({ workspaces: ['apps/*', 'packages/*'] }),
      ...vite('apps/web', usesUi),
      ...library,
    },
    expect: { language: 'nodejs', says: ['written as workspace:'], runs: ['bun@1.3', 'RUN bun install\n'] },
  },
  {
    name: 'a worker is beside the page',
    files: {
      ...npm(),
      ...next('apps/web'),
      ...at('apps/worker', { scripts: { start: 'node poll.js' } }, { 'poll.js': 'setInterval(work, 1000);\n' }),
    },
    expect: { language: 'nodejs', framework: 'next', runs: ['WORKDIR /app/apps/web'] },
  },
  {
    name: 'two servers, of which one is called a worker and opens a port',
    files: { ...npm(), ...next('apps/web'), ...express('apps/worker') },
    expect: { refused: 'LanguageUnknown', says: ['apps/web/ and apps/worker/'] },
  },
  {
    name: 'an application for phones is beside the page',
    files: {
      ...npm(),
      ...vite('apps/web'),
      ...at('apps/phone', { scripts: { start: 'expo start' }, dependencies: { expo: '54' } }),
    },
    expect: { language: 'nodejs', says: ['apps/web/dist/ is served'] },
  },
];

const rootStarts: readonly Entry[] = [
  {
    name: 'the root starts a package with -w',
    files: { ...npm({ scripts: { start: 'npm start -w api' } }), ...express('apps/api'), ...vite('apps/web') },
    expect: {
      language: 'nodejs',
      says: ['the start script at the root starts api'],
      runs: ['WORKDIR /app/apps/api', 'CMD ["node", "index.js"]'],
    },
  },
  ...[
    'turbo run start --filter=web',
    'pnpm --filter web start',
    'pnpm --filter ./apps/web... start',
    'yarn workspace web start',
    'npx nx start web',
    'nx run web:serve',
    'cd apps/web && pnpm start',
    'NODE_ENV=production npm run start --workspace=apps/web',
  ].map(start => ({
    name: `the root starts a package: ${start}`,
    files: { ...pnpm({ scripts: { start } }), ...next('apps/web', { name: '@all/web' }), ...next('apps/admin') },
    expect: {
      language: 'nodejs',
      framework: 'next',
      runs: ['npm --prefix apps/web run build', 'WORKDIR /app/apps/web\n', '"npm", "run", "--silent", "start"'],
      never: ['apps/admin'],
    },
  })),
  {
    name: 'the root starts a file of a package, which is built first',
    files: {
      ...npm({ scripts: { start: 'node apps/api/dist/main.js' } }),
      ...at('apps/api', { scripts: { build: 'tsc' }, dependencies: { ui: '*' }, devDependencies: { typescript: '5' } }),
      ...library,
    },
    expect: {
      language: 'nodejs',
      runs: [
        'RUN npm --prefix packages/ui run build\nRUN npm --prefix apps/api run build\nRUN npm prune',
        'WORKDIR /app\n',
        'CMD ["node", "apps/api/dist/main.js"]',
      ],
    },
  },
  {
    name: 'a server at the root that its packages are for',
    files: {
      ...npm({ dependencies: { express: '5' } }),
      'server.js': "require('express')().use(express.static('apps/web/dist')).listen(process.env.PORT);\n",
      ...vite('apps/web'),
    },
    expect: { language: 'nodejs', runs: ['npm --prefix apps/web run build', 'CMD ["node", "server.js"]'] },
  },
  {
    name: 'a root that runs everything at once has to be asked about',
    files: { ...npm({ scripts: { start: 'turbo run start' } }), ...next('apps/web'), ...next('apps/admin') },
    expect: { refused: 'LanguageUnknown', says: ['apps/admin/ and apps/web/', 'spec.build.path'] },
  },
];

/** Development dependencies of members go without the packages that members run with. */
const pruned: Entry = {
  name: 'pnpm: what is installed for the build only goes',
  files: {
    ...pnpm({ scripts: { build: 'pnpm -r build', start: 'node apps/api/dist/main.js' } }),
    ...at('apps/api', { scripts: { build: 'tsc' }, devDependencies: { typescript: '5' } }),
  },
  expect: {
    language: 'nodejs',
    runs: ['RUN npm run build\nRUN CI=true pnpm install --frozen-lockfile --prod', 'modules-cache-max-age=0'],
    never: ['pnpm prune'],
  },
};

/** npm runs the scripts of the installation also without development dependencies, and fails where they call one. */
const prepared: readonly Entry[] = [
  {
    name: 'a root whose installation calls a development dependency',
    files: { ...npm({ scripts: { prepare: 'husky' }, devDependencies: { husky: '9' } }), ...express('apps/api') },
    expect: { language: 'nodejs', runs: ['RUN npm ci --no-audit', 'WORKDIR /app/apps/api'], never: ['--omit=dev'] },
  },
  {
    name: 'the same without a workspace',
    files: {
      'package.json': json({
        scripts: { start: 'node index.js', postinstall: 'npx prisma generate' },
        dependencies: { express: '5' },
        devDependencies: { prisma: '6' },
      }),
      'index.js': listens,
    },
    expect: { language: 'nodejs', never: ['--omit=dev'] },
  },
];

const aliased: Entry = {
  name: 'the start script is the name of another script',
  files: {
    ...npm({ scripts: { start: 'npm run start:api', 'start:api': 'npm start --workspace apps/api' } }),
    ...express('apps/api'),
    ...express('apps/admin'),
  },
  expect: { language: 'nodejs', runs: ['WORKDIR /app/apps/api'] },
};

export const workspaces: readonly Entry[] = [...oneApp, ...rootStarts, pruned, ...prepared, aliased];
