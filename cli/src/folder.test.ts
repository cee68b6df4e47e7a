import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { asInput, isSmall, readFolder } from './folder.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vibed-folder-'));
});
afterEach(async () => await rm(root, { recursive: true }));

async function fill(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
const paths = async () => (await readFolder(root)).map(({ path }) => path);

it('leaves out what is ignored, at every level, and what no build gets', async () => {
  await fill({
    '.gitignore': '*.log\ndist/\n/only-here\n',
    '.vibedignore': '!dist/\ndraft.md\n',
    'a.log': '',
    'only-here': '',
    'sub/only-here': '',
    'dist/app.js': '',
    'draft.md': '',
    'sub/.gitignore': '!keep.log\n',
    'sub/keep.log': '',
    'sub/other.log': '',
    '.env': 'SECRET=1',
    '.env.example': '',
    'node_modules/x/index.js': '',
    '.git/config': '',
  });
  const own = ['.env.example', '.gitignore', '.vibedignore', 'dist/app.js'];
  expect(await paths()).toEqual([...own, 'sub/.gitignore', 'sub/keep.log', 'sub/only-here']);
});

it('takes a link for the file it leads to, but never for one that is left out', async () => {
  await fill({ 'a.txt': 'a', '.env': 'SECRET=1' });
  await symlink('a.txt', join(root, 'b.txt'));
  await symlink('.env', join(root, 'c.txt'));
  expect(await paths()).toEqual(['a.txt', 'b.txt']);
});

it.each([
  { to: '/etc/hostname', says: 'leaves the folder' },
  { to: '../', says: 'leaves the folder' },
  { to: 'gone', says: 'leads nowhere' },
  { to: 'sub', says: 'link to a folder' },
])('refuses a link to $to', async ({ to, says }) => {
  await fill({ 'a.txt': 'a', 'sub/b.txt': 'b' });
  await symlink(to, join(root, 'link'));
  await expect(readFolder(root)).rejects.toThrow(says);
});

it('says so when nothing is left', async () => {
  await expect(readFolder(root)).rejects.toThrow('nothing to deploy');
});

it('writes bytes that are no text as base64, and sends executables as an archive', () => {
  const file = { path: 'a', bytes: Buffer.from([0xff, 0]), executable: false };
  expect(asInput([file])).toEqual([{ path: 'a', content: '/wA=', encoding: 'base64' }]);
  expect([isSmall([file]), isSmall([{ ...file, executable: true }])]).toEqual([true, false]);
});
