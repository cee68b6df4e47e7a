/** A recipe in one line, for every answer of a deploy. */
import type { Recipe } from './model.ts';
import type { Run, Stages } from './steps.ts';

/** Characters of one command, and of the whole line. */
const limits = { command: 80, line: 300 } as const;

/** For example "Node.js 24: npm ci, npm run build, dist/ is served as a single-page app". At most 300 characters. */
export function summaryOf(recipe: Recipe): string {
  const title =
    runtimes[recipe.framework ?? ''] ??
    [titles[recipe.language], recipe.version].filter(part => part !== undefined).join(' ');
  if ('dockerfile' in recipe.how) return cut(`${title}: ${recipe.how.dockerfile} is built as it is`, limits.line);
  const parts = [...commandsOf(recipe.how.stages), ending(recipe, recipe.how.stages)];
  return cut(`${title}: ${parts.join(', ')}`, limits.line);
}

const titles: Readonly<Record<Recipe['language'], string>> = {
  nodejs: 'Node.js',
  python: 'Python',
  go: 'Go',
  rust: 'Rust',
  static: 'Static files',
  dockerfile: 'Dockerfile',
};

/** Runtimes that take the place of the language's own. */
const runtimes: Readonly<Record<string, string>> = { bun: 'Bun', deno: 'Deno' };

function commandsOf({ build }: Stages): string[] {
  const runs = (build?.steps ?? []).filter((step): step is Run => step.do === 'run' && step.phase !== 'tool');
  const shown = runs.map(({ command, label }) => label ?? shortened(command)).filter(text => text !== '');
  return shown.map(text => cut(text, limits.command));
}

/** Without variables before the command, options that only quieten a tool, and the paths of the stage. */
const shortened = (command: string): string =>
  command
    .replace(/^(?:[A-Z_]{1,40}=(?:"[^"]{0,80}"|[^\s"]{0,80}) ){1,8}/, '')
    .replaceAll(' --no-audit --no-fund', '')
    .replaceAll(' --no-cache-dir --disable-pip-version-check', '')
    .replaceAll('/venv/bin/pip', 'pip');

function ending({ serves }: Recipe, { image }: Stages): string {
  if (serves !== undefined) {
    const what = serves.folder === '' ? 'the files are' : `${serves.folder} is`;
    return `${what} served as ${serves.singlePage ? 'a single-page app' : 'static pages'}`;
  }
  const argv = image.steps.flatMap(step => (step.do === 'cmd' ? [...step.argv] : []));
  const line = argv[0] === 'sh' && argv[1] === '-c' ? (argv[2] ?? '').replace(/^exec /, '') : argv.join(' ');
  return `started by ${cut(line, limits.command)}`;
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
