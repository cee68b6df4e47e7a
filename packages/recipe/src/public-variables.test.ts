import { describe, expect, it } from 'vitest';
import { bases } from './corpus/index.ts';
import { isPublished, publicVariableWarnings } from './public-variables.ts';
import { recipeFor, treeOf } from './recipe.ts';

const built = { 'package.json': JSON.stringify({ scripts: { build: 'vite build' }, devDependencies: { vite: '^6' } }) };
const warningsOf = (files: Record<string, string>, given: readonly string[] = []) =>
  publicVariableWarnings(treeOf({ ...built, ...files }), given);
const about = (path: string, name: string) =>
  `${path} reads ${name} at build time, and nobody gave it: set it in build_env`;

describe('names that a framework publishes', () => {
  it.each([
    'VITE_A',
    'NEXT_PUBLIC_A',
    'REACT_APP_A',
    'PUBLIC_A',
    'NUXT_PUBLIC_A',
    'EXPO_PUBLIC_A',
    'VUE_APP_A',
    'GATSBY_A',
  ])('%s is one', name => expect(isPublished(name)).toBe(true));
  it.each(['VITE_', 'MY_VITE_A', 'DATABASE_URL', 'vite_a', 'PUBLICITY'])('%s is none', name =>
    expect(isPublished(name)).toBe(false),
  );
});

describe('a variable that nobody gave', () => {
  it.each([
    ['src/main.js', 'VITE_API_URL', 'fetch(import.meta.env.VITE_API_URL)'],
    ['src/main.ts', 'VITE_API_URL', "fetch(import.meta.env['VITE_API_URL'] as string)"],
    ['src/main.ts', 'VITE_API_URL', 'if (!import.meta.env.VITE_API_URL) throw new Error("missing")'],
    ['src/main.ts', 'VITE_API_URL', 'fetch(import.meta.env.VITE_API_URL!)'],
    ['src/App.vue', 'VITE_KEY', '<script setup>\nconst { VITE_KEY } = import.meta.env\n</script>'],
    ['src/pages/index.astro', 'PUBLIC_API', '---\nawait fetch(import.meta.env.PUBLIC_API)\n---'],
    ['src/routes/+page.svelte', 'PUBLIC_API', "import { PUBLIC_API as api } from '$env/static/public';"],
    ['app/page.tsx', 'NEXT_PUBLIC_API', 'fetch(process.env.NEXT_PUBLIC_API as string)'],
    ['src/App.js', 'REACT_APP_API', 'axios.get(process.env.REACT_APP_API + "/x")'],
    ['src/main.js', 'VUE_APP_API', 'const api = process.env.VUE_APP_API;'],
    ['App.tsx', 'EXPO_PUBLIC_API', 'fetch(process.env.EXPO_PUBLIC_API)'],
    ['src/api.js', 'GATSBY_API', 'fetch(process.env.GATSBY_API)'],
    ['nuxt.app.ts', 'NUXT_PUBLIC_API', 'fetch(process.env.NUXT_PUBLIC_API)'],
    ['index.html', 'VITE_TITLE', '<title>%VITE_TITLE%</title>'],
  ])('is warned about where %s reads %s', (path, name, text) => {
    expect(warningsOf({ [path]: text })).toEqual([about(path, name)]);
    expect(warningsOf({ [path]: text }, [name])).toEqual([]);
  });

  it.each([
    ['a default', "const api = import.meta.env.VITE_API ?? '/api'"],
    ['a default on the next line', "const api = import.meta.env.VITE_API ||\n  '/api'"],
    ['a default behind a cast', "const api = (import.meta.env.VITE_API as string) || '/api'"],
    ['a default in a list', "const { VITE_API = '/api' } = import.meta.env"],
    ['a test', "if (import.meta.env.VITE_DEBUG === 'true') log()"],
    ['a choice', 'const a = import.meta.env.VITE_API ? 1 : 2'],
    ['a comment', '// fetch(import.meta.env.VITE_API)\n/*\n * import.meta.env.VITE_B\n */'],
    ['a variable of the framework', 'if (import.meta.env.DEV) log(import.meta.env.BASE_URL, process.env.NODE_ENV)'],
    ['a variable of the server', 'connect(process.env.DATABASE_URL, process.env.VITE_PORT)'],
  ])('is not warned about with %s', (_what, text) => {
    expect(warningsOf({ 'src/main.js': text })).toEqual([]);
  });

  it('is not warned about where one of several reads has a default', () => {
    const files = { 'src/a.ts': 'f(import.meta.env.VITE_A)', 'src/b.ts': "f(import.meta.env.VITE_A || 'x')" };
    expect(warningsOf(files)).toEqual([]);
  });

  it('is not warned about where the project sets it itself', () => {
    const reader = { 'src/main.js': 'f(import.meta.env.VITE_A)' };
    const script = { 'package.json': JSON.stringify({ scripts: { build: 'VITE_A=1 vite build' } }) };
    expect(warningsOf({ ...reader, ...script })).toEqual([]);
    const config = { 'vite.config.ts': "export default { define: { 'import.meta.env.VITE_A': '1' } }" };
    expect(warningsOf({ ...reader, ...config })).toEqual([]);
  });

  it('is warned about where the build script is the one of Heroku', () => {
    const heroku = { 'package.json': JSON.stringify({ scripts: { 'heroku-postbuild': 'vite build' } }) };
    expect(warningsOf({ ...heroku, 'src/main.js': 'f(import.meta.env.VITE_A)' })).toEqual([
      about('src/main.js', 'VITE_A'),
    ]);
  });

  it('is not warned about where tests read it, or nothing is built', () => {
    expect(
      warningsOf({ 'src/main.test.js': 'f(import.meta.env.VITE_A)', 'e2e/a.js': 'f(import.meta.env.VITE_A)' }),
    ).toEqual([]);
    const noBuild = { 'package.json': '{"scripts":{"start":"node server.js"}}' };
    expect(warningsOf({ ...noBuild, 'src/main.js': 'f(import.meta.env.VITE_A)' })).toEqual([]);
  });

  it('is one of at most three that are named', () => {
    const text = ['A1', 'B1', 'C1', 'D1', 'E1'].map(n => `f(import.meta.env.VITE_${n})`).join('\n');
    expect(warningsOf({ 'src/main.js': text })).toEqual([
      about('src/main.js', 'VITE_A1'),
      about('src/main.js', 'VITE_B1'),
      `${about('src/main.js', 'VITE_C1')} (and 2 more)`,
    ]);
  });
});

describe('a recipe', () => {
  const weather = {
    ...built,
    'index.html': '<script type="module" src="/src/main.js"></script>',
    'src/main.js': "if (!import.meta.env.VITE_API_URL) throw new Error('VITE_API_URL is missing');",
  };
  const warningsFor = (files: Record<string, string>, request: object) => {
    const result = recipeFor(treeOf(files), { language: 'auto', ...request }, { bases });
    return result.ok ? result.recipe.warnings : [result.message];
  };

  it('warns about what nobody gave, and about what is published because of its name', () => {
    expect(warningsFor(weather, {})).toContain(about('src/main.js', 'VITE_API_URL'));
    expect(warningsFor(weather, { env: ['VITE_API_URL'] })).toEqual([]);
    expect(warningsFor(weather, { env: ['VITE_API_URL'], published: ['VITE_API_URL'] })).toEqual([
      'VITE_API_URL is in the page that everybody can read; give it in build_env',
    ]);
  });

  it('warns about neither where nothing of Node is built', () => {
    const own = { ...weather, Dockerfile: 'FROM node\nARG VITE_API_URL=x\nUSER 1\nCMD ["a"]\n' };
    expect(warningsFor(own, {}).join()).not.toContain('VITE_API_URL');
    const python = { 'main.py': 'import flask', 'requirements.txt': 'flask', 'app.py': 'app = Flask(__name__)' };
    expect(warningsFor(python, { env: ['PUBLIC_A'], published: ['PUBLIC_A'] }).join()).not.toContain('PUBLIC_A');
  });
});
