/** Trees with several Node packages: servers with their pages, projects of Nx, and packages that the user chose. */
import type { Entry } from './entry.ts';
import {
  at,
  bundledLibrary,
  express,
  type Files,
  json,
  library,
  listens,
  next,
  nextWithUi,
  npm,
  pnpm,
  vite,
} from './node-trees.ts';

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
    name: 'a chosen application for phones that has pages as well',
    files: {
      ...npm(),
      ...next('apps/web'),
      ...at('apps/phone', { scripts: { start: 'expo start' }, dependencies: { expo: '54', 'react-native-web': '1' } }),
    },
    path: 'apps/phone',
    expect: {
      language: 'nodejs',
      framework: 'expo',
      runs: ['RUN cd apps/phone && npx expo export', '"/app/apps/phone/dist/"'],
    },
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

export const severalPackages: readonly Entry[] = [...pairs, ...projects, ...chosen, ...others];
