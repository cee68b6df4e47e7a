/** The package of a workspace that is built and started, chosen before the Node rule looks at anything else. */
import type { Refusal, RuleInput } from './model.ts';
import { appsOf, isSite, realStart, servedBy, servesOf } from './node-apps.ts';
import { rootCommand } from './node-commands.ts';
import { noApp, severalApps } from './node-faults.ts';
import { serverDependency } from './node-frameworks.ts';
import { withNested } from './node-nested.ts';
import { chooseProject } from './node-nx.ts';
import { buildCommands, type NodePackage, needsTools } from './node-package.ts';
import { entryFile, looksLikeServer, nodeStart } from './node-server.ts';
import type { BundledSite } from './node-static.ts';
import { type Member, neededBy, type Workspace, workspaceOf } from './node-workspaces.ts';
import { webLine } from './procfile.ts';
import { listed, shown } from './shown.ts';
import { hasFile, readJson, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** What the rule goes on with: the tree and the manifest of the chosen package. */
export type Choice =
  | {
      readonly ok: true;
      readonly input: RuleInput;
      readonly pkg: NodePackage;
      /** The files to serve, where the package does not tell them. */
      readonly site?: BundledSite;
    }
  | Refusal;

/** The package to build: the root itself unless it joins others of which one is the application. */
export function choosePackage(input: RuleInput, pkg: NodePackage): Choice {
  const workspace = workspaceOf(input.tree);
  if (workspace === undefined)
    return chooseProject(input, pkg) ?? { ok: true, input, pkg: withNested(input.tree, pkg) };
  const named = workspace.members.find(({ folder }) => folder === input.request.path);
  if (named !== undefined) return member(input, workspace, named, []);
  const start = followed(webLine(input.tree) ?? realStart(pkg), pkg.scripts);
  const command = start === undefined ? undefined : rootCommand(start, workspace.members);
  if (command?.kind === 'member')
    return member(input, workspace, command.member, [
      `the start script at the root starts ${shown(command.member.name)}`,
    ]);
  if (command?.kind === 'own') return root(input, workspace, command.inside);
  const project = command === undefined ? undefined : defaultProject(input.tree, workspace);
  if (project !== undefined) return member(input, workspace, project, ['nx.json names the default project']);
  if (command === undefined && isRootApp(input.tree, workspace)) return root(input, workspace, undefined);
  return fromApps(input, workspace);
}

/** A start script is often the name of another one: `npm run start:api`. */
function followed(text: string | undefined, scripts: NodePackage['scripts'], steps = 3): string | undefined {
  const name = /^(?:npm|pnpm|yarn|bun)\s(?:run\s)?(?:--silent\s)?([\w:.-]{1,60})$/.exec(text?.trim() ?? '')?.[1];
  const next = name === undefined ? undefined : scripts[name];
  return next === undefined || steps === 0 ? text : followed(next, scripts, steps - 1);
}

function fromApps(input: RuleInput, workspace: Workspace): Choice {
  const apps = appsOf(workspace);
  const [only] = apps;
  if (apps.length > 1) return severalApps(apps.map(({ folder }) => folder));
  if (only === undefined)
    return nodeStart(input.tree, workspace.root) === undefined
      ? noApp(workspace.members.map(({ folder }) => folder))
      : root(input, workspace, undefined);
  const why = `the workspace has ${workspace.members.length} ${workspace.members.length === 1 ? 'package' : 'packages'}; ${shown(only.folder)}/ is the one that answers requests`;
  return member(input, workspace, only, [why]);
}

/** Files of the root that answer requests themselves, where no start script tells. */
function isRootApp(tree: SourceTree, { root, members }: Workspace): boolean {
  const entry = entryFile(tree, root);
  const isOwn =
    entry !== undefined && hasFile(tree, entry) && !members.some(({ folder }) => entry.startsWith(`${folder}/`));
  if (isOwn && looksLikeServer(tree, entry)) return true;
  const { build } = root.scripts;
  const command = build === undefined ? undefined : rootCommand(build, members);
  const isPassedOn = /^(?:cd|npm|pnpm|yarn|bun)\s/.test(build ?? '');
  if (command?.kind !== 'own' || command.inside !== undefined || isPassedOn) return false;
  return isSite(tree, root) || serverDependency(root) !== undefined;
}

function defaultProject(tree: SourceTree, { members }: Workspace): Member | undefined {
  const name = readJson(tree, 'nx.json')?.defaultProject;
  return members.find(entry => entry.name === name || entry.folder.endsWith(`/${String(name)}`));
}

/** The root, with the members that its command or its server needs built, when it has no build of its own. */
function root(input: RuleInput, workspace: Workspace, inside: Member | undefined): Choice {
  const pkg = workspace.root;
  const entry = entryFile(input.tree, pkg) ?? '';
  const sites =
    inside === undefined ? servedBy(workspace.members, input.tree, entry) : servesOf(workspace.members, inside);
  const targets = [...sites, ...(inside === undefined ? neededBy(workspace, pkg) : [inside])];
  const builds = pkg.scripts.build === undefined ? buildsOf(workspace, targets) : buildCommands(pkg);
  const place = { folder: '', builds, ...pruning(workspace) };
  return { ok: true, input, pkg: { ...pkg, place } };
}

function member(input: RuleInput, workspace: Workspace, chosen: Member, why: readonly string[]): Choice {
  const { manager } = workspace.root;
  const targets = [...servesOf(workspace.members, chosen), chosen];
  const place = {
    folder: chosen.folder,
    builds: commandsFor(workspace, chosen, targets),
    needsTools: needsTools(workspace.root),
    ...pruning(workspace),
  };
  const { manifests: _, ...pkg } = chosen.pkg;
  const sites = targets.slice(0, -1).map(({ folder }) => `${shown(folder)}/`);
  const served =
    sites.length === 0 ? [] : [`${shown(chosen.folder)}/ serves the pages of ${listed(sites)}: they are built first`];
  return {
    ok: true,
    input: { ...input, tree: chosen.tree, why: [...input.why, ...why, ...served] },
    pkg: { ...pkg, manager, place },
  };
}

/** The build of the root knows the order, unless it builds another member. One that builds everything is told what is wanted. */
function commandsFor(workspace: Workspace, chosen: Member, targets: readonly Member[]): string[] {
  const { root, members } = workspace;
  const { build } = root.scripts;
  if (build === undefined) return buildsOf(workspace, targets);
  const command = rootCommand(build, members);
  if (command.kind === 'member' && command.member !== chosen) return buildsOf(workspace, targets);
  const isTurbo = /^(?:npx )?turbo (?:run )?build$/.test(build.trim()) && targets.every(({ name }) => isPlain(name));
  const filters = isTurbo ? ` -- ${targets.map(({ name }) => `--filter=${name}`).join(' ')}` : '';
  return [root.impliedBuild ?? `npm run ${root.buildScript}${filters}`];
}

/** The builds of the targets, each after those of the members that it depends on. */
function buildsOf(workspace: Workspace, targets: readonly Member[]): string[] {
  const all = new Set(targets.flatMap(target => [...neededBy(workspace, target.pkg), target]));
  return [...all].flatMap(({ build }) => build ?? []);
}

/** `pnpm prune` would empty the members; a second installation keeps what they run with, and by this age nothing else. Nx stays: configurations of its packages import
 * its plugins. */
function pruning({ root, members }: Workspace): { readonly prune?: string } {
  const { name, prune, installRuntime } = root.manager;
  const has = [root, ...members.map(({ pkg }) => pkg)].some(({ devDependencies }) => devDependencies.size > 0);
  if (!has || prune === undefined || root.all.has('nx')) return {};
  return {
    prune:
      name === 'pnpm'
        ? `CI=true ${installRuntime} --ignore-scripts --prefer-offline --config.modules-cache-max-age=0`
        : prune,
  };
}
