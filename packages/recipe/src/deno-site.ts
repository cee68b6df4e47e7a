/** Sites that a task of Deno builds: pages of Vite or Lume, without a server of their own. */

import { type DenoProject, usesDeno } from './deno-project.ts';
import { denoBuild } from './deno-stages.ts';
import { type DenoStart, hasBuild } from './deno-start.ts';
import type { Recipe, RuleInput } from './model.ts';
import { firstFile, type SourceTree } from './source-tree.ts';
import { builtStaticRecipe } from './static.ts';
import { isPlain } from './steps.ts';

interface Site {
  readonly framework: 'vite' | 'lume';
  readonly output: string;
}

/** The site, when the project builds one and starts nothing. */
export function denoSite(
  input: RuleInput,
  project: DenoProject,
  { start, version }: { readonly start: DenoStart | undefined; readonly version: string },
): Recipe | undefined {
  // A guessed file is the page's own script, unless only Deno runs it.
  const isServer = start !== undefined && (start.by !== 'file' || usesDeno(input.tree, start.entry ?? ''));
  if (isServer || !hasBuild(project)) return undefined;
  const site = siteOf(input.tree, project);
  if (site === undefined) return undefined;
  const steps = denoBuild(project, version, { build: true });
  const why = [
    `Deno ${version} runs the task build`,
    `it writes pages into ${site.output}/, and no task starts a server`,
  ];
  return builtStaticRecipe(input, why, {
    ...site,
    stage: { base: input.settings.bases.node, steps },
    language: 'nodejs',
    spaFallback: site.framework === 'vite',
  });
}

function siteOf(tree: SourceTree, project: DenoProject): Site | undefined {
  const text = project.tasks.build?.text ?? project.scripts.build?.text ?? '';
  const isLume = project.imports.some(text => /^lume\/|\/lume@/.test(text)) || /\blume\b/.test(text);
  if (isLume) return { framework: 'lume', output: '_site' };
  if (!/\bvite\b/.test(text)) return undefined;
  const config = firstFile(
    tree,
    ['ts', 'js', 'mts', 'mjs'].map(end => `vite.config.${end}`),
  );
  const folder = /outDir\s{0,9}:\s{0,9}["']\.?\/?([^"']{1,100})["']/.exec(tree.read(config ?? '') ?? '')?.[1];
  const output = folder?.replace(/\/$/, '') ?? 'dist';
  return { framework: 'vite', output: isPlain(output) && !output.startsWith('/') ? output : 'dist' };
}
