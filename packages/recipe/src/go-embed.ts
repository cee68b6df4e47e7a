/** `//go:embed` of files that the source does not hold: the compiler would refuse them after the whole build. */
import { fault, type Refusal } from './model.ts';
import { shown } from './shown.ts';
import { folderOf, hasFile, type SourceTree } from './source-tree.ts';

/** The refusal for the first pattern that matches nothing, in the files that a command reaches. */
export function missingEmbed(tree: SourceTree, files: readonly string[]): Refusal | undefined {
  for (const path of files) {
    const patterns = (tree.read(path) ?? '').matchAll(/^\/\/go:embed[ \t]([^\n]{1,500})/gm);
    for (const pattern of [...patterns].flatMap(match => wordsOf(match[1] ?? ''))) {
      const missing = missingOf(tree, folderOf(path), pattern);
      if (missing !== undefined) return refusal(path, missing);
    }
  }
  return undefined;
}

function wordsOf(text: string): string[] {
  return text
    .trim()
    .split(/[ \t]/)
    .map(word => word.replaceAll('"', '').replaceAll('`', '').replace(/^all:/, ''))
    .filter(word => word !== '');
}

/** The part of the pattern that stands before its first glob, when nothing in the tree begins with it. */
function missingOf(tree: SourceTree, folder: string, pattern: string): string | undefined {
  const fixed = (/^[^*?[]*/.exec(pattern)?.[0] ?? '').replace(/\/$/, '');
  const path = folder === '' ? fixed : `${folder}/${fixed}`;
  if (fixed === '' || fixed === '.' || hasFile(tree, path)) return undefined;
  const begins = pattern === fixed || pattern.startsWith(`${fixed}/`) ? `${path}/` : path;
  return tree.paths.some(each => each.startsWith(begins)) ? undefined : path;
}

function refusal(path: string, missing: string): Refusal {
  return fault(
    'Unsupported',
    `${shown(path)} embeds ${shown(missing)}, which the source does not hold: it is the output of another build, and a Go build does not run one`,
    `build the frontend first and send ${shown(missing)} with the source, or add a Dockerfile that builds both`,
  );
}
