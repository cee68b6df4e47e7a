/** Which command starts a Deno application: its Procfile, a task, or the file that looks like it. */
import { withoutAssignments } from './command-line.ts';
import { type DenoCommand, denoCommand, taskCommand, wordsOf } from './deno-command.ts';
import { type DenoProject, denoEntry, exportsFetch, listens } from './deno-project.ts';
import { isPreview } from './node-static.ts';
import { commandOfLine, procfileWeb } from './procfile.ts';
import type { SourceTree } from './source-tree.ts';

export interface DenoStart extends DenoCommand {
  readonly why: string;
  /** What names the command; a file is only a guess. */
  readonly by: 'procfile' | 'task' | 'script' | 'file';
}

/** Tasks that start a server, the likeliest first. */
const startTasks = ['start:prod', 'start', 'serve', 'server', 'prod', 'production', 'preview', 'web'];
const developmentTasks = ['dev', 'watch', 'develop'];
/** How often a task may only name another one. */
const deepest = 4;

/** The way to start, or undefined when nothing tells. */
export function denoStart(tree: SourceTree, project: DenoProject): DenoStart | undefined {
  const named = procfileStart(tree, project) ?? taskStart(tree, project) ?? scriptStart(tree, project);
  return named ?? developmentStart(tree, project) ?? fileStart(tree);
}

/** Whether a command line begins with the program deno. */
export function runsDeno(line: string): boolean {
  return withoutAssignments(line.trim().split(/\s+/)).words[0] === 'deno';
}

function procfileStart(tree: SourceTree, project: DenoProject): DenoStart | undefined {
  const web = procfileWeb(tree);
  if (web === undefined) return undefined;
  const why = 'the web line of Procfile starts it';
  const words = wordsOf(web);
  const task = words?.[1] === 'task' && words.length === 3 ? namedTask(tree, project, words[2] ?? '') : undefined;
  const direct = words === undefined ? undefined : (task ?? denoCommand(tree, words, hasBuild(project)));
  const shell = { command: commandOfLine(web), options: [], followsPort: false };
  return { ...(direct ?? shell), why, by: 'procfile' };
}

function taskStart(tree: SourceTree, project: DenoProject): DenoStart | undefined {
  for (const name of startTasks) {
    const text = project.tasks[name]?.text ?? '';
    const isServer = /\bdeno\b/.test(text) && !showsFiles(text);
    const command = isServer ? namedTask(tree, project, name) : undefined;
    if (command !== undefined) return { ...command, why: `the task ${name} of ${project.file} starts it`, by: 'task' };
  }
  return undefined;
}

/** A task is a server only where nothing else is, and where it names the file that it runs. */
function developmentStart(tree: SourceTree, project: DenoProject): DenoStart | undefined {
  for (const name of developmentTasks) {
    const text = project.tasks[name]?.text ?? '';
    const words = showsFiles(text) ? undefined : wordsOf(text);
    const command = words === undefined ? undefined : denoCommand(tree, words, false);
    if (command === undefined || /^(?:\.\/)?dev\.tsx?$/.test(command.entry ?? '')) continue;
    const why = `only the task ${name} of ${project.file} names what to run: it is started without watching`;
    return { ...command, why, by: 'task' };
  }
  return undefined;
}

function scriptStart(tree: SourceTree, project: DenoProject): DenoStart | undefined {
  const { scripts, tasks } = project;
  const name = ['start:prod', 'start'].find(key => runsDeno(scripts[key]?.text ?? ''));
  if (name === undefined) return undefined;
  const command = namedTask(tree, { ...project, tasks: { ...tasks, ...scripts } }, name);
  return command && { ...command, why: `the script ${name} of package.json starts it`, by: 'script' };
}

/** The command of a task: `deno` itself where the task is one plain command, else the task runner. */
function namedTask(tree: SourceTree, project: DenoProject, name: string): DenoCommand | undefined {
  let task = project.tasks[name];
  for (let depth = 0; depth < deepest && task !== undefined && !task.hasDependencies; depth++) {
    const words = wordsOf(task.text);
    if (words === undefined) break;
    const direct = denoCommand(tree, words, hasBuild(project));
    if (direct !== undefined) return direct;
    const [program, verb, other = '', ...more] = withoutAssignments(words).words;
    // Another command of Deno, or a missing file: no task runner starts that.
    if (program === 'deno' && verb !== 'task') return undefined;
    if (program !== 'deno' || more.length > 0 || words[0] !== 'deno') break;
    task = project.tasks[other];
  }
  const text = project.tasks[name]?.text;
  return text === undefined || !/^[\w:.-]{1,60}$/.test(name) ? undefined : taskCommand(tree, name, text);
}

function fileStart(tree: SourceTree): DenoStart | undefined {
  const entry = denoEntry(tree);
  if (entry === undefined) return undefined;
  const text = tree.read(entry) ?? '';
  const verb = exportsFetch(text) && !listens(text) ? 'serve' : 'run';
  const keyValue = /\bDeno\.openKv\b/.test(text) ? ['--unstable-kv'] : [];
  const command = denoCommand(tree, ['deno', verb, '-A', ...keyValue, entry], false);
  const why = `${entry} is the entry point; no task names fewer permissions, so it has all that the container has`;
  return command && { ...command, why, by: 'file' };
}

/** Whether `deno task build` makes files that the start needs. A compiled program would be started without Deno. */
export function hasBuild(project: DenoProject): boolean {
  const build = project.tasks.build ?? project.scripts.build;
  return build !== undefined && !/\bdeno (?:compile|check|fmt|lint|test|publish)\b/.test(build.text);
}

/** Tools that show files to a developer, called by name or from npm. */
function showsFiles(text: string): boolean {
  const isTool = isPreview(text) || /\bnpm:(?:vite|astro|parcel|webpack|rspack|next|nuxt|lume)\b/.test(text);
  return isTool || /\blume\b.{0,60}(?:\s-s\b|--serve\b)|^deno task (?:dev|lume)\b/.test(text);
}
