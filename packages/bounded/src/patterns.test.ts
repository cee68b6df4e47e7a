// Every regular expression in the sources of the processes, found by parsing them, against the worst texts that can be made of its own
// parts: a pattern that is not linear fails here without anybody having thought of an attack.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { treeLimits } from '@vibed/recipe/tree';
import { parseAst } from 'vite';
import { describe, expect, it } from 'vitest';
import { excerptBytes } from '../../../operator/src/analysis/logs.ts';
import { messageLimit } from '../../../operator/src/deployer/pod-problems.ts';
import { readMessageLength } from '../../../store/src/kube/errors.ts';
import { attackOn } from './attack.testing.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folders = ['operator/src', 'api-server/src', 'store/src', 'crds/src', 'packages'];
/** Neither tests nor the contract suites of ports. */
const isProduct = (file: string) => file.endsWith('.ts') && !/(?:\.(?:test|testing)|\/contract)\.ts$/.test(file);

/** Characters that the patterns of a file meet at most, where that is less than a whole file. */
const limits: Readonly<Record<string, number>> = {
  'operator/src/analysis/causes.ts': excerptBytes,
  'operator/src/builder/explain.ts': excerptBytes,
  'operator/src/builder/refused-host.ts': excerptBytes,
  'operator/src/deployer/explain.ts': excerptBytes,
  'operator/src/deployer/listening.ts': excerptBytes,
  'operator/src/deployer/permissions.ts': excerptBytes,
  'operator/src/deployer/pod-problems.ts': messageLimit,
  'store/src/kube/errors.ts': readMessageLength,
  'store/src/kube/exceeded-quota.ts': readMessageLength,
};
/** Files that put a pattern together, of constants of their own. */
const composed = ['operator/src/build-pod/registry-route.ts'];
const milliseconds = 50;

interface Literal {
  readonly pattern: string;
  readonly flags: string;
}

function literalsOf(file: string): { literals: Literal[]; composes: boolean } {
  const literals: Literal[] = [];
  let composes = false;
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    const { type, regex, callee } = node as { type?: string; regex?: Literal; callee?: { name?: string } };
    if (type === 'Literal' && regex !== undefined) literals.push(regex);
    if ((type === 'NewExpression' || type === 'CallExpression') && callee?.name === 'RegExp') composes = true;
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(readFileSync(join(root, file), 'utf8'), { lang: 'ts' }));
  return { literals, composes };
}

const files = folders
  .flatMap(folder => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .map(entry => relative(root, join(entry.parentPath, entry.name)))
  .filter(isProduct)
  .map(file => ({ file, ...literalsOf(file) }));

it('finds the patterns', () => {
  expect(files.flatMap(({ literals }) => literals).length).toBeGreaterThan(150);
});

it('patterns are literals, so that they can be found', () => {
  expect(files.filter(({ composes }) => composes).map(({ file }) => file)).toEqual(composed);
});

describe('is linear', () => {
  const withPatterns = files.filter(({ literals }) => literals.length > 0);
  it.each(withPatterns)('$file', { timeout: 120_000 }, ({ file, literals }) => {
    const limit = limits[file] ?? treeLimits.fileBytes;
    const slow = literals.flatMap(({ pattern, flags }) => {
      const attack = attackOn(new RegExp(pattern, flags), limit, milliseconds);
      return attack === undefined ? [] : [{ pattern: `/${pattern}/${flags}`, ...attack }];
    });
    expect(slow).toEqual([]);
  });
});
