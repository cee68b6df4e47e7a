/** How a package of a workspace without scripts of its own is built: by tasks that moon lists or that Nx infers. */
import type { NodePackage } from './node-package.ts';
import { hasFile, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** The package with the scripts that its tasks stand for, and the command that builds it. */
export interface Tasked {
  readonly pkg: NodePackage;
  readonly build?: string;
}

/** What Nx runs for a package that depends on one of these. */
const inferred = ['next', 'nuxt', 'astro', 'vite'];

/** The package in this folder of the workspace. Scripts of its own come before tasks. */
export function taskedPackage(tree: SourceTree, folder: string, pkg: NodePackage, root: NodePackage): Tasked {
  const { scripts, buildScript, impliedBuild } = pkg;
  const tasks = moonTasks(tree.read(`${folder}/moon.yml`) ?? '');
  const start = scripts.start ?? startTask(tasks);
  const tool = inferred.find(name => pkg.all.has(name));
  const isInferred = hasFile(tree, 'nx.json') && root.all.has('nx') && tool !== undefined;
  const task = tasks.get('build') ?? tasks.get('compile') ?? (isInferred ? `${tool} build` : undefined);
  const build = scripts.build ?? task;
  const named = { ...scripts, ...(start !== undefined && { start }), ...(build !== undefined && { build }) };
  if (build === undefined) return { pkg: { ...pkg, scripts: named } };
  const own =
    impliedBuild === undefined ? `npm --prefix ${folder} run ${buildScript}` : `cd ${folder} && ${impliedBuild}`;
  const byTask = isInferred
    ? `NX_DAEMON=false npx nx run-many -t build --projects=${folder}`
    : `cd ${folder} && npx ${build}`;
  return { pkg: { ...pkg, scripts: named }, build: scripts.build === undefined ? byTask : own };
}

/** A file that a task runs. What else a task may start needs moon itself, which the image has not. */
function startTask(tasks: ReadonlyMap<string, string>): string | undefined {
  const command = tasks.get('start') ?? tasks.get('serve');
  return command?.startsWith('node ') ? command : undefined;
}

/** The commands below `tasks:` of a moon.yml, by the names of the tasks; plain words only. */
function moonTasks(text: string): Map<string, string> {
  const tasks = new Map<string, string>();
  let inside = false;
  let name = '';
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) inside = line.startsWith('tasks:');
    if (!inside) continue;
    name = /^\s{1,4}([\w-]{1,60}):\s{0,9}$/.exec(line)?.[1] ?? name;
    const command = /^\s{2,9}command:\s{1,9}["']?([^"'#[\]]{1,200})/.exec(line)?.[1]?.trim() ?? '';
    if (command !== '' && command.split(' ').every(word => isPlain(word) || /^--?[\w=./-]{1,60}$/.test(word)))
      tasks.set(name, command);
  }
  return tasks;
}
