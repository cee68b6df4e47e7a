/** Parts of trees with several Node packages, for the entries of the corpus. */

export type Files = Readonly<Record<string, string>>;

export const json = (value: unknown) => JSON.stringify(value);
export const listens = "require('node:http').createServer((q, r) => r.end('x')).listen(process.env.PORT);\n";

/** The files of a package below its folder. */
export const at = (folder: string, manifest: object, more: Files = {}): Files =>
  Object.fromEntries(
    Object.entries({ 'package.json': json({ name: folder.split('/').at(-1), ...manifest }), ...more }).map(
      ([path, text]) => [`${folder}/${path}`, text],
    ),
  );
export const npm = (more: object = {}): Files => ({
  'package.json': json({ name: 'all', workspaces: ['apps/*', 'packages/*'], ...more }),
  'package-lock.json': '{}',
});
export const pnpm = (more: object = {}): Files => ({
  'package.json': json({ name: 'all', ...more }),
  'pnpm-workspace.yaml': "packages:\n  - 'apps/*'\n  - packages/** # libraries\n  - '!packages/old'\n",
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
});
export const vite = (folder: string, more: object = {}, files: Files = {}): Files =>
  at(
    folder,
    { scripts: { dev: 'vite', build: 'vite build' }, devDependencies: { vite: '7' }, ...more },
    { 'index.html': '<div id=root></div>', ...files },
  );
export const express = (folder: string, more: object = {}, text = listens): Files =>
  at(folder, { scripts: { start: 'node index.js' }, dependencies: { express: '5' }, ...more }, { 'index.js': text });
export const next = (folder: string, more: object = {}): Files =>
  at(folder, { scripts: { build: 'next build', start: 'next start' }, dependencies: { next: '16' }, ...more });
export const library = at('packages/ui', { scripts: { build: 'tsc', start: 'tsc -w' }, main: 'dist/index.js' });
export const bundledLibrary = at('packages/kit', {
  scripts: { build: 'vite build' },
  devDependencies: { vite: '7' },
  exports: './dist/kit.js',
});
export const usesUi = { dependencies: { ui: 'workspace:*' } };
export const nextWithUi = { dependencies: { next: '16', ui: '*' } };
