/** Which command of a Go project a deploy starts: found by what it is called and what it does, or asked for. */
import { asideCommandsOf, type Command, commandsOf, type GoProject, reachedFiles } from './go-modules.ts';
import { fault, type Refusal } from './model.ts';
import { listed, shown } from './shown.ts';

/** The command to start, and the reason; or the refusal that lists the candidates. */
export function chosenCommand(project: GoProject): { command: Command; why: string } | Refusal {
  const commands = commandsOf(project);
  const [only] = commands;
  if (only === undefined) return noCommand(project);
  if (commands.length === 1) return { command: only, why: mainOf(only) };
  if (commands.length > compared) return several(commands, []);
  const listening = new Set([...project.files.keys()].filter(path => opensPort(project, path)));
  const servers = commands.filter(command => reachedFiles(project, command).some(path => listening.has(path)));
  const chosen = preferred(servers.length > 0 ? servers : commands);
  if (chosen === undefined) return several(commands, servers);
  const reason = servers.length === 1 ? 'it alone opens a port' : 'its name says so';
  return { command: chosen, why: `of ${commands.length} commands, ${mainOf(chosen)}: ${reason}` };
}

/** A command of the root, one named like its module, or the only one whose name says that it serves. A name that says nothing is no
 * reason to start a program: of `migrate` and `shopd` the wrong one costs more than a question. */
function preferred(commands: readonly Command[]): Command | undefined {
  const root = commands.find(({ folder }) => folder === '');
  if (root !== undefined) return root;
  const named = commands.filter(({ folder, module }) => lastPart(folder) === moduleName(module.path));
  if (named.length === 1) return named[0];
  const usual = commands.filter(({ folder }) =>
    ['server', 'app', 'web', 'api', 'cmd', 'src'].includes(lastPart(folder)),
  );
  return usual.length === 1 ? usual[0] : usual.find(({ folder }) => lastPart(folder) === 'server');
}

/** Commands that are compared: each is read with all that it imports. */
const compared = 50;

function opensPort({ tree, files }: GoProject, path: string): boolean {
  const text = tree.read(path) ?? '';
  if (/\bListenAndServe(?:TLS)?\(|\bhttp\.Serve\(|\.Listen\(/.test(text)) return true;
  const uses = (name: string) => files.get(path)?.imports.some(imported => imported.startsWith(name)) ?? false;
  if (uses('github.com/gin-gonic/gin')) return text.includes('.Run(');
  return uses('github.com/labstack/echo') && text.includes('.Start(');
}

function noCommand(project: GoProject): Refusal {
  const aside = asideCommandsOf(project).map(shown);
  const module = shown(project.modules.map(({ path }) => path).join(', '));
  const more = aside.length === 0 ? '' : `; ${list(aside)} ${aside.length === 1 ? 'is' : 'are'} for its developers`;
  return fault(
    'EntrypointMissing',
    `the Go module ${module} is a library: no file that a build for Linux includes has the line \`package main\`${more}`,
    'add a main.go with `package main` that serves HTTP on the port in $PORT, at the root or in cmd/server',
  );
}

function several(commands: readonly Command[], servers: readonly Command[]): Refusal {
  const names = list(commands.map(({ folder }) => shown(folder)));
  const listening =
    servers.length === 0
      ? 'none of them opens a port'
      : `${list(servers.map(({ folder }) => shown(folder)))} ${servers.length === 1 ? 'opens a port' : 'open ports'}`;
  return fault(
    'EntrypointMissing',
    `there are ${commands.length} Go commands, ${names}, and nothing says which of them to start; ${listening}`,
    'choose one: rename its folder to cmd/server, or add a Dockerfile that builds it',
  );
}

/** `a`, `a and b`, `a, b and c`, `a, b, c, d and 3 more`. */
export function list(names: readonly string[]): string {
  return listed(names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names);
}

const mainOf = ({ folder }: Command): string =>
  folder === '' ? 'the main package is at the root' : `the main package is ${folder}`;

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The last element of a module's path, without its version: `shop` of example.org/shop/v2. */
function moduleName(path: string): string {
  const parts = path.split('/');
  return (/^v\d{1,4}$/.test(parts.at(-1) ?? '') ? parts.at(-2) : parts.at(-1)) ?? '';
}
