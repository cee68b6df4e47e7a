// What every adapter of the Storage port must do; run over each of them by its own test.
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { treeDigest } from '@vibed/store/tree-digest';
import { describe, expect, it } from 'vitest';
import { readArchive } from './archive.ts';
import type { Retention, SourceQuota, SourceStorage } from './storage.ts';

const file = (path: string, text: string, executable = false) => ({ path, bytes: Buffer.from(text), executable });
const alice = 'vibed-alice-11111111';
const bob = 'vibed-bob-22222222';
const hour = 3_600_000;

function retention(more: Partial<Retention> = {}): Retention {
  return { unreferencedMs: 24 * hour, unusedMs: 168 * hour, isInUse: () => false, now: Date.now(), ...more };
}

const roomy: SourceQuota = { bytesPerOwner: 2 ** 30, treesPerOwner: 100, isInUse: () => true };

/** `openWith` gives an adapter over storage that holds nothing yet. */
export function storageContract(adapter: string, openWith: (quota: SourceQuota) => Promise<SourceStorage>): void {
  const open = (quota: Partial<SourceQuota> = {}) => openWith({ ...roomy, ...quota });
  describe(`${adapter} storage`, () => {
    const tree = [file('a/run.sh', 'echo', true), file('index.html', '<h1>hi</h1>'), file('ü.bin', '\u0000\uffff')];

    it('gives back what was saved, byte for byte and in order', async () => {
      const storage = await open();
      const { digest, files } = await storage.save(alice, tree);
      expect(digest).toBe(treeDigest(tree));
      expect(files).toBe(3);
      const loaded = await storage.load(alice, digest);
      expect(loaded?.map(f => [f.path, Buffer.from(f.bytes), f.executable])).toEqual(
        tree.map(f => [f.path, f.bytes, f.executable]),
      );
    });

    it('gives the files one after the other, and skips what is not read', async () => {
      const storage = await open();
      const large = { path: 'large', bytes: Buffer.alloc(3_000_000, 'x'), executable: false };
      const { digest } = await storage.save(alice, [...tree, large]);
      const seen: unknown[] = [];
      for await (const each of (await storage.files(alice, digest)) ?? [])
        seen.push([each.path, each.size, each.executable, each.path === 'ü.bin' ? await each.bytes() : undefined]);
      expect(seen).toEqual([
        ['a/run.sh', 4, true, undefined],
        ['index.html', 11, false, undefined],
        ['large', 3_000_000, false, undefined],
        ['ü.bin', 4, false, Buffer.from('\u0000\uffff')],
      ]);
      for await (const each of (await storage.files(alice, digest)) ?? []) if (each.path === 'a/run.sh') break;
      expect(await storage.files(bob, digest)).toBeUndefined();
    });

    it('saves the same tree once and takes any number at a time', async () => {
      const storage = await open();
      const saved = await Promise.all(Array.from({ length: 8 }, () => storage.save(alice, tree)));
      expect(new Set(saved.map(s => s.digest)).size).toBe(1);
    });

    it('shows an owner nothing of another, whatever digest they know', async () => {
      const storage = await open();
      const { digest } = await storage.save(alice, tree);
      expect(await storage.load(bob, digest)).toBeUndefined();
      expect(await storage.download(bob, digest)).toBeUndefined();
      expect(await storage.refer({ namespace: bob, name: 'todo' }, digest)).toBe(false);
      expect(await storage.archive({ namespace: bob, name: 'todo' }, digest)).toBeUndefined();
    });

    it('hands an archive only to a name that refers to it', async () => {
      const storage = await open();
      const { digest } = await storage.save(alice, tree);
      const todo = { namespace: alice, name: 'todo' };
      expect(await storage.archive(todo, digest)).toBeUndefined();
      expect(await storage.refer(todo, digest)).toBe(true);
      const archive = await storage.archive(todo, digest);
      const bytes = archive && (await buffer(archive.stream));
      expect(bytes?.length).toBe(archive?.bytes);
      expect(treeDigest((await readArchive(bytes ?? Buffer.alloc(0))).files)).toBe(digest);
      expect(await storage.archive({ namespace: alice, name: 'other' }, digest)).toBeUndefined();
      expect(await storage.references(todo)).toEqual([digest]);
    });

    it('finds nothing under names that are none', async () => {
      const storage = await open();
      for (const name of ['..', '../alice', 'a/b', '', '.'])
        expect(await storage.refer({ namespace: alice, name }, `sha256:${'0'.repeat(64)}`)).toBe(false);
      expect(await storage.load('../x', `sha256:${'0'.repeat(64)}`)).toBeUndefined();
      expect(await storage.load(alice, '../../etc/passwd')).toBeUndefined();
    });

    it('never prunes a tree that is referred to and in use', async () => {
      const storage = await open();
      const { digest } = await storage.save(alice, tree);
      await storage.refer({ namespace: alice, name: 'todo' }, digest);
      const later = retention({ now: Date.now() + 1000 * hour, isInUse: (_, used) => used === digest });
      expect(await storage.prune(later)).toBe(0);
      expect(await storage.load(alice, digest)).toBeDefined();
    });

    it('prunes a tree without a name after a day, and one of a deleted artifact after a week', async () => {
      const storage = await open();
      const loose = await storage.save(alice, tree);
      const named = await storage.save(alice, [file('index.html', 'other')]);
      await storage.refer({ namespace: alice, name: 'todo' }, named.digest);
      expect(await storage.prune(retention())).toBe(0);
      expect(await storage.prune(retention({ now: Date.now() + 25 * hour }))).toBe(1);
      expect(await storage.load(alice, loose.digest)).toBeUndefined();
      expect(await storage.load(alice, named.digest)).toBeDefined();
      expect(await storage.prune(retention({ now: Date.now() + 170 * hour }))).toBe(1);
      expect(await storage.load(alice, named.digest)).toBeUndefined();
    });

    const noise = Array.from({ length: 3 }, () => [{ path: 'f', bytes: randomBytes(20_000), executable: false }]);
    const [first = [], second = [], third = []] = noise;

    it('refuses what does not fit into the quota, in bytes and in number, and of another owner takes no notice', async () => {
      const storage = await open({ bytesPerOwner: 45_000 });
      for (const each of [first, second]) await storage.save(alice, each);
      const refused = {
        code: 'QuotaExceeded',
        message: expect.stringMatching(/take 0\.0 MiB in 2 sources.*limit is 0\.0 MiB/),
      };
      await expect(storage.save(alice, third)).rejects.toMatchObject(refused);
      expect((await storage.save(alice, second)).digest).toBeDefined();
      await storage.save(bob, third);
      const few = await open({ treesPerOwner: 1 });
      await few.save(alice, first);
      await expect(few.save(alice, tree)).rejects.toMatchObject({ code: 'QuotaExceeded' });
    });
  });
}
