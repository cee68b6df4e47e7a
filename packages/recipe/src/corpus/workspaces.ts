/** Workspaces of Node packages, and what the rules have to make of each. */
import type { Entry } from './entry.ts';

type Files = Readonly<Record<string, string>>;

const json = (value: unknown) => JSON.stringify(value);
const listens = "require('node:http').createServer((q, r) => r.end('x')).listen(process.env.PORT);\n";

/** The files of a package below its folder. */
const at = (folder: string, manifest: object, more: Files = {}): Files =>
  Object.fromEntries(
    Object.entries({ 'package.json': json({ name: folder.split('/').at(-1), ...manifest }), ...more }).map(
      ([path, text]) => [`${folder}/${path}`, text],
    ),
  );
const npm = (more: object = {}): Files => ({
  'package.json': json({ name: 'all', workspaces: ['apps/*', 'packages/*'], ...more }),
  'package-lock.json': '{}',
});
const pnpm = (more: object = {}): Files => ({
  'package.json': json({ name: 'all', ...more }),
  'pnpm-workspace.yaml': "packages:\n  - 'apps/*'\n  - packages/** # libraries\n  - '!packages/old'\n",
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
});
const vite = (folder: string, more: object = {}, files: Files = {}): Files =>
  at(
    folder,
    { scripts: { dev: 'vite', build: 'vite build' }, devDependencies: { vite: '7' }, ...more },
    { 'index.html': '<div id=root></div>', ...files },
  );
const express = (folder: string, more: object = {}, text = listens): Files =>
  at(folder, { scripts: { start: 'node index.js' }, dependencies: { express: '5' }, ...more }, { 'index.js': text });
const next = (folder: string, more: object = {}): Files =>
  at(folder, { scripts: { build: 'next build', start: 'next start' }, dependencies: { next: '16' }, ...more });
const library = at('packages/ui', { scripts: { build: 'tsc', start: 'tsc -w' }, main: 'dist/index.js' });
const bundledLibrary = at('packages/kit', {
  scripts: { build: 'vite build' },
  devDependencies: { vite: '7' },
  exports: './dist/kit.js',
});
const usesUi = { dependencies: { ui: 'workspace:*' } };
const nextWithUi = { dependencies: { next: '16', ui: '*' } };

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

const full = (text: string) => ({
  'package.json': json({ workspaces: ['client', 'server'] }),
  ...vite('client'),
  ...express('server', {}, text),
});

const pairs: readonly Entry[] = [
  {
    name: 'a server that serves the pages of another package',
    files: full(
      "app.use(express.static(path.join(__dirname, '..', 'client', 'dist'))); app.listen(process.env.PORT);\n",
    ),
    expect: {
      language: 'nodejs',
      framework: 'express',
      says: ['server/ serves the pages of client/'],
      runs: ['npm --prefix client run build', 'WORKDIR /app/server'],
    },
  },
  {
    name: 'pages that are built into the folder of the server',
    files: { ...full(listens), 'client/vite.config.ts': "export default { build: { outDir: '../server/public' } }" },
    expect: {
      language: 'nodejs',
      framework: 'express',
      runs: ['npm --prefix client run build', 'WORKDIR /app/server'],
    },
  },
  {
    name: 'a server and pages that know nothing of each other',
    files: full(listens),
    expect: { refused: 'LanguageUnknown', says: ['client/ and server/', 'spec.build.path', 'start'] },
  },
  {
    name: 'client and server without a workspace, joined by scripts of the root',
    files: {
      'package.json': json({
        scripts: { build: 'cd client && npm install && npm run build', start: 'node server/index.js' },
        dependencies: { express: '5' },
      }),
      ...vite('client'),
      'server/index.js': "require('express')().use(express.static('client/dist')).listen(process.env.PORT);\n",
    },
    expect: { language: 'nodejs', runs: ['RUN npm run build\n', 'WORKDIR /app\n', 'CMD ["node", "server/index.js"]'] },
  },
  {
    name: 'the root starts a folder that has to be built, and says nothing about it',
    files: {
      'package.json': json({ scripts: { start: 'cd server && npm start', postinstall: 'cd server && npm install' } }),
      ...at('server', {
        scripts: { build: 'tsc', start: 'node dist/index.js' },
        dependencies: { express: '5', typescript: '5' },
      }),
    },
    expect: { language: 'nodejs', runs: ['RUN npm --prefix server run build'], never: ['cd server && npm install'] },
  },
  {
    name: 'the root of client and server installs neither',
    files: {
      'package.json': json({ scripts: { build: 'npm run build --prefix client', start: 'cd server && npm start' } }),
      ...vite('client'),
      'client/package-lock.json': '{}',
      ...express('server'),
    },
    expect: { language: 'nodejs', runs: ['cd client && npm ci', 'cd server && npm install', '"start"'] },
  },
];

const project = (folder: string, build: object, more: Files = {}): Files => ({
  [`${folder}/project.json`]: json({ name: folder.split('/').at(-1), projectType: 'application', targets: { build } }),
  ...Object.fromEntries(Object.entries(more).map(([path, text]) => [`${folder}/${path}`, text])),
});
const nx = (scripts: object = {}): Files => ({
  'package.json': json({
    scripts,
    dependencies: { express: '5', next: '16' },
    devDependencies: { nx: '22', vite: '7' },
  }),
  'package-lock.json': '{}',
  'nx.json': '{}',
});
const server = {
  executor: '@nx/esbuild:esbuild',
  options: { outputPath: 'dist/apps/api' },
  configurations: { production: {} },
};

const projects: readonly Entry[] = [
  {
    name: 'Nx: one server beside its tests',
    files: { ...nx(), ...project('apps/api', server), ...project('apps/api-e2e', {}) },
    expect: {
      language: 'nodejs',
      says: ['apps/api/project.json'],
      runs: ['npx nx build api --configuration=production', 'CMD ["node", "dist/apps/api/main.js"]'],
    },
  },
  {
    name: 'Nx: the start script names one of two applications',
    files: {
      ...nx({ start: 'nx serve shop', build: 'nx build' }),
      ...project('apps/api', server),
      ...project('apps/shop', {}, { 'vite.config.ts': "export default { build: { outDir: '../../dist/apps/shop' } }" }),
    },
    expect: { language: 'nodejs', says: ['dist/apps/shop/ is served'], runs: ['npx nx build shop\n'] },
  },
  {
    name: 'Nx: two applications of which none is named',
    files: { ...nx(), ...project('apps/api', server), ...project('apps/shop', { executor: '@nx/vite:build' }) },
    expect: { refused: 'LanguageUnknown', says: ['apps/api/ and apps/shop/', 'spec.build.path'] },
  },
  {
    name: 'Nx: a chosen application that Next makes',
    files: { ...nx(), ...project('apps/api', server), ...project('apps/shop', { executor: '@nx/next:build' }) },
    path: 'apps/shop',
    expect: { language: 'nodejs', runs: ['npx nx build shop\n', 'next/dist/bin/next', '"dist/apps/shop"'] },
  },
  {
    name: 'Nx: a builder that nobody knows',
    files: { ...nx(), ...project('apps/api', { executor: 'nx:run-commands' }) },
    expect: { refused: 'EntrypointMissing', says: ['apps/api/project.json', 'start'] },
  },
  {
    name: 'Nx: a start script that needs no Nx stays',
    files: {
      ...nx({ build: 'nx build api', start: 'node dist/apps/api/main.js' }),
      ...project('apps/api', server),
      ...project('apps/shop', {}),
    },
    expect: { language: 'nodejs', runs: ['RUN npm run build\n', 'CMD ["node", "dist/apps/api/main.js"]'] },
  },
];

const chosen: readonly Entry[] = [
  {
    name: 'a package that the user chose is built at the root of its workspace',
    files: { ...npm(), ...next('apps/web', nextWithUi), ...next('apps/admin'), ...library },
    path: 'apps/web',
    expect: {
      language: 'nodejs',
      framework: 'next',
      says: ['apps/web is a package of the workspace at the root'],
      runs: [
        'npm ci',
        'RUN npm --prefix packages/ui run build\nRUN npm --prefix apps/web run build\n',
        'WORKDIR /app/apps/web',
      ],
    },
  },
  {
    name: 'a chosen package in an archive with a folder around it',
    files: Object.fromEntries(
      Object.entries({ ...pnpm(), ...vite('apps/web'), ...vite('apps/admin') }).map(([path, text]) => [
        `x/${path}`,
        text,
      ]),
    ),
    path: 'x/apps/admin',
    expect: { language: 'nodejs', folder: 'x', runs: ['"/app/apps/admin/dist/"'] },
  },
  {
    name: 'a chosen package whose root builds another one',
    files: { ...npm({ scripts: { build: 'npm run build -w web' } }), ...vite('apps/web'), ...vite('apps/admin') },
    path: 'apps/admin',
    expect: { language: 'nodejs', runs: ['npm --prefix apps/admin run build'], never: ['apps/web'] },
  },
  {
    name: 'a chosen folder that is no package of the workspace',
    files: { ...npm(), ...vite('apps/web'), ...vite('tools/page') },
    path: 'tools/page',
    expect: { language: 'nodejs', folder: 'tools/page', runs: ['"/app/dist/"', 'npm run build'] },
  },
  {
    name: 'a chosen package with a Dockerfile of its own',
    files: { ...npm(), ...vite('apps/web'), 'apps/web/Dockerfile': 'FROM x\n' },
    path: 'apps/web',
    expect: { language: 'dockerfile', folder: 'apps/web' },
  },
  {
    name: 'a chosen package that nothing starts',
    files: { ...npm(), ...next('apps/web'), ...at('packages/words', { main: 'words.js' }) },
    path: 'packages/words',
    expect: { refused: 'EntrypointMissing', says: ['packages/words'] },
  },
];

const others: readonly Entry[] = [
  {
    name: 'a variable that only the chosen package reads',
    files: {
      ...npm({ scripts: { build: 'turbo build' } }),
      ...vite('apps/web', {}, { 'main.ts': 'fetch(import.meta.env.VITE_HERE)' }),
      ...vite('apps/docs', {}, { 'main.ts': 'fetch(import.meta.env.VITE_THERE)' }),
    },
    expect: { language: 'nodejs', says: ['main.ts reads VITE_HERE'], never: ['VITE_THERE'] },
  },
  {
    name: 'a workspace in which nothing starts',
    files: { ...npm(), ...at('packages/a', { main: 'a.js' }), ...bundledLibrary },
    expect: { refused: 'EntrypointMissing', says: ['packages/a/ and packages/kit/', 'start'] },
  },
  {
    name: 'Rush installs in its own way',
    files: { 'rush.json': '{ "projects": [] }', ...next('apps/web') },
    expect: { refused: 'Unsupported', says: ['Rush', 'Dockerfile'] },
  },
  {
    name: 'settings of pnpm are no workspace',
    files: {
      'package.json': json({ scripts: { start: 'node index.js' }, dependencies: { ms: '2' } }),
      'pnpm-workspace.yaml': 'onlyBuiltDependencies:\n  - esbuild\n',
      'index.js': listens,
      ...vite('web'),
    },
    expect: { language: 'nodejs', runs: ['WORKDIR /app\n', 'CMD ["node", "index.js"]'] },
  },
  {
    name: 'a program at the root with its own packages',
    files: {
      'package.json': json({
        workspaces: ['packages/*'],
        scripts: { start: 'node index.js' },
        dependencies: { a: '*' },
      }),
      'index.js': listens,
      ...at('packages/a', { main: 'a.js' }),
    },
    expect: { language: 'nodejs', runs: ['npm install --omit=dev', 'CMD ["node", "index.js"]'], never: ['apps'] },
  },
];

export const workspaces: readonly Entry[] = [
  ...oneApp,
  ...rootStarts,
  pruned,
  ...prepared,
  aliased,
  ...pairs,
  ...projects,
  ...chosen,
  ...others,
];
