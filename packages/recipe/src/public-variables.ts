/** Variables that a framework writes into the page while it builds: they have to be there for the build, and everybody can read them. */
import { shown } from './shown.ts';
import { filesEndingIn, firstFile, isRecord, readJson, type SourceTree } from './source-tree.ts';

/** The prefixes by which frameworks tell what they publish: Vite, Next, Create React App, SvelteKit and Astro, Nuxt, Expo, Vue CLI, Gatsby. */
const published = /^(?:VITE_|NEXT_PUBLIC_|REACT_APP_|PUBLIC_|NUXT_PUBLIC_|EXPO_PUBLIC_|VUE_APP_|GATSBY_)\w/;

/** Whether a framework writes a variable of this name into the page. */
export const isPublished = (name: string): boolean => published.test(name);

/** Whether what is built of this language may be a page with such values: a Dockerfile of the user's own may build one. */
export const canPublish = (language: string): boolean => language === 'nodejs' || language === 'dockerfile';

/** The warning about a value of the running app that reaches the build because of its name. */
export const publishedWarning = (name: string): string =>
  `${name} is in the page that everybody can read; give it in build_env`;

/** Warnings, and files that are read for them, at most. */
const warned = 3;
const readFiles = 400;

/** A read of one variable. `process.env` of VITE_ and PUBLIC_ is left out: servers read it when they run. */
const reads =
  /(?:import\.meta\.env\??(?:\.|\[["'`])((?:VITE_|PUBLIC_)\w{1,100})|(?:process|import\.meta)\.env\??(?:\.|\[["'`])((?:NEXT_PUBLIC_|REACT_APP_|NUXT_PUBLIC_|EXPO_PUBLIC_|VUE_APP_|GATSBY_)\w{1,100}))/g;
/** `const { VITE_A, VITE_B = 'x' } = import.meta.env` and `import { PUBLIC_A } from '$env/static/public'`. */
const listed = /\{([^{}]{1,400})\}\s{0,9}(?:=\s{0,9}import\.meta\.env\b|from\s{0,9}["']\$env\/static\/public["'])/g;
/** In pages, `%VITE_TITLE%`. */
const inPages = /%((?:VITE_|REACT_APP_|VUE_APP_)\w{1,100})%/g;
/** What comes after a read that expects the variable to be absent: a default, a test, an assignment. */
const copesWithout = /^["'`\]]{0,2}[\s)]{0,40}(?:as [\w |]{1,40}\)[\s)]{0,40})?(?:\?|\|\||&&|={1,3}|!==?)/;
const notOfTheApp =
  /(?:^|\/)(?:node_modules|dist|build|out|coverage|tests?|__tests__|e2e|cypress|playwright|stories)\/|\.(?:test|spec|stories|d)\.[a-z]{1,5}$/;

/** Variables that the sources read while they are built and that nobody gave, by name; empty without a build script. */
export function publicVariableWarnings(tree: SourceTree, given: readonly string[]): string[] {
  const scripts = readJson(tree, 'package.json')?.scripts;
  const script = isRecord(scripts) ? (scripts.build ?? scripts['heroku-postbuild']) : undefined;
  if (typeof script !== 'string') return [];
  const setHere = settingTexts(tree, script);
  const isGiven = (name: string) => given.includes(name) || setHere.some(text => sets(text, name));
  const missing = [...wantedVariables(tree)].filter(([name]) => !isGiven(name));
  const more = missing.length > warned ? ` (and ${missing.length - warned} more)` : '';
  return missing
    .slice(0, warned)
    .map(
      ([name, path], i) =>
        `${shown(path)} reads ${name} at build time, and nobody gave it: set it in build_env${i === warned - 1 ? more : ''}`,
    );
}

/** Where a project itself sets variables for its build. */
function settingTexts(tree: SourceTree, script: string): string[] {
  const configs = ['next.config', 'vite.config', 'nuxt.config', 'astro.config', 'vue.config', 'gatsby-config'];
  const paths = configs.map(config =>
    firstFile(
      tree,
      ['js', 'ts', 'mjs', 'cjs', 'mts'].map(end => `${config}.${end}`),
    ),
  );
  return [script, ...paths.flatMap(path => (path === undefined ? [] : [glance(tree, path)]))];
}

const sets = (text: string, name: string) => ['=', ':', "':", '":'].some(end => text.includes(`${name}${end}`));

/** Each variable that some file needs, and the first such file. */
function wantedVariables(tree: SourceTree): Map<string, string> {
  const wanted = new Map<string, string>();
  const optional = new Set<string>();
  const sources = ['.js', '.jsx', '.ts', '.tsx', '.mjs', '.cjs', '.mts', '.vue', '.svelte', '.astro', '.html'];
  const paths = filesEndingIn(tree, ...sources).filter(path => !notOfTheApp.test(path));
  for (const path of paths.slice(0, readFiles)) {
    for (const { name, needed } of variablesOf(glance(tree, path), path.endsWith('.html'))) {
      if (!needed) optional.add(name);
      else if (!wanted.has(name)) wanted.set(name, path);
    }
  }
  for (const name of optional) wanted.delete(name);
  return wanted;
}

/** A file that is beyond the limits of what is read costs a warning here, and no other one in its place. */
const glance = (tree: SourceTree, path: string): string =>
  (tree.peek === undefined ? tree.read(path) : tree.peek(path)) ?? '';

interface Variable {
  readonly name: string;
  readonly needed: boolean;
}

function variablesOf(text: string, isPage: boolean): Variable[] {
  const single = [...text.matchAll(reads)]
    .filter(({ index }) => !isCommented(text, index))
    .map(({ 0: all, 1: first, 2: second, index }) => ({
      name: first ?? second ?? '',
      needed: !copesWithout.test(text.slice(index + all.length, index + all.length + 140)),
    }));
  const inLists = [...text.matchAll(listed)].flatMap(([, names = '']) => names.split(',').map(listedVariable));
  const inPage = isPage ? [...text.matchAll(inPages)].map(([, name = '']) => ({ name, needed: true })) : [];
  return [...single, ...inLists, ...inPage].filter(({ name }) => isPublished(name));
}

/** `NAME`, `NAME as other`, `NAME: other` or `NAME = 'default'`. */
function listedVariable(text: string): Variable {
  return { name: /^\w{1,120}/.exec(text.trim())?.[0] ?? '', needed: !text.includes('=') };
}

function isCommented(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - 200), index);
  return /^(?:\/\/|\/?\*)/.test(before.slice(before.lastIndexOf('\n') + 1).trimStart());
}
