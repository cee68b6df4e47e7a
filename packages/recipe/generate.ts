// Writes docs/languages.md from the rules themselves: every tree of the corpus with what becomes of it. `--check` writes nothing and
// exits 1 when the page is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Entry } from './src/corpus/entry.ts';
import { bases, corpus } from './src/corpus/index.ts';
import { foreignNames } from './src/foreign.ts';
import { recipeFor, stacks, summaryOf, treeOf } from './src/recipe.ts';

const page = new URL('../../docs/languages.md', import.meta.url);
const shownFiles = 6;

const intro = `<!-- Generated from packages/recipe; do not edit (make generate). -->
# Languages and frameworks

vibeD looks at the files of a source and decides how the image is made. The decision is in every answer as one line
(\`status.build.summary\`, \`summary\` of \`deploy_artifact\`), with its reasons in \`status.build.why\`; \`dry_run\` shows it without building.

1. **Where is the application?** At the root where there is a manifest or an index.html; else in the only sub-folder that holds one. Where
   several folders do, vibeD refuses and names them: choose with \`spec.build.path\` (\`build_path\` in the tools).
2. **Does vibeD build it?** Your own Dockerfile is always built. Refused by name, with a way out: ${foreignNames.join(', ')}.
3. **Which version?** ${bases.node.map(({ version }) => version).join(', ')} of Node.js, ${bases.python.map(({ version }) => version).join(', ')} of Python and ${bases.go.map(({ version }) => version).join(', ')} of Go are the
   defaults of \`builds.bases\`; the first of each is used where the source asks for none. A source that asks for another version is
   refused before anything is built (\`VersionUnavailable\`).
4. **What is served?** Of a static site never the sources of programs, manifests, lockfiles, dotfiles and keys.

What is recognised (the guide for models, \`get_deploy_guide\`, says the same):

${Object.entries(stacks)
  .map(([name, what]) => `- **${name}**: ${what}.`)
  .join('\n')}

The tables below are what the rules answer to small trees; the same trees are their tests.
`;

const tables = Object.entries(corpus).map(([title, entries]) => tableOf(title, entries));
const text = `${[intro, ...tables].join('\n')}`;

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/languages.md is stale: run `make generate`');
  process.exitCode = 1;
}

function tableOf(title: string, entries: readonly Entry[]): string {
  const rows = entries.map(entry => `| ${cell(entry.name)} | ${cell(filesOf(entry))} | ${cell(answerTo(entry))} |`);
  const heading = title.charAt(0).toUpperCase() + title.slice(1);
  return [`## ${heading}`, '', '| what | files | answer |', '|---|---|---|', ...rows, ''].join('\n');
}

function filesOf({ files }: Entry): string {
  const names = Object.keys(files);
  return names.slice(0, shownFiles).join(', ') + (names.length > shownFiles ? ', …' : '');
}

function answerTo({ files }: Entry): string {
  const result = recipeFor(treeOf(files), { language: 'auto' }, { bases });
  return result.ok ? summaryOf(result.recipe) : `refused, ${result.reason}: ${result.message}`;
}

/** Text as a cell of a table: nothing in it is markup. */
function cell(value: string): string {
  return value.replace(/[\\`*_{}[\]<>|]/g, '\\$&').replace(/\s+/g, ' ');
}
