/** Which Dockerfile an artifact gets: an ordered, explained, pure decision. */
import { goRule } from './go.ts';
import type { BuildRequest, BuildSettings, LanguageRule, PlanInput, PlanResult } from './model.ts';
import { fault } from './model.ts';
import { nodejsRule } from './nodejs.ts';
import { pythonRule } from './python.ts';
import { rustRule } from './rust.ts';
import { secretWarnings } from './secret-files.ts';
import { filesEndingIn, folderOf, type SourceTree } from './source-tree.ts';
import { staticRule } from './static.ts';
import { userDockerfileRule } from './user-dockerfile.ts';
import { basesFor } from './versions.ts';

export { readablePaths } from './bounded-tree.ts';
export type {
  BuildBases,
  BuildRequest,
  BuildSettings,
  DockerfilePlan,
  Language,
  PlanFailure,
  PlanFault,
  PlanResult,
  RequestedLanguage,
  VersionedBase,
} from './model.ts';
export { appUid } from './model.ts';
export { dockerfileOf } from './print.ts';
export { type SourceTree, treeOf } from './source-tree.ts';
export type { Copy, Run, Setting, Stage, Stages, Step, Workdir, Write } from './steps.ts';
export { summaryOf } from './summary.ts';

/** First match wins. The user's own Dockerfile comes before every guess; Go and Rust manifests before Node's, because such projects often
 * carry a package.json for their stylesheets; Node's before Python's only when it is more than that (its rule knows); plain files last. */
const rules: readonly LanguageRule[] = [userDockerfileRule, goRule, rustRule, nodejsRule, pythonRule, staticRule];

/** Plans the image of a source tree. Never throws, whatever the tree holds. */
export function planDockerfile(tree: SourceTree, request: BuildRequest, settings: BuildSettings): PlanResult {
  const result = planByRules(tree, request, settings);
  if (!result.ok) return result;
  return { ok: true, plan: { ...result.plan, warnings: [...result.plan.warnings, ...secretWarnings(tree)] } };
}

function planByRules(tree: SourceTree, request: BuildRequest, settings: BuildSettings): PlanResult {
  if (tree.paths.length === 0)
    return fault('LanguageUnknown', 'the source holds no files', 'send at least an index.html');
  if (request.language !== 'auto') {
    const rule = rules.find(entry => entry.language === request.language);
    const why = [`the user asked for ${request.language}`];
    return rule === undefined ? unknown(tree) : planBy(rule, { tree, request, settings, why });
  }
  for (const rule of rules) {
    const reason = rule.detect(tree, request);
    if (reason !== undefined) return planBy(rule, { tree, request, settings, why: [`${rule.language}: ${reason}`] });
  }
  return unknown(tree);
}

/** The plan of a rule on the base with the version that the source asks for. */
function planBy(rule: LanguageRule, input: Omit<PlanInput, 'settings'> & { settings: BuildSettings }): PlanResult {
  const choice = basesFor(rule.language, input.tree, input.settings.bases);
  if (!choice.ok) return choice;
  const { bases, version, why, warnings } = choice;
  const result = rule.plan({ ...input, settings: { bases }, why: [...input.why, ...why] });
  if (!result.ok) return result;
  const { plan } = result;
  return {
    ok: true,
    plan: { ...plan, ...(version !== undefined && { version }), warnings: [...warnings, ...plan.warnings] },
  };
}

function unknown(tree: SourceTree): PlanResult {
  const manifests = filesEndingIn(
    tree,
    '/package.json',
    '/requirements.txt',
    '/go.mod',
    '/pyproject.toml',
    '/Cargo.toml',
    '/Dockerfile',
  );
  const folders = [...new Set(manifests.map(folderOf))].filter(folder => /^[\w./-]+$/.test(folder)).slice(0, 3);
  const looked =
    'there is no Dockerfile, go.mod, Cargo.toml, package.json, requirements.txt, pyproject.toml or index.html at the root';
  const remedy =
    folders.length === 0
      ? 'add one of them, name build.language, or bring a Dockerfile'
      : `an application seems to be in ${folders.join(' and in ')}: deploy that folder by itself, or bring a Dockerfile for the whole`;
  return fault('LanguageUnknown', looked, remedy);
}
