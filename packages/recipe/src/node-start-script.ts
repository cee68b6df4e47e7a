/** What a start script starts in the end: seen through tools that set values, watch files, keep processes alive or start several. */
import { hasFile, type SourceTree } from './source-tree.ts';

type Texts = Readonly<Record<string, string>>;

export interface ScriptWorld {
  readonly tree: SourceTree;
  readonly scripts: Texts;
  /** Whether the image is made by the build script of the project. */
  readonly builds: boolean;
}

/** The one command that stays up and answers requests. The script itself where it is no such command, or not a simple one. */
export function startedCommand(script: string, world: ScriptWorld): string {
  return simplified(script.trim(), world, 4) ?? script.trim();
}

/** Whether a script that npm runs before the start has nothing left to do in an image. */
export const isDoneBefore = (script: string, world: ScriptWorld): boolean =>
  script.split('&&').every(part => isDone(part.trim(), world));

/** Undefined when the line has more to it than one command. */
function simplified(line: string, world: ScriptWorld, depth: number): string | undefined {
  if (depth === 0) return undefined;
  const parts = line.split('&&').map(part => part.trim());
  const last = parts.pop() ?? '';
  const withoutPort = last.replace(/\$\{?PORT(?::-\d{1,5})?\}?/g, '0');
  if (/[;|<>`$]|(?<!&)&(?!&)/.test(withoutPort) || !parts.every(part => isDone(part, world))) return undefined;
  const next = inner(last, world);
  return next === undefined ? last : simplified(next, world, depth - 1);
}

/** Whether a command before the start has done its work when the image is made, or does nothing in an image. */
function isDone(part: string, { builds }: ScriptWorld): boolean {
  const isBuild = builds && /^(?:(?:npm|pnpm|yarn|bun)(?: run)? build|vite build|tsc(?: -p [\w./-]+)?)$/.test(part);
  return isBuild || /^(?:(?:npm|pnpm|yarn|bun) (?:i|install|ci)|yarn|sleep \d+|set \w+=\S*|export \w+=\S*)$/.test(part);
}

/** The command that this one only passes on, or undefined. */
function inner(line: string, world: ScriptWorld): string | undefined {
  return (
    throughScript(line, world) ??
    throughSeveral(line, world) ??
    throughSeries(line, world) ??
    throughValues(line) ??
    throughKeeper(line, world) ??
    throughWatcher(line) ??
    withoutMissingFile(line, world)
  );
}

const quoted = /^(?:"([^"]{1,300})"|'([^']{1,300})')$/;
/** The text in quotes; undefined where there are none around it. */
const unquoted = (text: string): string | undefined => firstGroup(quoted.exec(text));
const firstGroup = (match: RegExpExecArray | null) => match?.slice(1).find(part => part !== undefined);
const isModule = (word: string) => /^[\w./@-]{1,200}\.[cm]?[jt]sx?$/.test(word);

/** `npm run serve`, `yarn serve`: the text of the script, unless others run before or after it. */
function throughScript(line: string, { scripts }: ScriptWorld): string | undefined {
  const name = /^(?:(?:npm|pnpm|yarn|bun) run |(?:pnpm|yarn) )([\w:.-]{1,60})$/.exec(line)?.[1] ?? '';
  const isAlone = scripts[`pre${name}`] === undefined && scripts[`post${name}`] === undefined;
  return isAlone && Object.hasOwn(scripts, name) ? scripts[name] : undefined;
}

/** `concurrently`, `run-p` and `npm-run-all -p` start several: the server among them, if only one is no tool for development. */
function throughSeveral(line: string, { scripts }: ScriptWorld): string | undefined {
  const [tool = '', ...rest] = line.match(/"[^"]{1,300}"|'[^']{1,300}'|[^\s"']{1,300}/g)?.slice(0, 40) ?? [];
  const isList = ['run-p', 'npm-run-all'].includes(tool);
  if (tool !== 'concurrently' && !isList) return undefined;
  const at = tool === 'npm-run-all' ? rest.findIndex(word => ['-p', '--parallel'].includes(word)) : 0;
  if (at < 0 || !rest.slice(0, at).every(name => /^(?:-s|--serial|(?:clean|build|compile).{0,40})$/.test(name)))
    return undefined;
  const words = rest
    .slice(at)
    .flatMap(word => (isList && word.endsWith(':*') ? namesFrom(scripts, word.slice(0, -1)) : [word]));
  const commands = words.flatMap(word => {
    const text = unquoted(word) ?? word;
    const name =
      /^(?:(?:npm|pnpm|yarn|bun)(?::| run )|(?:pnpm|yarn) )([\w:.-]{1,60})$/.exec(text)?.[1] ?? (isList ? text : '');
    if (Object.hasOwn(scripts, name)) return [scripts[name] ?? ''];
    return text === word || isList ? [] : [text];
  });
  const servers = commands.filter(command => !developmentOnly.test(command));
  // Where all are for pages, one of them tells what is shown.
  return servers.length === 1 ? servers[0] : servers.length === 0 ? commands[0] : undefined;
}

const namesFrom = (scripts: Texts, start: string) => Object.keys(scripts).filter(name => name.startsWith(start));

/** `run-s build serve` and `npm-run-all build serve`: the last, when the others only build. */
function throughSeries(line: string, { scripts, builds }: ScriptWorld): string | undefined {
  const [tool = '', ...names] = line.split(/\s+/);
  const last = names.pop() ?? '';
  const isSeries = ['run-s', 'npm-run-all'].includes(tool) && builds;
  return isSeries && names.every(name => /^(?:clean|build|compile)/.test(name)) ? scripts[last] : undefined;
}

/** Servers of pages that are built for an image, compilers that watch, and browsers. */
const developmentOnly =
  /^(?:npx |cross-env |\w{1,40}=\S{0,100} ){0,5}(?:vite(?! preview)|react-scripts start|vue-cli-service serve|ng serve|webpack|parcel|next dev|astro dev|tsc|tailwindcss|sass|esbuild|rollup|open-cli|wait-on)\b|^(?:npm|yarn|pnpm) .{0,60}\b(?:client|frontend|web|ui)\b|^cd \S{1,60}(?:client|frontend|web|ui)\b/;

/** Tools that read values from a file or a service. In an image they come from the settings of the app. */
function throughValues(line: string): string | undefined {
  const match =
    /^(?:dotenv(?: -[ecp]+ [\w./-]{1,100})*|dotenvx run(?: -f [\w./-]{1,100})*|doppler run|infisical run(?: --[\w=-]{1,60})*) -- (.{1,300})$/.exec(
      line,
    ) ??
    /^dotenv(?: -[ecp] [\w./-]{1,100})+ (\w.{0,300})$/.exec(line) ??
    /^env-cmd(?: -f [\w./-]{1,100}| --no-override| --silent)* (\w.{0,300})$/.exec(line);
  if (match !== null) return match[1];
  const shell = /^(?:sh|bash) -c (.{1,300})$/.exec(line)?.[1];
  return shell === undefined ? undefined : unquoted(shell);
}

/** Tools that start a program again when it ends, which Kubernetes does; a process in the background would end the container. */
function throughKeeper(line: string, { tree }: ScriptWorld): string | undefined {
  const [tool = '', ...rest] = line.split(/\s+/);
  if (!['pm2', 'pm2-runtime', 'forever'].includes(tool)) return undefined;
  const words = rest.filter(word => !['start', '--no-daemon'].includes(word));
  const [file = ''] = words;
  const script = /^npm(?: .{0,100})? -- (?:run )?([\w:.-]{1,60})$/.exec(words.join(' '))?.[1];
  if (script !== undefined) return `npm run ${script}`;
  const program = /\bscript\s{0,9}:\s{0,9}['"](?:\.\/)?([\w./-]{1,200})['"]/.exec(tree.read(file) ?? '')?.[1] ?? '';
  if (isModule(program)) return `node ${program}`;
  if (isModule(file) && !/ecosystem|\.config\./.test(file)) return `node ${file}`;
  return tool === 'pm2' && rest[0] === 'start' && !words.includes('--')
    ? `pm2-runtime start ${words.join(' ')}`
    : undefined;
}

/** Tools that start a program again when a file changes, which never happens in an image. */
function throughWatcher(line: string): string | undefined {
  const words = line.split(/\s+/);
  const [tool = ''] = words;
  if (['nodemon', './node_modules/.bin/nodemon', 'node-dev', 'supervisor'].includes(tool)) {
    const file = words.findLast(isModule);
    const runner = firstGroup(/--exec (?:"([^"]{1,80})"|'([^']{1,80})'|([\w-]{1,40}))/.exec(line));
    if (file === undefined) return undefined;
    return runner?.includes(file) === true ? runner : `${runner ?? 'node'} ${file}`;
  }
  if (/^tsx$/.test(tool) && words[1] === 'watch')
    return ['tsx', ...words.slice(2).filter(word => !word.startsWith('--'))].join(' ');
  if (!['node', 'bun'].includes(tool)) return undefined;
  const kept = line
    .replace(/ --watch-path[ =]\S{1,200}/g, '')
    .split(/\s+/)
    .filter(word => !/^--(?:watch|hot)(?:-preserve-output)?$/.test(word));
  return kept.length === words.length ? undefined : kept.join(' ');
}

/** Node.js refuses to start when a file of values is named and not there. */
function withoutMissingFile(line: string, { tree }: ScriptWorld): string | undefined {
  if (!line.startsWith('node ')) return undefined;
  const kept = line.split(/\s+/).filter(word => {
    const file = /^--env-file=(?:\.\/)?(.{1,100})$/.exec(word)?.[1];
    return file === undefined || hasFile(tree, file);
  });
  const shortened = kept.join(' ');
  return shortened === line.replace(/\s+/g, ' ') ? undefined : shortened;
}
