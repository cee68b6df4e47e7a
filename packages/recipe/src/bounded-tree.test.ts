import { expect, it } from 'vitest';
import { boundedTree, readablePaths, treeLimits, withUnread } from './bounded-tree.ts';
import { recipeFor } from './recipe.ts';

const bases = Object.fromEntries(
  ['node', 'python', 'go', 'rust', 'rustRuntime', 'static', 'debian'].map(name => [
    name,
    ['node', 'python', 'go'].includes(name) ? [{ version: '24', image: name }] : name,
  ]),
) as never;
const recipe = (texts: Record<string, string>) => {
  const files = Object.entries(texts).map(([path, text]) => ({ path, size: text.length }));
  const tree = boundedTree(files, path => texts[path]);
  return withUnread(recipeFor(tree, { language: 'auto' }, { bases }), tree);
};
const modules = (count: number, text = '') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`lib/a${i}.py`, text]));

it('finds the entry point among more files than are read, and says what was not looked at', () => {
  const result = recipe({
    ...modules(treeLimits.files + 10, 'x = 1\n'),
    'requirements.txt': 'fastapi\n',
    'src/web/main.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
  });
  expect(result).toMatchObject({ ok: true, recipe: { framework: 'fastapi' } });
  expect(result.ok && result.recipe.warnings.at(-1)).toMatch(/^\d+ files were not looked at \(lib\/a\d+\.py, /);
});

it('adds nothing where everything was looked at', () => {
  expect(recipe({ 'index.html': '<h1>hi</h1>' })).toMatchObject({ ok: true, recipe: { warnings: [] } });
});

it('says with a failure what was not looked at', () => {
  const result = recipe({ 'go.mod': 'module a\n', 'main.go': `package main\n${' '.repeat(treeLimits.fileBytes)}` });
  expect(result).toMatchObject({ ok: false, reason: 'EntrypointMissing' });
  expect(!result.ok && result.message).toMatch(/1 file was not looked at \(main\.go\)/);
});

it('reads no more bytes than its limit, what decides first', () => {
  const size = treeLimits.fileBytes;
  const files = Array.from({ length: 40 }, (_, i) => ({ path: `a/${String(i).padStart(2, '0')}.py`, size }));
  const chosen = readablePaths(
    [...files, { path: 'z.png', size: 10 }, { path: 'z/app.py', size }, { path: 'Other', size }],
    ['Other'],
  );
  expect(chosen.size).toBe(treeLimits.bytes / size);
  expect([...chosen].slice(0, 3)).toEqual(['Other', 'z/app.py', 'a/00.py']);
});
