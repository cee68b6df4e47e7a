import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bases } from './corpus/index.ts';
import { type BuildRequest, dockerfileOf, type Recipe, recipeFor, summaryOf, treeOf } from './recipe.ts';
import { samples } from './samples.ts';

const settings = { bases };

function recipeOf(files: Readonly<Record<string, string>>, request: Partial<BuildRequest> = {}): Recipe {
  const result = recipeFor(treeOf(files), { language: 'auto', ...request }, settings);
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.recipe;
}

function refusal(files: Readonly<Record<string, string>>, request: Partial<BuildRequest> = {}) {
  const result = recipeFor(treeOf(files), { language: 'auto', ...request }, settings);
  return result.ok ? result.recipe.why : result.reason;
}

function textOf(recipe: Recipe): string {
  return 'stages' in recipe.how ? dockerfileOf(recipe.how.stages) : '';
}

describe('every kind of application', () => {
  for (const [name, files] of Object.entries(samples)) {
    it(`${name} has the Dockerfile a reviewer agreed to`, async () => {
      const recipe = recipeOf(files);
      const notes = [
        `# ${summaryOf(recipe)}`,
        `# ${recipe.language}${recipe.framework === undefined ? '' : ` (${recipe.framework})`}, port ${recipe.port}: ${recipe.portWhy}`,
        ...recipe.why.map(why => `# - ${why}`),
        ...recipe.warnings.map(warning => `# ! ${warning}`),
      ];
      const golden = join(import.meta.dirname, 'goldens', `${name}.Dockerfile`);
      // UPDATE_GOLDENS=1 writes them anew.
      if (process.env.UPDATE_GOLDENS !== undefined) rmSync(golden, { force: true });
      await expect(`${notes.join('\n')}\n${textOf(recipe)}`).toMatchFileSnapshot(golden);
    });
  }
});

describe('a path that is no file', () => {
  const bundle = '<script type="module" src="/assets/index-DkU2x9aB.js"></script>';
  const vite = (more: Record<string, string>, dependencies = {}) => ({
    'package.json': JSON.stringify({ scripts: { build: 'vite build' }, dependencies, devDependencies: { vite: '7' } }),
    'index.html': '<div id=root></div>',
    ...more,
  });
  const svelte = (config: string) => ({
    'package.json':
      '{"scripts":{"build":"vite build"},"devDependencies":{"@sveltejs/kit":"2","@sveltejs/adapter-static":"3"}}',
    'svelte.config.js': config,
  });
  it.each<[string, Record<string, string>]>([
    ['of a plain page', { 'index.html': '<h1>hi</h1>', 'app.js': 'document.title' }],
    ['of a site of plain pages', { 'index.html': '', 'about.html': '', 'site.js': 'history.pushState({}, "", "?a")' }],
    ['of a generated site of many pages', { 'dist/index.html': bundle, 'dist/about/index.html': bundle }],
    ['of a site with its own 404.html', { 'index.html': bundle, '404.html': '' }],
    ['of pages that Vite builds one by one', vite({ 'about.html': '' })],
    ['of pages that SvelteKit writes', svelte('adapter()')],
  ])('%s is not found', (_name, files) => {
    expect(textOf(recipeOf(files))).toContain('try_files $uri $uri/ $uri.html =404;');
  });
  it.each<[string, Record<string, string>]>([
    ['a built single-page application', { 'dist/index.html': bundle, 'dist/assets/index-DkU2x9aB.js': '' }],
    ['a page whose script is a router', { 'index.html': '', 'js/app.mjs': 'history.pushState({}, "", path)' }],
    ['a page that loads a router', { 'index.html': '<script src="https://cdn.example/vue-router@4"></script>' }],
    ['what Vite builds', vite({})],
    ['what Vite builds of a router and pages', vite({ 'about.html': '' }, { 'react-router': '7' })],
    ['SvelteKit with a fallback', svelte("adapter({ fallback: 'index.html' })")],
  ])('is a route of %s', (_name, files) => {
    expect(textOf(recipeOf(files))).toContain('try_files $uri $uri/ $uri.html /index.html;');
  });
});

describe('detection', () => {
  const table: readonly [string, Record<string, string>, string][] = [
    [
      "a user's Dockerfile wins over every manifest",
      { Dockerfile: 'FROM x', 'package.json': '{}', 'go.mod': '' },
      'dockerfile',
    ],
    [
      'a Go project with a stylesheet build is Go',
      { 'go.mod': 'module x', 'main.go': 'package main', 'package.json': '{"scripts":{"build":"x"}}' },
      'go',
    ],
    [
      'a Python project with a stylesheet build is Python',
      {
        'requirements.txt': 'flask',
        'app.py': 'app = Flask(__name__)',
        'package.json': '{"scripts":{"build":"tailwindcss"},"devDependencies":{"tailwindcss":"4"}}',
      },
      'python',
    ],
    ['a page with a browser script named app.js is static', { 'index.html': '', 'app.js': 'document.title' }, 'static'],
    [
      'a page with a server beside it is a server',
      { 'index.html': '', 'server.js': 'http.createServer(f).listen(1)' },
      'nodejs',
    ],
    ['a package.json that only names a page is static', { 'package.json': '{"name":"x"}', 'index.html': '' }, 'static'],
  ];
  for (const [name, files, language] of table) {
    it(name, () => {
      const recipe = recipeOf(files);
      expect(recipe.language, recipe.why.join('; ')).toBe(language);
      expect(recipe.why[0]).toContain(language);
    });
  }

  it('names the folders of an application with two halves', () => {
    const result = recipeFor(
      treeOf({ 'web/package.json': '{}', 'api/requirements.txt': '' }),
      { language: 'auto' },
      settings,
    );
    expect(result).toMatchObject({
      ok: false,
      reason: 'LanguageUnknown',
      message: expect.stringMatching(/api[\s\S]*web/),
      remedy: expect.stringContaining('spec.build.path'),
    });
  });

  it('refuses with the reason that helps', () => {
    expect(refusal({})).toBe('LanguageUnknown');
    expect(refusal({ 'index.html': '' }, { language: 'dockerfile' })).toBe('DockerfileMissing');
    expect(refusal({ 'index.html': '' }, { dockerfile: 'deploy/Dockerfile' })).toBe('DockerfileMissing');
    expect(refusal({ 'package.json': '{"dependencies":{"react":"19"}}' })).toBe('EntrypointMissing');
    expect(refusal({ 'package.json': '{broken' })).toBe('Unsupported');
    expect(
      refusal({
        'package.json': '{"scripts":{"build":"vite build"},"devDependencies":{"@sveltejs/kit":"2","vite":"7"}}',
      }),
    ).toBe('Unsupported');
    expect(refusal({ 'requirements.txt': 'x', 'lib.py': '', 'other.py': '' })).toBe('EntrypointMissing');
    expect(refusal({ 'go.mod': 'module x', 'lib/a.go': 'package lib' })).toBe('EntrypointMissing');
  });

  it('keeps a Vite project with a server as a server', () => {
    const files = {
      'package.json':
        '{"scripts":{"build":"vite build","start":"node server.js"},"dependencies":{"express":"5"},"devDependencies":{"vite":"7"}}',
      'server.js': 'app.listen(process.env.PORT)',
    };
    expect(textOf(recipeOf(files))).toContain('CMD ["node", "server.js"]');
  });
});

describe('ports', () => {
  const dockerfile = 'FROM a AS one\nEXPOSE 1111\nFROM b\nUSER 1000\n# EXPOSE 2\nEXPOSE \\\n  3000/tcp 53/udp\n';
  it("takes EXPOSE from the last stage of the user's Dockerfile", () => {
    expect(recipeOf({ Dockerfile: dockerfile })).toMatchObject({ port: 3000, user: 'image', warnings: [] });
  });
  it('lets the user name it', () => {
    expect(recipeOf({ Dockerfile: dockerfile }, { port: 9 }).port).toBe(9);
    expect(textOf(recipeOf({ 'index.html': '' }, { port: 9000 }))).toContain('listen 9000;');
    expect(textOf(recipeOf(samples['python-flask'] ?? {}, { port: 9000 }))).toContain('PORT=9000');
  });
  it('finds the port an application insists on', () => {
    expect(recipeOf(samples['node-express-no-lockfile-hard-port'] ?? {})).toMatchObject({
      port: 3000,
      portFollowsEnv: false,
    });
    expect(recipeOf(samples['go-cmd-without-sum'] ?? {})).toMatchObject({ port: 3000, portFollowsEnv: false });
  });
  it('warns about a Dockerfile that runs as root', () => {
    expect(recipeOf({ Dockerfile: 'FROM a\n' }).warnings.join()).toContain('USER');
  });
});

describe('warnings', () => {
  it('tells about state that will be lost', () => {
    const files = {
      'package.json': '{"dependencies":{"better-sqlite3":"12"}}',
      'server.js': 'x.listen(1)',
      'data/app.db': '',
      'uploads/.gitkeep': '',
    };
    expect(recipeOf(files).warnings.join('\n')).toMatch(/better-sqlite3[\s\S]*app\.db[\s\S]*uploads/);
  });

  it('tells about secrets that would be in the image', () => {
    const files = {
      'index.html': '',
      'deploy/id_rsa': '',
      '.npmrc': '//registry.example/:_authToken=abc',
      'cert.pem': '-----BEGIN CERTIFICATE-----',
    };
    const { warnings } = recipeOf(files);
    expect(warnings.join()).toMatch(/\.npmrc[\s\S]*id_rsa/);
    expect(warnings.join()).not.toMatch(/cert\.pem|abc/);
  });
});
