/** Deno: recognised by its configuration, its start command, or a file that uses what only Deno has. It is a branch of the Node rule:
 * Deno comes from npm, and its tasks may run Node's tools. */
import { denoPort, isMovable, listensLocally, readsPort, writtenPort } from './deno-port.ts';
import { type DenoProject, denoEntry, denoProject, serves, usesDeno } from './deno-project.ts';
import { denoSite } from './deno-site.ts';
import { denoBuild, denoImage, denoVersion } from './deno-stages.ts';
import { type DenoStart, denoStart, hasBuild, runsDeno } from './deno-start.ts';
import { localStateWarnings } from './local-state.ts';
import type { Recipe, RecipeResult, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { hasPage } from './node-static.ts';
import { procfileWeb } from './procfile.ts';
import { firstFile, hasFile, type SourceTree } from './source-tree.ts';

const otherManifests = ['package.json', 'requirements.txt', 'pyproject.toml', 'manage.py', 'go.mod', 'Cargo.toml'];

/** The reason this tree is run by Deno, or undefined. */
export function denoReason(tree: SourceTree): string | undefined {
  const project = denoProject(tree);
  const web = procfileWeb(tree);
  if (web !== undefined) return runsDeno(web) ? 'the web line of Procfile runs deno' : undefined;
  const script = project.scripts.start?.text;
  if (script !== undefined && runsDeno(script)) return 'the start script runs deno';
  const start = denoStart(tree, project);
  if (start?.by === 'task') return `${project.file} has a task that starts it`;
  // What Node starts may run in Deno as well.
  if (script !== undefined) return undefined;
  const entry = denoEntry(tree);
  if (entry !== undefined && usesDeno(tree, entry) && (serves(tree, entry) || !hasPage(tree)))
    return `${entry} uses what only Deno has`;
  const configuration = firstFile(tree, ['deno.json', 'deno.jsonc', 'deno.lock']);
  if (configuration === undefined || firstFile(tree, otherManifests) !== undefined) return undefined;
  const isApp = !hasPage(tree) || hasBuild(project) || (entry !== undefined && serves(tree, entry));
  return isApp ? `${configuration} is there` : undefined;
}

/** The recipe of a tree for which there is a reason. */
export function denoRecipe(input: RuleInput): RecipeResult {
  const { tree } = input;
  const project = denoProject(tree);
  if (project.isBroken)
    return fault(
      'Unsupported',
      `${project.file} is not valid JSON`,
      `correct ${project.file}: Deno refuses it as well`,
    );
  const version = denoVersion(tree);
  if (!version.ok) return version;
  const start = denoStart(tree, project);
  const site = denoSite(input, project, { start, version: version.version });
  if (site !== undefined) return { ok: true, recipe: site };
  if (start === undefined) return entrypointFault(project);
  const why = [...version.why, ...installWhy(tree, project), start.why];
  return { ok: true, recipe: serverRecipe({ ...input, why: [...input.why, ...why] }, project, start, version.version) };
}

function serverRecipe(input: RuleInput, project: DenoProject, start: DenoStart, version: string): Recipe {
  const { tree, request } = input;
  const base = input.settings.bases.node;
  const entry = start.entry ?? denoEntry(tree) ?? '';
  const written = start.port ?? writtenPort(tree, entry);
  const port = request.port ?? written ?? denoPort;
  const where = start.port === undefined ? `written in ${entry}` : 'named by the start command';
  const found = written === undefined ? 'Deno listens on 8000 by convention, and PORT says so too' : where;
  const build = denoBuild(project, version, { build: hasBuild(project), keeps: { entry, options: start.options } });
  return {
    language: 'nodejs',
    framework: 'deno',
    why: input.why,
    how: { stages: { build: { base, steps: build }, image: { base, steps: denoImage(port, start.command) } } },
    port,
    portWhy: request.port === undefined ? found : 'named by the user',
    portFollowsEnv: isMoved(tree, start) || (start.port === undefined && readsPort(tree, entry)),
    user: { uid: appUid },
    warnings: [...serverWarnings(input, start, written), ...localStateWarnings(tree, [])],
    readOnlyRoot: false,
  };
}

const isMoved = (tree: SourceTree, { entry = '', followsPort }: DenoStart) => followsPort && isMovable(tree, entry);

function installWhy(tree: SourceTree, project: DenoProject): string[] {
  const lock = hasFile(tree, 'deno.lock') ? ', from deno.lock' : '';
  return [
    `Deno fetches every import while the image is built${lock}`,
    ...(hasBuild(project) ? ['the task build runs first'] : []),
  ];
}

function serverWarnings({ tree }: RuleInput, start: DenoStart, written: number | undefined): string[] {
  const { entry = '' } = start;
  const follows = isMoved(tree, start);
  const warnings: string[] = [];
  if (written !== undefined && start.port === undefined && !follows)
    warnings.push(`${entry} listens on ${written} whatever PORT says: use Deno.env.get('PORT')`);
  if (!follows && listensLocally(tree, entry))
    warnings.push(`${entry} listens on localhost only, where nobody can reach it: listen on 0.0.0.0`);
  if (/\bDeno\.openKv\s{0,9}\(\s{0,9}\)/.test(tree.read(entry) ?? ''))
    warnings.push(
      'Deno.openKv keeps its database in a file; there is no durable disk: it is gone with the next version or restart',
    );
  return warnings;
}

function entrypointFault({ file }: DenoProject): RecipeResult {
  return fault(
    'EntrypointMissing',
    `${file ?? 'deno.lock'} has no task start, and there is no main.ts, server.ts, index.ts or mod.ts`,
    'add a task "start" to deno.json, such as "deno run --allow-net --allow-env main.ts", or set spec.build.path to the folder of the application',
  );
}
