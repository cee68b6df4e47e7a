import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from './corpus/entry.ts';
import { foreignEntries } from './corpus/foreign.ts';
import { staticEntries } from './corpus/static.ts';
import type { Refusal } from './model.ts';
import { samples } from './samples.ts';
import { canShowRoot, siteFailure } from './served-files.ts';
import { hasFolder, type SourceTree, subtree, treeOf } from './source-tree.ts';
import { type Triage, triage } from './triage.ts';
import { unrunWarnings } from './unrun-folders.ts';

const program = /^(?:package\.json|requirements\.txt|go\.mod|Dockerfile)$/;

/** What the functions of this folder say without the language rules: a tree without a manifest is a static site. */
function judge(tree: SourceTree): { decided: Triage; failure?: Refusal; warnings: readonly string[] } {
  const decided = triage(tree);
  if (decided.kind !== 'app') return { decided, failure: decided.failure, warnings: [] };
  const inside = subtree(tree, decided.folder);
  if (inside.paths.some(path => program.test(path))) return { decided, warnings: [] };
  const root = canShowRoot(inside) || !hasFolder(inside, 'public') ? '' : 'public';
  const failure = siteFailure(inside, root);
  return { decided, ...(failure !== undefined && { failure }), warnings: unrunWarnings(inside, 'site') };
}

function judged({ files, expect: expected }: Entry) {
  const { decided, failure, warnings } = judge(treeOf(files));
  if ('refused' in expected) {
    expect(failure?.reason).toBe(expected.refused);
    for (const text of expected.says) expect(`${failure?.message}\n${failure?.remedy}`).toContain(text);
    return;
  }
  expect(failure).toBeUndefined();
  expect(decided).toMatchObject({ kind: 'app', folder: expected.folder ?? '' });
  const said = [decided.kind === 'app' ? decided.why : '', ...warnings].join('\n');
  if (expected.language === 'static') {
    for (const text of (expected.says ?? []).filter(text => text !== 'public')) expect(said).toContain(text);
    for (const text of expected.never ?? []) expect(said).not.toContain(text);
  }
}

describe('pages and folders', () => {
  it.each(staticEntries)('$name', judged);
});

describe('languages and generators that are not built', () => {
  it.each(foreignEntries)('$name', judged);
});

it('every sample that has a recipe is an application at its root', () => {
  const elsewhere = Object.entries(samples).flatMap(([name, files]) => {
    const decided = triage(treeOf(files));
    return decided.kind === 'app' && decided.folder === '' ? [] : [{ name, decided }];
  });
  expect(elsewhere).toEqual([]);
});

it('names of entries are different', () => {
  const names = [...staticEntries, ...foreignEntries].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

const names = ['package.json', 'index.html', 'index.php', 'main.py', 'requirements.txt', 'Gemfile', 'README.md', 'a b'];
const folders = ['', 'web/', 'api/', 'web/api/', 'examples/x/', '../', 'a"b/', 'node_modules/p/', 'src/'];
const anyTree = fc.dictionary(
  fc.tuple(fc.constantFrom(...folders), fc.constantFrom(...names)).map(parts => parts.join('')),
  fc.constantFrom('', '{}', '{"scripts":{"start":"node x"}}', '---\n', '{% if x %}', '<script type=module src=a.tsx>'),
  { noNullPrototype: true },
);

it('any tree is decided, and an application is a folder of that tree', () => {
  fc.assert(
    fc.property(anyTree, files => {
      const tree = treeOf(files);
      const decided = triage(tree);
      if (decided.kind === 'app') {
        expect(decided.folder === '' || hasFolder(tree, decided.folder)).toBe(true);
        return;
      }
      expect(decided.failure.message.length).toBeLessThan(700);
    }),
  );
});

it('documents, pictures and dotfiles change nothing', () => {
  for (const { files } of [...staticEntries, ...foreignEntries]) {
    const more = { ...files, 'CHANGELOG.md': '', 'docs/intro.md': '', '.editorconfig': '', 'images/logo.svg': '' };
    expect(triage(treeOf(more))).toEqual(triage(treeOf(files)));
  }
});

it('decides a tree of many files and deep folders quickly', () => {
  const deep = Array.from({ length: 1_500 }, (_, index) => `d${index}`).join('/');
  const files = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`m${index % 3_000}/x/f${index}.py`, ''] as const),
  );
  const started = performance.now();
  triage(treeOf({ ...files, [`${deep}/package.json`]: '{}' }));
  expect(performance.now() - started).toBeLessThan(1_000);
});
