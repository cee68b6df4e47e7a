/** A `deno` command line as the command of an image: without what only a developer's machine needs, on the port of $PORT. */
import { withoutAssignments } from './command-line.ts';
import { exportsFetch, listens } from './deno-project.ts';
import { hasFile, type SourceTree } from './source-tree.ts';
import { cmd, isPlain, type Setting } from './steps.ts';

export interface DenoCommand {
  readonly command: Setting & { do: 'cmd' };
  /** The file or module that the command runs: its imports are fetched while the image is built. */
  readonly entry?: string;
  /** Options that decide how the imports of the entry are found. */
  readonly options: readonly string[];
  /** The port that the command itself names. */
  readonly port?: number;
  /** Listens on $PORT, whatever the program says. */
  readonly followsPort: boolean;
}

/** Options of a developer: they restart, fetch again or wait for a debugger. `--unstable` and `--lock-write` are gone from Deno 2. */
const forDevelopers =
  /^(?:--watch(?:-[a-z]+)?|--hmr|--reload|-r|--inspect(?:-[a-z]+)?|--unstable|--lock-write|--allow-hrtime)(?:=.*)?$/;
/** Options whose value is the next word. */
const takesWord = /^(?:-c|--config|--import-map|--port|--host|--cert|--location|--seed|--ext|-L|--log-level)$/;
const findsImports =
  /^(?:--import-map|--config|-c|--node-modules-dir|--vendor|--no-lock|--no-config|--unstable-[a-z-]+)(?:=|$)/;
/** Permissions, each or as a set. */
const permits = /^(?:--allow-|--deny-|--permission-set|--no-prompt|-[A-Z])/;
const isOption = (word: string) => /^--?[A-Za-z][A-Za-z0-9=._/:,@-]{0,300}$/.test(word);

/** The words of one command that a shell reads as they are; undefined for a line of a shell. */
export function wordsOf(line: string): string[] | undefined {
  const words = line.trim().split(/\s+/);
  return words.every(word => isPlain(word) || isOption(word)) ? words : undefined;
}

/** `deno run …`, `deno serve …` or `deno FILE` of these words; undefined when they are another command of Deno, or run a missing file. */
export function denoCommand(tree: SourceTree, line: readonly string[], isBuilt: boolean): DenoCommand | undefined {
  const { variables, words } = withoutAssignments(line);
  if (words[0] !== 'deno') return undefined;
  const hasVerb = words[1] === 'run' || words[1] === 'serve';
  const split = splitAtEntry(words.slice(hasVerb ? 2 : 1));
  if (split === undefined) return undefined;
  const entry = productionEntry(tree, split.entry);
  if (!isModule(entry) && !isBuilt && !hasFile(tree, bare(entry))) return undefined;
  const given = split.options.filter(option => !option.every(word => forDevelopers.test(word)));
  const text = tree.read(bare(entry)) ?? '';
  const verb = words[1] === 'serve' || (exportsFetch(text) && !listens(text)) ? 'serve' : 'run';
  // Without a terminal Deno asks nobody, and refuses: the author has answered its questions.
  const isAsked = verb === 'run' && !given.some(([name = '']) => permits.test(name));
  const options = isAsked ? [['-A'], ...given] : given;
  return assemble({ variables, verb, options, entry, rest: split.rest });
}

/** A shell line, as the task runner of Deno runs it. */
export function taskCommand(tree: SourceTree, name: string, text: string): DenoCommand {
  const files = text.split(/\s/, 100).filter(word => /\.[cm]?[jt]sx?$/.test(word.slice(-5)));
  const entry = files.map(bare).find(path => isPlain(path) && hasFile(tree, path));
  return {
    command: cmd(['deno', 'task', name]),
    ...(entry !== undefined && { entry }),
    options: [],
    followsPort: false,
  };
}

interface Parts {
  readonly variables: readonly string[];
  readonly verb: 'run' | 'serve';
  /** Each an option, with the word that is its value. */
  readonly options: readonly (readonly string[])[];
  readonly entry: string;
  /** Arguments of the program itself. */
  readonly rest: readonly string[];
}

function assemble({ variables, verb, options, entry, rest }: Parts): DenoCommand {
  const given = options.flat();
  const port = portOf(verb === 'serve' ? given : rest);
  const program = ['deno', verb, ...given, entry, ...rest];
  const common = {
    entry,
    options: options.filter(([name = '']) => findsImports.test(name)).flat(),
    ...(port !== undefined && { port }),
  };
  const assigned = variables.length > 0 ? ['env', ...variables] : [];
  if (port !== undefined || (verb === 'run' && !reachesEveryPort(given)))
    return { ...common, command: cmd([...assigned, ...program]), followsPort: false };
  // Deno moves the first server that the program opens to this address; `deno serve` has an option, and may listen there.
  const line =
    verb === 'serve'
      ? [...assigned, 'deno', 'serve', '--port', '"$PORT"', ...program.slice(2)]
      : ['env', 'DENO_SERVE_ADDRESS="tcp:0.0.0.0:$PORT"', ...variables, ...program];
  return { ...common, command: cmd(['sh', '-c', `exec ${line.join(' ')}`]), followsPort: true };
}

interface AtEntry {
  readonly options: readonly (readonly string[])[];
  readonly entry: string;
  readonly rest: readonly string[];
}

/** The first word that is no option is what Deno runs; what follows it belongs to the program. */
function splitAtEntry(words: readonly string[]): AtEntry | undefined {
  const options: string[][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!word.startsWith('-')) {
      const isEntry = isModule(word) || /\.[cm]?[jt]sx?$/.test(word);
      return isEntry ? { options, entry: word, rest: words.slice(i + 1) } : undefined;
    }
    const value = takesWord.test(word) ? words[++i] : undefined;
    options.push(value === undefined ? [word] : [word, value]);
  }
  return undefined;
}

/** Fresh and its like have dev.ts, which watches, beside main.ts, which serves. */
function productionEntry(tree: SourceTree, entry: string): string {
  if (!/^(?:\.\/)?dev\.tsx?$/.test(entry)) return entry;
  return ['main.ts', 'main.tsx'].find(path => hasFile(tree, path)) ?? entry;
}

const isModule = (entry: string) => /^(?:jsr|npm|https):/.test(entry);
const bare = (path: string) => path.replace(/^\.\//, '');

/** Whether the permissions let the program listen where vibeD wants it. */
const reachesEveryPort = (options: readonly string[]) =>
  options.some(word => /^(?:-A|--allow-all|--allow-net|-N)$/.test(word) || /^-[A-Z]{0,9}[AN][A-Z]{0,9}$/.test(word));

function portOf(words: readonly string[]): number | undefined {
  const at = words.findIndex(word => /^--port(?:=|$)/.test(word));
  const text = at < 0 ? '' : (words[at]?.split('=')[1] ?? words[at + 1] ?? '');
  const port = Number(text);
  return /^\d{2,5}$/.test(text) && port <= 65535 ? port : undefined;
}
