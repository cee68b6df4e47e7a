/** Which Dockerfile an artifact gets: an ordered, explained, pure decision. */
import { composeWarnings } from './compose.ts';
import { goRule } from './go.ts';
import type { BuildRequest, BuildSettings, Language, LanguageRule, RecipeResult, Refusal, RuleInput } from './model.ts';
import { fault } from './model.ts';
import { workspaceRootOf } from './node-workspaces.ts';
import { nodejsRule } from './nodejs.ts';
import { canPublish, publishedWarning } from './public-variables.ts';
import { pythonRule } from './python.ts';
import { rustRule } from './rust.ts';
import { cargoRootOf } from './rust-workspace.ts';
import { secretWarnings } from './secret-files.ts';
import { shown } from './shown.ts';
import { below, hasFile, joined, type SourceTree, subtree } from './source-tree.ts';
import { staticRule } from './static.ts';
import { triage } from './triage.ts';
import { unrunWarnings } from './unrun-folders.ts';
import { userDockerfileRule } from './user-dockerfile.ts';
import { basesFor } from './versions.ts';

export { readablePaths } from './bounded-tree.ts';
export type {
  BuildBases,
  BuildRequest,
  BuildSettings,
  Language,
  Recipe,
  RecipeResult,
  Refusal,
  RefusalReason,
  RequestedLanguage,
  VersionedBase,
} from './model.ts';
export { appUid } from './model.ts';
export { dockerfileOf } from './print.ts';
export { canPublish, isPublished, publishedWarning } from './public-variables.ts';
export { type SourceTree, treeOf } from './source-tree.ts';
export { stacks } from './stacks.ts';
export type { Copy, Run, Setting, Stage, Stages, Step, Workdir, Write } from './steps.ts';
export { summaryOf } from './summary.ts';

/** First match wins. The user's own Dockerfile comes before every guess; Go and Rust manifests before Node's, because such projects often
 * carry a package.json for their stylesheets; Node's before Python's only when it is more than that (its rule knows); plain files last. */
const rules: readonly LanguageRule[] = [userDockerfileRule, goRule, rustRule, nodejsRule, pythonRule, staticRule];

/** The recipe of a source tree. Never throws, whatever the tree holds. */
export function recipeFor(tree: SourceTree, request: BuildRequest, settings: BuildSettings): RecipeResult {
  if (tree.paths.length === 0)
    return fault('LanguageUnknown', 'the source holds no files', 'send at least an index.html');
  const place = placeOf(tree, request);
  if (!place.ok) return place;
  const app = subtree(tree, place.folder);
  const result = byRules(app, requestIn(place, request), settings, place.why);
  if (!result.ok) return result;
  const { recipe } = result;
  const unrun = [...composeWarnings(app), ...unrunWarnings(app, recipe.serves === undefined ? 'server' : 'site')];
  const variables = variableWarnings(recipe.language, request);
  const warnings = [...recipe.warnings, ...unrun, ...secretWarnings(app), ...variables];
  return { ok: true, recipe: { ...recipe, ...(place.folder !== '' && { folder: place.folder }), warnings } };
}

/** Of values that are published, and that the build is given. */
function variableWarnings(language: Language, { published = [] }: BuildRequest): string[] {
  return canPublish(language) ? published.map(publishedWarning) : [];
}

/** The folder that holds the application, and the reasons for it. */
type Place = {
  readonly ok: true;
  readonly folder: string;
  readonly why: readonly string[];
  /** The package below `folder` that was chosen, where `folder` is the root of a workspace. */
  readonly member?: string;
};

/** The request as the rules see it, whose tree is the folder. Only the rules of Node and Rust know packages of a workspace. */
function requestIn({ member }: Place, request: BuildRequest): BuildRequest {
  const { path: _, ...rest } = request;
  return member === undefined ? rest : { ...rest, path: member };
}

/** A package of a workspace is built at its root, where its lockfile and the packages are that it depends on. */
function inWorkspace(tree: SourceTree, place: Place): Place {
  const isRust = hasFile(tree, joined(place.folder, 'Cargo.toml'));
  const root = (isRust ? cargoRootOf : workspaceRootOf)(tree, place.folder);
  if (root === undefined) return place;
  const member = below(root, place.folder);
  const why = `${shown(place.folder)} is a package of the workspace at ${root === '' ? 'the root' : shown(root)}: that is installed and built`;
  return { ...place, folder: root, member, why: [...place.why, why] };
}

/** The folder that the user named, and in it the one that holds the application. Who names a language or a Dockerfile has looked already. */
function placeOf(tree: SourceTree, request: BuildRequest): Place | Refusal {
  const named = request.path ?? '';
  const inside = subtree(tree, named);
  if (inside.paths.length === 0) return folderMissing(tree, named);
  const why = named === '' ? [] : [`the user asked for the folder ${shown(named)}`];
  const place = { ok: true, folder: named, why } as const;
  if (['nodejs', 'rust'].includes(request.language) || hasFile(inside, 'project.json')) return inWorkspace(tree, place);
  if (request.language !== 'auto' || request.dockerfile !== undefined) return place;
  const found = triage(inside);
  if (found.kind !== 'app') return found.failure;
  const folder = joined(named, found.folder);
  const chosen = { ok: true, folder, why: found.folder === '' ? why : [...why, found.why] } as const;
  const isOther = ['Dockerfile', 'Containerfile', 'go.mod'].some(name => hasFile(tree, joined(folder, name)));
  return isOther ? chosen : inWorkspace(tree, chosen);
}

function folderMissing(tree: SourceTree, folder: string): Refusal {
  const nested = tree.paths.filter(path => path.includes('/'));
  const folders = [...new Set(nested.map(path => path.slice(0, path.indexOf('/'))))];
  const some = folders.slice(0, 5).map(shown).join(', ');
  const remedy =
    folders.length === 0 ? 'Leave spec.build.path out.' : `Set spec.build.path to a folder that is there: ${some}.`;
  return fault('EntrypointMissing', `spec.build.path: the source has no folder ${shown(folder)}`, remedy);
}

function byRules(
  tree: SourceTree,
  request: BuildRequest,
  settings: BuildSettings,
  before: readonly string[],
): RecipeResult {
  if (request.path !== undefined) {
    const rule = hasFile(tree, joined(request.path, 'Cargo.toml')) ? rustRule : nodejsRule;
    return byRule(rule, { tree, request, settings, why: before });
  }
  if (request.language !== 'auto') {
    const rule = rules.find(entry => entry.language === request.language);
    const why = [...before, `the user asked for ${request.language}`];
    return rule === undefined ? unknown() : byRule(rule, { tree, request, settings, why });
  }
  for (const rule of rules) {
    const reason = rule.detect(tree, request);
    if (reason !== undefined)
      return byRule(rule, { tree, request, settings, why: [...before, `${rule.language}: ${reason}`] });
  }
  return unknown();
}

/** The recipe of a rule on the base with the version that the source asks for. */
function byRule(rule: LanguageRule, input: Omit<RuleInput, 'settings'> & { settings: BuildSettings }): RecipeResult {
  const choice = basesFor(rule.language, input.tree, input.settings.bases);
  if (!choice.ok) return choice;
  const { bases, version, why, warnings } = choice;
  const result = rule.recipe({ ...input, settings: { bases }, why: [...input.why, ...why] });
  if (!result.ok) return result;
  const { recipe } = result;
  return {
    ok: true,
    recipe: { ...recipe, ...(version !== undefined && { version }), warnings: [...warnings, ...recipe.warnings] },
  };
}

function unknown(): Refusal {
  const looked =
    'there is no Dockerfile, go.mod, Cargo.toml, package.json, requirements.txt, pyproject.toml or index.html here';
  return fault('LanguageUnknown', looked, 'Add one of them, name build.language, or bring a Dockerfile.');
}
