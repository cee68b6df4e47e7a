/** Node: single-page applications become static files, everything else a server with its dependencies beside it. */
import { denoReason, denoRecipe } from './deno.ts';
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, Recipe, RecipeResult, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { exportedSite } from './node-exports.ts';
import { entrypointFault, rushFault, unrunnable } from './node-faults.ts';
import { serverDependency } from './node-frameworks.ts';
import { bunTool } from './node-manager.ts';
import { choosePackage } from './node-member.ts';
import { buildCommands, isEmpty, type NodePackage, nodePackage } from './node-package.ts';
import {
  developedStart,
  entryFile,
  looksLikeServer,
  type NodeStart,
  nodeStart,
  runsBun,
  showsPages,
} from './node-server.ts';
import { type BundledSite, bundledSite, hasPage } from './node-static.ts';
import { buildRuns, buildSteps, serverStages, settingsOf, withBun } from './node-steps.ts';
import { memberFolders } from './node-workspaces.ts';
import { webLine } from './procfile.ts';
import { publicVariableWarnings } from './public-variables.ts';
import { firstFile, hasFile, joined, type SourceTree } from './source-tree.ts';
import { builtStaticRecipe } from './static.ts';
import { cmd, copy, run, workdir } from './steps.ts';

/** Trees with a package.json that builds or starts something, or a single file that is clearly a server. */
export const nodejsRule: LanguageRule = {
  language: 'nodejs',
  detect(tree) {
    const deno = denoReason(tree);
    if (deno !== undefined) return deno;
    const pkg = nodePackage(tree);
    if (pkg === undefined) {
      if (hasFile(tree, 'package.json')) return 'package.json is there';
      if (hasFile(tree, 'rush.json')) return 'rush.json is there';
      const entry = entryFile(tree);
      return entry !== undefined && looksLikeServer(tree, entry)
        ? `${entry} opens a port, and there is no package.json`
        : undefined;
    }
    return detectPackage(tree, pkg);
  },
  recipe(input) {
    if (denoReason(input.tree) !== undefined) return denoRecipe(input);
    const pkg = nodePackage(input.tree);
    if (pkg === undefined) return bareFileRecipe(input);
    const choice = choosePackage(input, pkg);
    if (!choice.ok) return choice;
    const { input: chosen, pkg: built, site } = choice;
    return withVariables(chosen, packageRecipe(chosen, built, site));
  },
};

/** The result with warnings about variables that the sources of the package read while they are built. */
function withVariables({ tree, request }: RuleInput, result: RecipeResult): RecipeResult {
  if (!result.ok) return result;
  const { recipe } = result;
  const warnings = [...recipe.warnings, ...publicVariableWarnings(tree, request.env ?? [])];
  return { ok: true, recipe: { ...recipe, warnings } };
}

function packageRecipe(input: RuleInput, pkg: NodePackage, known?: BundledSite): RecipeResult {
  const { tree } = input;
  const refused = known === undefined ? unrunnable(tree, pkg) : undefined;
  if (refused !== undefined) return refused;
  const site = known ?? siteOf(tree, pkg);
  if (site !== undefined) return { ok: true, recipe: siteRecipe(input, pkg, site) };
  const start = nodeStart(tree, pkg);
  if (start === undefined) return entrypointFault(pkg.place?.folder);
  return { ok: true, recipe: serverRecipe(input, pkg, start) };
}

function detectPackage(tree: SourceTree, pkg: NodePackage): string | undefined {
  const { start, build } = pkg.scripts;
  const server = serverDependency(pkg);
  const entry = entryFile(tree, pkg);
  if (server !== undefined) return `package.json depends on ${server}`;
  if (start !== undefined && !showsPages(tree, pkg, start)) return 'package.json has a start script';
  // A stylesheet or a bundle beside another language's manifest does not make that project a Node one.
  const otherManifest = firstFile(tree, ['requirements.txt', 'pyproject.toml', 'manage.py', 'go.mod', 'Cargo.toml']);
  if (otherManifest !== undefined) return undefined;
  if (build !== undefined) return 'package.json has a build script';
  if (memberFolders(tree).length > 0) return 'package.json joins packages';
  if (entry !== undefined && (looksLikeServer(tree, entry) || !hasPage(tree)))
    return `package.json and ${entry} are there`;
  return hasPage(tree) ? undefined : 'package.json is there';
}

/** The files to serve, when this project builds files and no server. */
function siteOf(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  const exported = exportedSite(tree, pkg);
  if (exported !== undefined) return exported;
  const site = bundledSite(tree, pkg);
  if (site === undefined) return undefined;
  const start = pkg.scripts.start;
  const lines = [webLine(tree), start].filter(line => line !== undefined);
  if (lines.some(line => !showsPages(tree, pkg, line))) return undefined;
  const server = serverDependency(pkg);
  if (server === undefined) return site;
  if (developedStart(tree, pkg) !== undefined) return undefined;
  // Express is often left over in a page's package.json: without a file that listens there is nothing to start.
  const entry = nodeStart(tree, pkg);
  const known = entry?.framework !== undefined && !['express', 'ws', 'socket.io', 'hono'].includes(entry.framework);
  const file = entryFile(tree, pkg);
  return known || (file !== undefined && looksLikeServer(tree, file)) ? undefined : site;
}

function siteRecipe(input: RuleInput, pkg: NodePackage, site: BundledSite): Recipe {
  const folder = pkg.place?.folder ?? '';
  const own = site.build === undefined ? [] : [run('build', `${folder === '' ? '' : `cd ${folder} && `}${site.build}`)];
  const steps = buildSteps(pkg, [...buildRuns(pkg), ...own]);
  const why = [pkg.manager.why, 'the build script runs with development dependencies', site.why];
  const build = {
    framework: site.framework,
    stage: { base: input.settings.bases.node, steps },
    output: joined(folder, site.output),
    language: 'nodejs',
    spaFallback: site.spaFallback,
  } as const;
  return builtStaticRecipe(input, why, build);
}

function serverRecipe(input: RuleInput, pkg: NodePackage, start: NodeStart): Recipe {
  const built = buildCommands(pkg).length > 0;
  const keep = start.needsDevelopment;
  const why = [
    ...(isEmpty(pkg) ? ['there are no dependencies to install'] : [pkg.manager.why]),
    ...(built ? ['the build script runs with development dependencies'] : []),
    ...(keep && pkg.devDependencies.size > 0
      ? ['the start command uses development tools, so they stay in the image']
      : []),
    start.why,
  ];
  const common = serverCommon(input, pkg, why);
  return {
    ...common,
    ...namedFramework(pkg, start),
    how: { stages: serverStages(input, pkg, start, settingsOf(common.port, start.command, pkg.place?.folder)) },
    warnings: [...serverWarnings(input, pkg), ...localStateWarnings(input.tree, pkg.all)],
  };
}

/** Bun stands for the framework where there is none: it answers requests by itself. */
function namedFramework(pkg: NodePackage, start: NodeStart): { framework?: string } {
  const framework = start.framework ?? (runsBun(pkg, start) ? 'bun' : undefined);
  return framework === undefined ? {} : { framework };
}

function serverCommon(input: RuleInput, pkg: NodePackage | undefined, why: readonly string[]) {
  const literal = literalPort(input.tree, pkg);
  const named = input.request.port !== undefined;
  const found =
    literal === undefined
      ? 'PORT is set to 8080, and Node servers listen on it by convention'
      : `written in ${literal.path}`;
  return {
    language: 'nodejs',
    why: [...input.why, ...why],
    port: input.request.port ?? literal?.port ?? 8080,
    portWhy: named ? 'named by the user' : found,
    portFollowsEnv: literal === undefined,
    user: { uid: appUid },
    readOnlyRoot: false,
  } as const;
}

function bareFileRecipe(input: RuleInput): RecipeResult {
  const entry = entryFile(input.tree);
  if (hasFile(input.tree, 'package.json')) {
    return fault('Unsupported', 'package.json is not valid JSON', 'correct package.json: npm refuses it as well');
  }
  if (hasFile(input.tree, 'rush.json')) return rushFault();
  if (entry === undefined) return entrypointFault();
  const common = serverCommon(input, undefined, [
    `${entry} is the entry point; without package.json nothing is installed`,
  ]);
  const base = input.settings.bases.node;
  const isBun = /\bBun\.serve\b/.test(input.tree.read(entry) ?? '');
  const steps = [copy(['.'], '/app/', appUid), ...settingsOf(common.port, cmd([isBun ? 'bun' : 'node', entry]))];
  const recipe = {
    ...common,
    ...(isBun && { framework: 'bun' }),
    how: { stages: isBun ? withBun(base, [workdir('/app'), run('tool', bunTool)], steps) : { image: { base, steps } } },
    warnings: localStateWarnings(input.tree, []),
  };
  return { ok: true, recipe };
}

function serverWarnings(input: RuleInput, pkg: NodePackage): string[] {
  const unlocked = pkg.manager.lockfile === undefined && !isEmpty(pkg);
  const warnings = unlocked ? ['there is no lockfile: every build may get other versions'] : [];
  const literal = literalPort(input.tree, pkg);
  if (literal !== undefined)
    warnings.push(`${literal.path} listens on ${literal.port} whatever PORT says: use process.env.PORT`);
  const entry = entryFile(input.tree, pkg) ?? '';
  if (/\.listen\([^)]{0,60}['"](?:localhost|127\.0\.0\.1)['"]/.test(input.tree.read(entry) ?? '')) {
    warnings.push(`${entry} listens on localhost only, where nobody can reach it: listen on 0.0.0.0`);
  }
  return warnings;
}

/** A port written into the entry file, when nothing there reads PORT: the commonest reason for an application nobody can reach. */
function literalPort(tree: SourceTree, pkg: NodePackage | undefined): { path: string; port: number } | undefined {
  const path = entryFile(tree, pkg);
  const text = path === undefined ? '' : (tree.read(path) ?? '');
  if (path === undefined || /env(?:\.|\[['"])PORT/.test(text)) return undefined;
  const direct = /\.listen\(\s*(?:\{\s*port\s*:\s*)?(\d{2,5})\b/.exec(text)?.[1];
  const named = /\.listen\(\s*(?:\{\s*port\b|port\b)/i.test(text)
    ? /\bport\s*=\s*(\d{2,5})\b/i.exec(text)?.[1]
    : undefined;
  const port = Number(direct ?? named);
  return port >= 1 && port <= 65535 ? { path, port } : undefined;
}
