import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { storageContract } from './contract.ts';
import { LocalStorage } from './local.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'vibed-storage-'));
storageContract('local', () => LocalStorage.open(folder()));

it('holds only whole trees after a kill -9 in the middle of saving', async () => {
  const root = folder();
  const program = `
    import { LocalStorage } from ${JSON.stringify(new URL('./local.ts', import.meta.url).href)};
    const storage = await LocalStorage.open(${JSON.stringify(root)});
    for (let i = 0; ; i += 1) await storage.save('vibed-a-1', [{ path: 'f', bytes: Buffer.alloc(400_000, String(i)), executable: false }]);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  const trees = join(root, 'sources/vibed-a-1/trees');
  await expect.poll(() => (namesIn(trees).length > 3 ? 'some' : 'none'), { timeout: 15_000 }).toBe('some');
  await sleep(7);
  child.kill('SIGKILL');
  await new Promise(resolve => child.once('exit', resolve));
  const storage = await LocalStorage.open(root);
  for (const name of namesIn(trees)) {
    const digest = `sha256:${name.replace('.tar.gz', '')}`;
    expect((await storage.load('vibed-a-1', digest))?.[0]?.bytes.length).toBe(400_000);
  }
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
