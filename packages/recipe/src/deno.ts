/** Deno: a runtime of its own beside Node.js, installed from the npm package `deno`. https://docs.deno.com/runtime/ */
import { localStateWarnings } from './local-state.ts';
import type { RecipeResult, RuleInput } from './model.ts';
import { appUid, fault, runtimeFolder } from './model.ts';
import { firstFile, hasFile, isRecord, readJson, readJsonc, type SourceTree } from './source-tree.ts';
import {
  cmd,
  copyAll,
  copyBuilt,
  env,
  isPlain,
  run,
  runtime,
  type Setting,
  type Stages,
  shellCmd,
  workdir,
} from './steps.ts';

const denoTool = 'npm install -g deno@2.9.6';
/** What Deno has downloaded and compiled; beside the program itself, because both travel into the image. */
const cache = `${runtimeFolder}/deno-cache`;
/** The npm package starts the program through a script of Node.js, which the image does without. */
const keepDeno = run(
  'tool',
  `mkdir -p ${cache} && cp -L "$(deno eval 'console.log(Deno.execPath())')" ${runtimeFolder}/deno`,
  '',
);

const configurations = ['deno.json', 'deno.jsonc'];
const entries = [
  'main',
  'server',
  'index',
  'app',
  'mod',
  'src/main',
  'src/server',
  'src/index',
  'src/app',
  'src/mod',
].flatMap(name => ['ts', 'tsx', 'js', 'mjs'].map(ending => `${name}.${ending}`));
/** What only Deno understands: its own global, and modules by address. */
const denoSource =
  /\bDeno\.(?:serve|listen|env)\b|(?:from|import)\s{0,9}\(?["'](?:jsr:|npm:|https:\/\/(?:deno\.land|esm\.sh|jsr\.io)\/)/;
/** Tasks that start the application, best first. */
const startTasks = ['start', 'serve', 'prod', 'production', 'preview'];

/** Why this tree is run by Deno, or undefined. A package.json that starts something itself belongs to Node.js. */
export function denoReason(tree: SourceTree): string | undefined {
  const scripts = readJson(tree, 'package.json')?.scripts;
  const start = isRecord(scripts) ? scripts.start : undefined;
  if (typeof start === 'string')
    return /^deno\s/.test(start) ? 'the start script of package.json calls deno' : undefined;
  const configuration = firstFile(tree, configurations);
  const entry = entryOf(tree);
  if (entry !== undefined && denoSource.test(tree.read(entry) ?? '')) return `${entry} is written for Deno`;
  if (configuration === undefined) return undefined;
  const { tasks } = denoProject(tree);
  const runsDeno = Object.values(tasks).some(task => /\bdeno\s+(?:run|serve)\b/.test(task));
  return runsDeno || !hasFile(tree, 'package.json') ? `${configuration} is there` : undefined;
}

/** The image of a Deno application: Deno, the source, and everything that it imports. */
export function denoRecipe(input: RuleInput): RecipeResult {
  const { tree, request } = input;
  const start = denoStart(tree);
  if (start === undefined)
    return fault(
      'EntrypointMissing',
      'this is a Deno project, and there is no task "start" in deno.json and no main.ts, server.ts or index.ts',
      'add a task "start" such as "deno run --allow-net --allow-env main.ts" to deno.json',
    );
  const literal = portOf(tree, start);
  const port = request.port ?? literal?.port ?? 8080;
  return {
    ok: true,
    recipe: {
      language: 'nodejs',
      framework: 'deno',
      why: [...input.why, start.why],
      how: { stages: stagesOf(input, start, port) },
      port,
      portWhy:
        request.port !== undefined
          ? 'named by the user'
          : (literal?.why ?? 'PORT is set to 8080, and the source reads it'),
      portFollowsEnv: literal === undefined,
      user: { uid: appUid },
      warnings: [
        ...(literal === undefined
          ? []
          : [`the app listens on ${literal.port} whatever PORT says: use Deno.env.get("PORT")`]),
        ...localStateWarnings(tree, []),
      ],
      readOnlyRoot: false,
    },
  };
}

interface DenoProject {
  readonly tasks: Readonly<Record<string, string>>;
}

function denoProject(tree: SourceTree): DenoProject {
  const file = firstFile(tree, configurations);
  const listed = file === undefined ? undefined : readJsonc(tree, file)?.tasks;
  const tasks: Record<string, string> = {};
  for (const [name, task] of Object.entries(isRecord(listed) ? listed : {})) {
    const command = isRecord(task) ? task.command : task;
    if (typeof command === 'string') tasks[name] = command.trim();
  }
  return { tasks };
}

interface DenoStart {
  readonly command: Setting & { do: 'cmd' };
  /** The module that is started, where it is known and in the source. */
  readonly entry?: string;
  /** Whether the command hands PORT to the application. */
  readonly takesPort: boolean;
  /** The command as the project writes it. */
  readonly line: string;
  readonly why: string;
}

/** A start task, else the script of package.json, else the task `dev` without its watching, else the entry file. */
function denoStart(tree: SourceTree): DenoStart | undefined {
  const { tasks } = denoProject(tree);
  const task = startTasks.find(name => tasks[name] !== undefined);
  const scripts = readJson(tree, 'package.json')?.scripts;
  const script = isRecord(scripts) && typeof scripts.start === 'string' ? scripts.start : undefined;
  if (script !== undefined) return lineStart(tree, script, 'the start script of package.json');
  if (task !== undefined) {
    const line = tasks[task] ?? '';
    return (
      lineStart(tree, line, `the task ${task} of deno.json`) ?? {
        command: cmd(['deno', 'task', task]),
        takesPort: false,
        line,
        why: `the task ${task} of deno.json starts it`,
      }
    );
  }
  const dev = lineStart(tree, tasks.dev ?? '', 'the task dev of deno.json, without --watch');
  return dev ?? entryStart(tree);
}

/** `deno run …` and `deno serve …` of plain words are started as they are, but for the options that watch files. */
function lineStart(tree: SourceTree, line: string, what: string): DenoStart | undefined {
  const words = line.split(/\s+/).filter(word => !/^--watch(?:-hmr|-exclude)?(?:=|$)/.test(word));
  if (words[0] !== 'deno' || !/^(?:run|serve)$/.test(words[1] ?? '') || words.some(word => !isWord(word)))
    return undefined;
  // At a terminal Deno would ask for each permission; nobody is there to answer.
  const asks = !words.some(word => /^(?:-[A-Z]+|--allow-|--permission-set)/.test(word));
  if (asks) words.splice(2, 0, '--allow-all');
  const entry = words.slice(2).find(word => /\.[cm]?[jt]sx?$/.test(word) && hasFile(tree, word.replace(/^\.\//, '')));
  return {
    command: cmd(words),
    ...(entry !== undefined && { entry: entry.replace(/^\.\//, '') }),
    takesPort: false,
    line,
    why: `${what} starts it: ${words.join(' ')}`,
  };
}

const isWord = (word: string) => isPlain(word) || /^--?[A-Za-z][A-Za-z0-9_.,:/=@-]{0,200}$/.test(word);

/** The pod is the sandbox: the application may do in it what it likes, as it may in every other language. */
function entryStart(tree: SourceTree): DenoStart | undefined {
  const entry = entryOf(tree);
  if (entry === undefined) return undefined;
  const isHandler = /export\s{1,9}default\s{1,9}\{[^}]{0,400}\bfetch\b/.test(tree.read(entry) ?? '');
  const words = isHandler ? ['deno', 'serve', '--allow-all', '--host=0.0.0.0'] : ['deno', 'run', '--allow-all'];
  return {
    command: isHandler ? shellCmd([...words, '--port', '"$PORT"', entry]) : cmd([...words, entry]),
    entry,
    takesPort: isHandler,
    line: [...words, entry].join(' '),
    why: isHandler ? `${entry} exports a handler, which deno serve answers with` : `${entry} is run by Deno`,
  };
}

const entryOf = (tree: SourceTree) => firstFile(tree, entries);

/** The port that the application opens whatever PORT says: an option of the command, a literal of the source, or Deno's own. */
function portOf(tree: SourceTree, { line, entry, takesPort }: DenoStart): { port: number; why: string } | undefined {
  if (takesPort) return undefined;
  const option = /\s--port[= ](\d{2,5})\b/.exec(line)?.[1];
  if (option !== undefined) return { port: Number(option), why: 'written in the start command' };
  const text = entry === undefined ? undefined : tree.read(entry);
  if (text === undefined || /\bPORT\b/.test(text)) return undefined;
  const literal = /\bport\s{0,9}[:=]\s{0,9}(\d{2,5})\b/i.exec(text)?.[1];
  if (literal !== undefined) return { port: Number(literal), why: `written in ${entry}` };
  const isDefault = /^deno serve\b/.test(line) || /\bDeno\.serve\s{0,9}\(/.test(text);
  return isDefault ? { port: 8000, why: 'where Deno listens when nothing names a port' } : undefined;
}

function stagesOf({ tree, settings }: RuleInput, start: DenoStart, port: number): Stages {
  const base = settings.bases.node;
  const builds = denoProject(tree).tasks.build !== undefined;
  const download = start.entry === undefined || builds ? 'deno install' : `deno install --entrypoint ${start.entry}`;
  const steps = [
    workdir('/app'),
    run('tool', denoTool),
    keepDeno,
    copyAll,
    run('install', `DENO_DIR=${cache} ${download}`),
    ...(builds ? [run('build', `DENO_DIR=${cache} deno task build`)] : []),
  ];
  const variables = {
    PATH: `${runtimeFolder}:$PATH`,
    DENO_DIR: cache,
    DENO_NO_UPDATE_CHECK: 1,
    HOME: '/tmp',
    HOST: '0.0.0.0',
    PORT: port,
  };
  const image = [
    copyBuilt(`${runtimeFolder}/`, `${runtimeFolder}/`, appUid),
    copyBuilt('/app/', '/app/', appUid),
    workdir('/app'),
    ...env(variables),
    ...runtime(appUid, port),
    start.command,
  ];
  return { build: { base, steps }, image: { base, steps: image } };
}
