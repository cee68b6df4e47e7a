/** How a Node server is started: by its framework, by its start script, or by the file that looks like it. */
import { type Assigned, withoutAssignments } from './command-line.ts';
import { composeCommand } from './compose.ts';
import { type Framework, frameworkName, frameworkOf } from './node-frameworks.ts';
import { type NodePackage, plainCommand } from './node-package.ts';
import { isDoneBefore, type ScriptWorld, startedCommand } from './node-start-script.ts';
import { isPreview } from './node-static.ts';
import { commandOfLine, procfileWeb } from './procfile.ts';
import { hasFile, type SourceTree } from './source-tree.ts';
import { cmd, isPlain, type Setting } from './steps.ts';

/** A way to start the server. */
export interface NodeStart {
  readonly framework?: string;
  readonly command: Setting & { do: 'cmd' };
  readonly why: string;
  /** The command needs tools that only devDependencies bring (tsx, nodemon, …). */
  readonly needsDevelopment: boolean;
}

/** The way to start, or undefined when nothing tells. */
export function nodeStart(tree: SourceTree, pkg: NodePackage): NodeStart | undefined {
  const web = procfileWeb(tree);
  if (web !== undefined) return lineStart(pkg, web, 'the web line of Procfile starts it');
  const framework = frameworkOf(tree, pkg);
  const entry = entryFile(tree, pkg);
  const hasServer = entry !== undefined && looksLikeServer(tree, entry);
  const script = ['start:prod', 'start'].find(name => {
    const text = pkg.scripts[name];
    // A page's development server is started by hand; beside it the file that listens is the server.
    return text !== undefined && !startsDevelopment(text) && !(hasServer && showsPages(tree, pkg, text));
  });
  // Nuxt and its relatives preview with development tools; their built server needs none.
  const isBuilt = framework?.argv[0] === 'node' && framework.name !== 'nestjs';
  // Next.js leaves styles and scripts out of its standalone folder: that server alone answers 404 for them.
  const isBare = framework?.name === 'next' && /standalone\/server\.js/.test(pkg.scripts[script ?? ''] ?? '');
  const direct = isBuilt || isBare;
  if (framework !== undefined && (direct || script === undefined)) return frameworkStart(framework);
  if (script !== undefined) return scriptStart(tree, pkg, script);
  return fileStart(tree, pkg) ?? developedStart(tree, pkg) ?? composeStart(tree, pkg);
}

function composeStart(tree: SourceTree, pkg: NodePackage): NodeStart | undefined {
  const command = composeCommand(tree);
  return command === undefined ? undefined : lineStart(pkg, command, 'the compose file starts it');
}

/** The file that a project without a start script most likely starts with. */
export function entryFile(tree: SourceTree, pkg?: NodePackage): string | undefined {
  if (pkg?.main !== undefined && isPlain(pkg.main) && (hasFile(tree, pkg.main) || pkg.scripts.build !== undefined))
    return pkg.main;
  const names = [
    'server',
    'index',
    'app',
    'main',
    'src/server',
    'src/index',
    'src/app',
    'src/main',
    'server/index',
    'api/index',
    'backend/server',
  ];
  const candidates = ['js', 'mjs', 'cjs', 'ts', 'mts'].flatMap(extension => names.map(name => `${name}.${extension}`));
  return candidates.find(
    path => hasFile(tree, path) && (pkg?.scripts.build === undefined || looksLikeServer(tree, path)),
  );
}

/** Whether a source file opens a port. */
export function looksLikeServer(tree: SourceTree, path: string): boolean {
  const text = tree.read(path) ?? '';
  return /createServer\s*\(|\.listen\s*\(|\bserve\s*\(|Bun\.serve|(?:require\(|from\s+)['"](?:node:)?https?['"]|(?:require\(|from\s+)['"](?:express|fastify|koa|hono|@hapi\/hapi)['"]/.test(
    text,
  );
}

function frameworkStart(framework: Framework): NodeStart {
  const why = `${framework.dependency} is a dependency: its production server is started`;
  return { framework: framework.name, command: cmd(framework.argv), why, needsDevelopment: false };
}

/** A line that names the process which receives requests; a program of node_modules is found as npm finds it. */
function lineStart(pkg: NodePackage, line: string, why: string): NodeStart {
  const framework = frameworkName(pkg);
  const first = line.split(' ')[0] ?? '';
  const isKnown = ['node', 'npm', 'bun'].includes(first) || pkg.dependencies.has(first);
  return {
    ...(framework !== undefined && { framework }),
    command: commandOfLine(line),
    why,
    needsDevelopment: !isKnown || first === 'npm',
  };
}

/** The words behind assignments and `cross-env`. NODE_ENV=production is dropped, because the image sets it. */
function withoutSettings(words: readonly string[]): Assigned {
  const { variables, words: rest } = withoutAssignments(words[0] === 'cross-env' ? words.slice(1) : words);
  return { variables: variables.filter(word => word !== 'NODE_ENV=production'), words: rest };
}

const worldOf = (tree: SourceTree, { scripts }: NodePackage): ScriptWorld => ({
  tree,
  scripts,
  builds: scripts.build !== undefined,
});

/** The script as npm runs it, or the program that it starts in the end where that is one plain command. */
function scriptStart(tree: SourceTree, pkg: NodePackage, script: string): NodeStart {
  const framework = frameworkName(pkg);
  const named = framework !== undefined && { framework };
  const written = pkg.scripts[script]?.trim() ?? '';
  const world = worldOf(tree, pkg);
  const before = pkg.scripts[`pre${script}`];
  const isAlone = before === undefined || isDoneBefore(before, world);
  const line = isAlone ? startedCommand(written, world) : written;
  const all = plainCommand(line) ?? [];
  const { words, variables } = withoutSettings(withoutPort(all));
  const [tool = ''] = words;
  const why = `the script ${script} starts it`;
  const needsDevelopment = !isInstalled(pkg, tool) || words.some(word => isDevelopment(pkg, word));
  const isSeen = line !== written || words.length < all.length || ['node', 'bun', 'json-server'].includes(tool);
  if (!isAlone || words.length === 0 || !isSeen)
    return { ...named, command: cmd(['npm', 'run', '--silent', script]), why, needsDevelopment };
  if (tool === 'json-server') return { ...named, command: jsonServer(words.slice(1)), why, needsDevelopment };
  const argv = [...(variables.length > 0 ? ['env', ...variables] : []), ...words];
  return { ...named, command: cmd(argv), why: line === written ? why : `${why}: ${line}`, needsDevelopment };
}

/** Next.js listens where PORT says unless its command names a port. */
function withoutPort(words: readonly string[]): readonly string[] {
  const at = words.findIndex(word => /^(?:-p|--port)$/.test(word));
  return at >= 0 && words.includes('next') ? [...words.slice(0, at), ...words.slice(at + 2)] : words;
}

/** The program that the script `dev` restarts, where nothing else tells what starts. */
export function developedStart(tree: SourceTree, pkg: NodePackage): NodeStart | undefined {
  const line = startedCommand(pkg.scripts.dev ?? '', worldOf(tree, pkg));
  return /^(?:node|bun|tsx|ts-node) /.test(line) ? scriptStart(tree, pkg, 'dev') : undefined;
}

/** By itself it listens on localhost, at a port of its own. */
function jsonServer(words: readonly string[]): Setting & { do: 'cmd' } {
  const moved = /^(?:--(?:port|host)|-[pH])(?:=|$)/;
  const kept = words.filter(
    (word, at) => !moved.test(word) && !/^(?:--(?:port|host)|-[pH])$/.test(words[at - 1] ?? ''),
  );
  const unwatched = kept.filter(word => !/^(?:--watch|-w)$/.test(word));
  return cmd(['sh', '-c', `exec json-server ${unwatched.join(' ')} --host 0.0.0.0 --port "$PORT"`]);
}

/** Whether a script only shows pages in the end: a development server, or a preview of what is built. */
export function showsPages(tree: SourceTree, pkg: NodePackage, script: string): boolean {
  const line = startedCommand(script, worldOf(tree, pkg)).replace(/^cross-env /, '');
  return isPreview(line.replace(/^(?:\w{1,60}=\S{0,200} ){1,9}/, ''));
}

/** Whether a tool is there without development dependencies. */
const isInstalled = (pkg: NodePackage, tool: string): boolean =>
  ['node', 'bun', 'next', 'remix-serve', 'react-router-serve', 'nest'].includes(tool) || pkg.dependencies.has(tool);

/** Whether a word is a module of a development dependency: `--import tsx`, `-r ts-node/register`. */
function isDevelopment({ dependencies, devDependencies }: NodePackage, word: string): boolean {
  const name = /^(?:--(?:import|loader|require)=)?((?:@[\w.-]{1,60}\/)?[\w.-]{1,60})/.exec(word)?.[1] ?? '';
  return devDependencies.has(name) && !dependencies.has(name);
}

function fileStart(tree: SourceTree, pkg: NodePackage): NodeStart | undefined {
  const entry = entryFile(tree, pkg);
  if (entry === undefined) return undefined;
  const framework = frameworkName(pkg);
  const named = framework !== undefined && { framework };
  if (isForBun(tree, pkg, entry))
    return { ...named, command: cmd(['bun', entry]), why: `${entry} is run by Bun`, needsDevelopment: false };
  if (!/\.m?ts$/.test(entry))
    return { ...named, command: cmd(['node', entry]), why: `${entry} is the entry point`, needsDevelopment: false };
  const compiled = compilesServer(pkg.scripts.build) ? compiledPath(tree, entry) : undefined;
  if (compiled !== undefined) {
    return {
      ...named,
      command: cmd(['node', compiled]),
      why: `the build compiles ${entry} to ${compiled}`,
      needsDevelopment: false,
    };
  }
  if (pkg.all.has('tsx')) {
    const why = `${entry} is the entry point, run by tsx`;
    return {
      ...named,
      command: cmd(['node', '--import', 'tsx', entry]),
      why,
      needsDevelopment: !pkg.dependencies.has('tsx'),
    };
  }
  return {
    ...named,
    command: cmd(['node', entry]),
    why: `${entry} is the entry point; Node itself strips its types`,
    needsDevelopment: false,
  };
}

/** Bun answers with what a module exports, and runs TypeScript as it is; Node.js does the one never and the other in part. */
function isForBun(tree: SourceTree, pkg: NodePackage, entry: string): boolean {
  const text = tree.read(entry) ?? '';
  const isBunProject = pkg.manager.name === 'bun' || pkg.all.has('@types/bun');
  const isExported = isBunProject && /^export default\b/m.test(text) && !looksLikeServer(tree, entry);
  const isPlainTypeScript = isBunProject && /\.m?ts$/.test(entry) && !compilesServer(pkg.scripts.build);
  return pkg.all.has('elysia') || /\bBun\.serve\b/.test(text) || isExported || isPlainTypeScript;
}

/** Whether a build script compiles more than pages: `vite build` alone makes no server. */
function compilesServer(build: string | undefined): boolean {
  if (build === undefined) return false;
  const line = build.trim();
  if (/^tsc\b/.test(line) && line.includes('--noEmit')) return false;
  return !line.startsWith('vite build') || ['&', ';', '|', '--ssr'].some(part => line.includes(part));
}

/** Where tsc writes this file, by the usual outDir and rootDir of tsconfig.json (which may hold comments, so it is not parsed). */
function compiledPath(tree: SourceTree, entry: string): string {
  const text = tree.read('tsconfig.json') ?? '';
  const folder = /"outDir"\s*:\s*"\.?\/?([\w./-]+?)\/?"/.exec(text)?.[1] ?? 'dist';
  const root = /"rootDir"\s*:\s*"\.?\/?([\w./-]*?)\/?"/.exec(text)?.[1] ?? (entry.startsWith('src/') ? 'src' : '');
  const inside = root !== '' && entry.startsWith(`${root}/`) ? entry.slice(root.length + 1) : entry;
  const path = `${folder}/${inside.replace(/\.(m?)ts$/, '.$1js')}`;
  return isPlain(path) ? path : 'dist/index.js';
}

/** Scripts that watch and reload are for a developer's machine. */
export function startsDevelopment(script: string | undefined): boolean {
  return /^(?:next|nuxi?|remix|vinxi|nest|astro)\s+(?:dev|start\s+--watch)\b/.test(script ?? '');
}

/** Whether the image needs Bun: the start command runs it, itself or through a script. */
export function runsBun(pkg: NodePackage, start: NodeStart): boolean {
  const { argv } = start.command;
  const line = argv[0] === 'npm' ? (pkg.scripts[argv.at(-1) ?? ''] ?? '') : argv.join(' ');
  return namesBun(line);
}

/** Whether a command line has the word bun or bunx. */
export function namesBun(line: string): boolean {
  return /\bbunx?\b/.test(line);
}
