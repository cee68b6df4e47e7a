// The output folder of a tenant's build, as hostile as it can be made.
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtEntries } from './built-files.ts';

function stage(): string {
  const root = mkdtempSync(join(tmpdir(), 'vibed-stage-'));
  mkdirSync(join(root, 'app/dist/assets'), { recursive: true });
  writeFileSync(join(root, 'app/dist/index.html'), 'x');
  writeFileSync(join(root, 'secret'), 'credential');
  return root;
}
const layer = { path: '/app/dist', target: '/app/', uid: 0 };

it('takes files, folders and links as they are, with plain modes', async () => {
  const root = stage();
  writeFileSync(join(root, 'app/dist/assets/run'), 'x');
  chmodSync(join(root, 'app/dist/assets/run'), 0o4711);
  symlinkSync('../../../secret', join(root, 'app/dist/link'));
  const entries = await builtEntries(root, layer);
  expect(entries.sort((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject([
    { type: 'folder', path: 'app' },
    { type: 'folder', path: 'app/assets' },
    { type: 'file', path: 'app/assets/run', executable: true },
    { type: 'file', path: 'app/index.html', executable: false },
    { type: 'link', path: 'app/link', to: '../../../secret' },
  ]);
});

it('follows no link, neither as the folder nor in the way to it', async () => {
  const root = stage();
  symlinkSync('..', join(root, 'app/out'));
  symlinkSync('/', join(root, 'top'));
  await expect(builtEntries(root, { ...layer, path: '/app/out' })).rejects.toThrow(/a link instead of \/app\/out/);
  await expect(builtEntries(root, { ...layer, path: '/top/etc' })).rejects.toThrow(/a link instead/);
});

it('tells a build that left nothing, and names that delete', async () => {
  const root = stage();
  await expect(builtEntries(root, { ...layer, path: '/app/build' })).rejects.toThrow(/left no \/app\/build/);
  writeFileSync(join(root, 'app/dist/.wh.index.html'), '');
  await expect(builtEntries(root, layer)).rejects.toThrow(/mark deleted files/);
});
