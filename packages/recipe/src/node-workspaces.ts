/** The packages that a Node workspace joins: npm, Yarn and Bun list them in package.json, pnpm in pnpm-workspace.yaml. Turborepo, Nx, moon
 * and Lerna run the scripts of such a workspace and add no list of their own. */
import { lockfilesIn } from './node-manager.ts';
import { type NodePackage, nodePackage } from './node-package.ts';
import { taskedPackage } from './node-tasks.ts';
import { below, foldersAbove, hasFile, isRecord, joined, readJson, type SourceTree, subtree } from './source-tree.ts';
import { isPlain } from './steps.ts';
import { matchingFolders } from './workspace-globs.ts';

/** One package of a workspace. */
export interface Member {
  readonly folder: string;
  readonly name: string;
  readonly tree: SourceTree;
  readonly pkg: NodePackage;
  /** The command that builds it, at the root of the workspace. */
  readonly build?: string;
}

export interface Workspace {
  readonly root: NodePackage;
  readonly members: readonly Member[];
}

/** Members that are looked at; a repository with more has nobody who deploys it by guessing. */
const most = 200;

/** The workspace whose root this tree is; undefined when it joins no packages. */
export function workspaceOf(tree: SourceTree): Workspace | undefined {
  const root = nodePackage(tree);
  if (root === undefined) return undefined;
  const members = memberFolders(tree).flatMap(folder => memberAt(tree, folder, root));
  return members.length === 0 ? undefined : { root, members };
}

/** The folders of its packages. */
export function memberFolders(tree: SourceTree): string[] {
  const patterns = patternsOf(tree);
  if (patterns.length === 0) return [];
  const end = '/package.json';
  const candidates = tree.paths
    .filter(path => path.endsWith(end) && !path.includes('node_modules/'))
    .map(path => path.slice(0, -end.length));
  return matchingFolders(patterns, candidates).filter(isPlain).slice(0, most);
}

/** The folder above `folder` that is the root of its workspace; undefined when the folder stands by itself. */
export function workspaceRootOf(tree: SourceTree, folder: string): string | undefined {
  const isPackage = hasFile(tree, `${folder}/package.json`);
  const isProject = hasFile(tree, `${folder}/project.json`);
  if (!isPackage && !isProject) return undefined;
  return foldersAbove(folder).find(root => {
    if (!hasFile(tree, joined(root, 'package.json'))) return false;
    return isPackage ? isMember(subtree(tree, root), below(root, folder)) : hasFile(tree, joined(root, 'nx.json'));
  });
}

/** A package with a lockfile of its own, below a root that has none, is installed by itself. */
function isMember(tree: SourceTree, folder: string): boolean {
  if (!memberFolders(tree).includes(folder)) return false;
  return lockfilesIn(tree).length > 0 || lockfilesIn(tree, folder).length === 0;
}

function memberAt(tree: SourceTree, folder: string, root: NodePackage): Member[] {
  const inside = subtree(tree, folder);
  const pkg = nodePackage(inside);
  if (pkg === undefined) return [];
  const name = readJson(inside, 'package.json')?.name;
  const tasked = taskedPackage(tree, folder, pkg, root);
  return [{ folder, name: typeof name === 'string' ? name : folder, tree: inside, ...tasked }];
}

function patternsOf(tree: SourceTree): string[] {
  const ofPnpm = pnpmPatterns(tree.read('pnpm-workspace.yaml') ?? '');
  if (ofPnpm.length > 0) return ofPnpm;
  const listed = readJson(tree, 'package.json')?.workspaces;
  const patterns = isRecord(listed) ? listed.packages : listed;
  return Array.isArray(patterns) ? patterns.filter(pattern => typeof pattern === 'string') : [];
}

/** The list below `packages:`, one `- pattern` a line, or in brackets behind it. */
function pnpmPatterns(text: string): string[] {
  const lines = text.split('\n').map(line => line.trimEnd());
  const at = lines.findIndex(line => /^packages\s{0,9}:/.test(line));
  if (at < 0) return [];
  const inline = /^packages\s{0,9}:\s{0,9}\[([^\]]{0,1000})\]/.exec(lines[at] ?? '')?.[1];
  if (inline !== undefined) return inline.split(',').map(unquoted).filter(Boolean);
  const rest = lines.slice(at + 1);
  const end = rest.findIndex(line => line !== '' && !/^\s{0,20}[-#]/.test(line));
  const items = (end < 0 ? rest : rest.slice(0, end)).map(line => line.trim()).filter(line => line.startsWith('- '));
  return items.map(item => unquoted(item.slice(2))).filter(Boolean);
}

/** A YAML string without its quotes and without a comment behind it. */
function unquoted(text: string): string {
  const trimmed = text.trim();
  const quoted = /^(?:"([^"]{0,200})"|'([^']{0,200})')/.exec(trimmed);
  return quoted?.[1] ?? quoted?.[2] ?? (trimmed.split(' #')[0] ?? '').trim();
}

/** The members that a package depends on, by name and through others: each comes after those that it needs itself. */
export function neededBy({ members }: Workspace, pkg: NodePackage): Member[] {
  const found = new Set<Member>();
  const seen = new Set<Member>();
  const visit = (of: NodePackage) => {
    for (const member of members.filter(({ name }) => of.all.has(name))) {
      if (seen.has(member)) continue;
      seen.add(member);
      visit(member.pkg);
      found.add(member);
    }
  };
  visit(pkg);
  return [...found];
}
