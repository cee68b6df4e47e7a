// Tries the rules on a folder of example applications, one line for each: `node packages/recipe/examples.ts FOLDER…`.
// Every direct sub-folder of FOLDER is one application. Nothing is built, and nothing of it is kept.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { boundedTree, type SizedFile } from './src/bounded-tree.ts';
import { bases } from './src/corpus/index.ts';
import { recipeFor, summaryOf } from './src/recipe.ts';

for (const folder of process.argv.slice(2)) {
  const examples = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory());
  const lines = examples.map(({ name }) => `${name.padEnd(34)} ${outcomeOf(join(folder, name))}`);
  const built = lines.filter(line => !line.includes(' ✗ '));
  console.log([...lines, `${basename(folder)}: ${built.length} of ${lines.length} have a recipe`, ''].join('\n'));
}

function outcomeOf(root: string): string {
  const files = filesOf(root);
  const tree = boundedTree(files, path => textOf(join(root, path)));
  const result = recipeFor(tree, { language: 'auto' }, { bases });
  return result.ok ? summaryOf(result.recipe) : `✗ ${result.reason}: ${result.message}`;
}

function filesOf(root: string): SizedFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map(entry => join(entry.parentPath, entry.name))
    .map(path => ({ path: relative(root, path).split(sep).join('/'), size: statSync(path).size }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function textOf(path: string): string | undefined {
  const bytes = readFileSync(path);
  return bytes.includes(0) ? undefined : bytes.toString('utf8');
}
