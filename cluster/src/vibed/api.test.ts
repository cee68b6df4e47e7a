import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CHECKOUT } from '../layout.ts';
import { withStorage } from './api.ts';
import type { Target } from './target.ts';

/** A cluster of somebody's own, whose StorageClasses have these annotations. */
const given = (classes: string) => ({ own: false, kubectl: { run: async () => classes } }) as unknown as Target;
const install = await readFile(join(CHECKOUT, 'install.yaml'), 'utf8');

it('leaves the claim to a cluster that has a default StorageClass', async () => {
  expect(await withStorage(given('true'), install)).toBe(install);
});

it('keeps sources on the pod where nothing would ever give the claim a volume, and changes nothing else', async () => {
  const objects = (text: string) => parseAllDocuments(text).map(document => document.toJS() as { kind: string });
  const changed = objects(await withStorage(given(''), install));
  const kinds = (all: readonly { kind: string }[]) => all.map(({ kind }) => kind);
  expect(kinds(changed)).toEqual(kinds(objects(install)).filter(kind => kind !== 'PersistentVolumeClaim'));
  expect(JSON.stringify(changed)).toContain('{"name":"data","emptyDir":{}}');
  expect(JSON.stringify(changed)).not.toContain('persistentVolumeClaim');
});
