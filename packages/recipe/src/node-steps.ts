/** The steps of Node images: how packages are installed and built, and in which surroundings the process runs. */
import { appUid, type RuleInput, runtimeFolder } from './model.ts';
import { bunTool } from './node-manager.ts';
import { buildCommands, isEmpty, type NodePackage, needsTools } from './node-package.ts';
import { type NodeStart, namesBun, runsBun } from './node-server.ts';
import { joined } from './source-tree.ts';
import {
  cmd,
  copy,
  copyAll,
  copyBuilt,
  env,
  run,
  runtime,
  type Setting,
  type Stages,
  type Step,
  workdir,
} from './steps.ts';

/** The stages of a server; `last` ends its image. */
export function serverStages(input: RuleInput, pkg: NodePackage, start: NodeStart, last: readonly Step[]): Stages {
  const base = input.settings.bases.node;
  const { build, image } =
    buildCommands(pkg).length === 0
      ? plainServer(pkg, start.needsDevelopment)
      : builtServer(pkg, start.needsDevelopment);
  const steps = [...image, ...last];
  if (runsBun(pkg, start)) {
    const made = build ?? toolSteps(pkg);
    const hasBun = pkg.manager.name === 'bun' || (build !== undefined && bringsBun(pkg));
    return withBun(base, hasBun ? made : [...made, run('tool', bunTool)], steps);
  }
  return { ...(build !== undefined && { build: { base, steps: build } }), image: { base, steps } };
}

/** Bun itself in the image. */
const keepBun = run(
  'tool',
  `mkdir -p ${runtimeFolder} && cp -L "$(command -v bun)" ${runtimeFolder}/bun && ln -sf bun ${runtimeFolder}/bunx`,
);

/** The stages of an image in which Bun is; `build` has installed it. */
export function withBun(base: string, build: readonly Step[], image: readonly Step[]): Stages {
  const found = [copyBuilt(`${runtimeFolder}/`, `${runtimeFolder}/`), ...env({ PATH: `${runtimeFolder}:$PATH` })];
  return { build: { base, steps: [...build, keepBun] }, image: { base, steps: [...found, ...image] } };
}

interface ServerSteps {
  readonly build?: readonly Step[];
  readonly image: readonly Step[];
}

/** A server that is compiled first: the whole built folder moves, without the development dependencies. */
function builtServer(pkg: NodePackage, keep: boolean): ServerSteps {
  const own = pkg.devDependencies.size > 0 ? pkg.manager.prune : undefined;
  const prune = pkg.place === undefined ? own : pkg.place.prune;
  const then = [...buildRuns(pkg), ...(!keep && prune !== undefined ? [run('build', prune)] : [])];
  return { build: buildSteps(pkg, then), image: [copyBuilt('/app/', '/app/', appUid)] };
}

/** A server that runs as written: dependencies are one layer that a change of the source leaves alone. */
function plainServer(pkg: NodePackage, keep: boolean): ServerSteps {
  const source = copy(['.'], '/app/', appUid);
  if (isEmpty(pkg)) return { image: [source] };
  const { install: whole, installRuntime } = pkg.manager;
  const install = installSteps(pkg, keep || needsTools(pkg) ? whole : installRuntime);
  if (pkg.manifests === undefined) return { build: install, image: [copyBuilt('/app/', '/app/', appUid)] };
  // Two layers: a change of the source leaves the packages alone. A project may have none after all, and COPY wants the folder.
  return {
    build: [...install, run('install', 'mkdir -p node_modules', '')],
    image: [copyBuilt('/app/node_modules/', '/app/node_modules/', appUid), source],
  };
}

/** The steps that build the package. */
export const buildRuns = (pkg: NodePackage): Step[] => buildCommands(pkg).map(command => run('build', command));

/** The steps of a build stage: the installation, the sources, then these. */
export function buildSteps(pkg: NodePackage, then: readonly Step[]): Step[] {
  return [...installSteps(pkg, pkg.manager.install), ...(pkg.manifests === undefined ? [] : [copyAll]), ...then];
}

/** The working folder, and the package manager where it is not npm. */
function toolSteps({ manager }: NodePackage): Step[] {
  return [workdir('/app'), ...(manager.tool === undefined ? [] : [run('tool', manager.tool)])];
}

/** Whether the installation of a project brings Bun: as its package manager, or for scripts that call it. */
function bringsBun({ manager, scripts, all }: NodePackage): boolean {
  return manager.name === 'bun' || Object.values(scripts).some(namesBun) || all.has('elysia');
}

function installSteps(pkg: NodePackage, install: string): Step[] {
  const { manager, manifests, place } = pkg;
  return [
    ...toolSteps(pkg),
    ...(bringsBun(pkg) && manager.name !== 'bun' ? [run('tool', bunTool)] : []),
    manifests === undefined ? copyAll : copy(manifests, './'),
    ...(isEmpty(pkg) ? [] : [run('install', install)]),
    ...(place?.installs ?? []).map(command => run('install', command)),
  ];
}

/** The process runs in the folder of its package. The programs that it may call are there, or at the root of the workspace. */
export function settingsOf(port: number, command: Setting & { do: 'cmd' }, folder = ''): Step[] {
  const variables = { NODE_ENV: 'production', HOME: '/tmp', HOST: '0.0.0.0', HOSTNAME: '0.0.0.0', PORT: port };
  const bin = 'node_modules/.bin/';
  const [program = '', ...rest] = command.argv;
  const isBin = folder !== '' && program.startsWith(bin);
  const found = isBin ? cmd([program.slice(bin.length), ...rest]) : command;
  const folders = [...new Set([joined('/app', folder), '/app'])].map(root => `${root}/${bin.slice(0, -1)}`);
  const path = isBin || callsPackage(command.argv) ? env({ PATH: `${folders.join(':')}:$PATH` }) : [];
  return [workdir(joined('/app', folder)), ...env(variables), ...path, ...runtime(appUid, port), found];
}

/** Whether the program may be one that a package brings: npm finds those by itself, nobody else does. */
function callsPackage(argv: readonly string[]): boolean {
  const program = argv[0] === 'env' ? argv.slice(1).find(word => !word.includes('=')) : argv[0];
  return !(program ?? '').includes('/') && !['node', 'npm', 'bun', 'deno'].includes(program ?? '');
}
