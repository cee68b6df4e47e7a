import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

// Programs start from their sources, by Node's own type stripping. Its parser is neither that of tsc nor that of vitest: it
// refused `for (const of of …)`, which both take.
it('has no source that Node cannot strip', () => {
  const files = globSync('*/**/*.ts', { cwd: root, exclude: ['**/node_modules', '**/dist', '**/.*'] });
  const refused = files.flatMap(file => {
    try {
      stripTypeScriptTypes(readFileSync(`${root}/${file}`, 'utf8'));
      return [];
    } catch (error) {
      return [`${file}: ${error}`];
    }
  });
  expect(files.length).toBeGreaterThan(100);
  expect(refused).toEqual([]);
});
