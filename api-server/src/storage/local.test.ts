import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { storageContract } from './contract.ts';
import { LocalStorage } from './local.ts';
import type { SourceQuota } from './storage.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'vibed-storage-'));
const quota: SourceQuota = { bytesPerOwner: 2 ** 30, treesPerOwner: 100_000, isInUse: () => false };
storageContract('local', given => LocalStorage.open(folder(), given));

it('holds only whole trees after a kill -9 in the middle of saving', async () => {
  const root = folder();
  const program = `
    import { LocalStorage } from ${JSON.stringify(new URL('./local.ts', import.meta.url).href)};
    const storage = await LocalStorage.open(${JSON.stringify(root)}, { bytesPerOwner: 2 ** 40, treesPerOwner: 1e6, isInUse: () => true });
    for (let i = 0; ; i += 1) await storage.save('vibed-a-1', [{ path: 'f', bytes: Buffer.alloc(400_000, String(i)), executable: false }]);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  const trees = join(root, 'sources/vibed-a-1/trees');
  await expect.poll(() => (namesIn(trees).length > 3 ? 'some' : 'none'), { timeout: 15_000 }).toBe('some');
  await sleep(7);
  child.kill('SIGKILL');
  await new Promise(resolve => child.once('exit', resolve));
  const storage = await LocalStorage.open(root, quota);
  for (const name of namesIn(trees)) {
    const digest = `sha256:${name.replace('.tar.gz', '')}`;
    expect((await storage.load('vibed-a-1', digest))?.[0]?.bytes.length).toBe(400_000);
  }
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});

it('takes the place of the oldest that nothing uses, and of nothing young or in use', async () => {
  const root = folder();
  const inUse = new Set<string>();
  const storage = await LocalStorage.open(root, {
    ...quota,
    treesPerOwner: 3,
    isInUse: (_, digest) => inUse.has(digest),
  });
  const save = async (text: string, name?: string) => {
    const { digest } = await storage.save('vibed-a-1', [{ path: 'f', bytes: Buffer.from(text), executable: false }]);
    if (name !== undefined) await storage.refer({ namespace: 'vibed-a-1', name }, digest);
    return digest;
  };
  const [used, deleted, young] = [await save('used', 'todo'), await save('deleted', 'gone'), await save('young')];
  inUse.add(used ?? '');
  await expect(save('more')).rejects.toMatchObject({ code: 'QuotaExceeded' });
  const age = (path: string) => utimesSync(join(root, 'sources/vibed-a-1', path), 1, 1);
  for (const [digest, name] of [
    [used, 'todo'],
    [deleted, 'gone'],
  ] as const) {
    age(`trees/${digest.slice(7)}.tar.gz`);
    age(`names/${name}/${digest.slice(7)}`);
  }
  const more = await save('more');
  const kept = await Promise.all([used, deleted, young, more].map(digest => storage.load('vibed-a-1', digest)));
  expect(kept.map(files => files !== undefined)).toEqual([true, false, true, true]);
  expect(namesIn(join(root, 'sources/vibed-a-1/names'))).toEqual(['todo']);
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
