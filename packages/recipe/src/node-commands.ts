/** Which package of a workspace a command runs: `npm start -w api`, `turbo run start --filter=web`, `cd apps/web && npm start`. */
import type { Member } from './node-workspaces.ts';

/** What a start or build script at the root of a workspace does. */
export type RootCommand =
  /** Runs a script of one member. */
  | { readonly kind: 'member'; readonly member: Member }
  /** Runs the scripts of several members, or of those that its tool finds. */
  | { readonly kind: 'several' }
  /** Anything else; `inside` is the member whose folder it names. */
  | { readonly kind: 'own'; readonly inside?: Member };

const naming = [
  '-w',
  '--workspace',
  '--filter',
  '-F',
  '--scope',
  '--prefix',
  '--cwd',
  '-C',
  '--dir',
  '--project',
  '-p',
];
const managers = ['npm', 'pnpm', 'yarn', 'bun'];
const runners = ['turbo', 'nx', 'lerna', 'moon', 'concurrently', 'npm-run-all', 'run-p', 'run-s', 'wsrun', 'wireit'];
const everywhere = ['-ws', '--workspaces', '-r', '--recursive', '--parallel', 'workspaces'];
const starting = ['start', 'start:prod', 'serve', 'build', 'dev', 'preview'];

/** What this script of the root does. */
export function rootCommand(script: string, members: readonly Member[]): RootCommand {
  const parts = script.split(/&&|;/).map(part => wordsOf(part));
  const folder = parts.length > 1 ? parts.find(([word]) => word === 'cd')?.[1] : undefined;
  const words = parts.at(-1) ?? [];
  const [tool = ''] = words;
  const isRunner = runners.includes(tool);
  const isManager = managers.includes(tool);
  const inFolder = folder === undefined ? undefined : memberNamed(folder, members);
  if (inFolder !== undefined && isManager && runsScript(words)) return { kind: 'member', member: inFolder };
  const member = isRunner || isManager ? targetOf(words, members) : undefined;
  if (member !== undefined) return { kind: 'member', member };
  if (isRunner || (isManager && words.some(word => everywhere.includes(word)))) return { kind: 'several' };
  const inside = inFolder ?? members.find(entry => words.some(word => word.startsWith(`${entry.folder}/`)));
  return { kind: 'own', ...(inside !== undefined && { inside }) };
}

/** The member of this name, folder, or last part of either. */
export function memberNamed(text: string, members: readonly Member[]): Member | undefined {
  const name = text
    .replace(/^[{"'^]{0,4}(?:\.\/)?/, '')
    .replace(/[}"'.^]{0,8}$/, '')
    .replace(/\/$/, '');
  const exact = members.find(member => member.name === name || member.folder === name);
  const ends = members.filter(({ name: full, folder }) => full.endsWith(`/${name}`) || folder.endsWith(`/${name}`));
  return exact ?? (ends.length === 1 ? ends[0] : undefined);
}

/** The words of a command without assignments and what only passes it on. */
function wordsOf(command: string): string[] {
  const words = command
    .trim()
    .split(/\s+/)
    .map(word => word.replace(/^\.\//, ''));
  const at = words.findIndex(
    word => !/^[A-Za-z_]\w{0,60}=/.test(word) && !['npx', 'pnpx', 'bunx', 'exec', 'cross-env', 'env'].includes(word),
  );
  return at < 0 ? [] : words.slice(at);
}

/** The member behind an option, behind `yarn workspace`, or in the place where Nx and moon have it. */
function targetOf(words: readonly string[], members: readonly Member[]): Member | undefined {
  const options = words.flatMap((word, at) => {
    const [option = '', value] = word.split('=');
    return naming.includes(option) ? [value ?? words[at + 1] ?? ''] : [];
  });
  const plain = ['nx', 'moon'].includes(words[0] ?? '') ? words.slice(1) : [];
  const projects = plain.filter(word => !starting.includes(word)).map(word => word.split(':')[0] ?? '');
  const workspace = words[0] === 'yarn' && words[1] === 'workspace' ? [words[2] ?? ''] : [];
  const named = [...options, ...workspace, ...projects].flatMap(text => memberNamed(text, members) ?? []);
  return new Set(named).size === 1 ? named[0] : undefined;
}

const runsScript = (words: readonly string[]): boolean => words.slice(1).some(word => starting.includes(word));
