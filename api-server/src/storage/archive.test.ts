// Archives of others: every way in which one could leave the tree, hide, or cost too much.
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { type Header, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { packTree, readArchive } from './archive.ts';

async function tar(...entries: (Partial<Header> & { name: string; body?: string | Buffer })[]): Promise<Buffer> {
  const archive = pack();
  for (const { body, ...header } of entries) archive.entry(header, body ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
const refused = (archive: Buffer, message: RegExp) => expect(readArchive(archive)).rejects.toThrow(message);

describe('an archive', () => {
  it.each([
    ['tar', (bytes: Buffer) => bytes],
    ['tar.gz', (bytes: Buffer) => gzipSync(bytes)],
  ])('is read as %s, ignored paths left out', async (_, wrap) => {
    const tree = await readArchive(
      wrap(
        await tar(
          { name: './a/b.txt', body: 'x' },
          { name: 'node_modules/m.js', body: 'y' },
          { name: 'run.sh', mode: 0o755, body: 'z' },
        ),
      ),
    );
    expect(tree.files.map(f => [f.path, Buffer.from(f.bytes).toString(), f.executable])).toEqual([
      ['a/b.txt', 'x', false],
      ['run.sh', 'z', true],
    ]);
    expect(tree.ignored).toEqual(['node_modules/m.js']);
  });

  it('is read as zip', async () => {
    const tree = await readArchive(
      Buffer.from(zipSync({ 'a/b.txt': strToU8('x'), 'index.html': strToU8('<h1>'), 'empty/': new Uint8Array() })),
    );
    expect(tree.files.map(f => f.path)).toEqual(['a/b.txt', 'index.html']);
  });

  it('comes back from what we pack, with paths of any length', async () => {
    const files = [{ path: `${'dddddd/'.repeat(40)}ü.txt`, bytes: Buffer.from('x'), executable: true }];
    expect((await readArchive(await packTree(files))).files).toEqual(files);
  });

  it.each([
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a\\b',
    'C:/x',
    'a//b',
    'a/./b',
    'a\u0001b',
    `${'a'.repeat(300)}.txt`,
    `${'d/'.repeat(64)}x`,
  ])('refuses the path %j', async name => {
    await refused(await tar({ name, body: 'x' }), /path/);
  });

  it.each(['symlink', 'link', 'fifo', 'character-device'] as const)('refuses a %s', async type => {
    await refused(await tar({ name: 'a', type, linkname: '/etc/passwd' }), /not a plain file/);
  });

  it('refuses a link in a zip', async () => {
    await refused(Buffer.from(zipSync({ a: [strToU8('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }] })), /is a link/);
  });

  it.each([
    [['A.txt', 'a.txt'], /one name on some systems/],
    [['é.txt', 'e\u0301.txt'], /one name on some systems/],
    [['a', 'a/b'], /one name|there twice/],
    [['a', 'a'], /there twice/],
  ])('refuses names that collide: %j', async (names, message) => {
    await refused(await tar(...names.map(name => ({ name, body: 'x' }))), message);
  });

  it('refuses a bomb while it unpacks, as tar and as zip', async () => {
    const zeros = Buffer.alloc(26 * 1024 * 1024);
    await refused(gzipSync(await tar({ name: 'zeros', body: zeros })), /more than \d+ bytes/);
    await refused(Buffer.from(zipSync({ zeros: new Uint8Array(zeros) })), /more than \d+ bytes/);
  });

  it('refuses more folders than any app has, as tar and as zip', async () => {
    const names = Array.from({ length: 10_001 }, (_, i) => `d${i}/`);
    await refused(await tar(...names.map(name => ({ name, type: 'directory' as const }))), /10000 entries/);
    const zip = Buffer.from(zipSync(Object.fromEntries(names.map(name => [name, new Uint8Array()]))));
    await refused(zip, /10000 entries/);
  });

  it('refuses a header that unpacks without end', async () => {
    const header = Buffer.from((await tar({ name: 'x'.repeat(300), body: '' })).subarray(0, 512));
    header.write('77777777777\0', 124);
    header.write('        ', 148);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    await refused(gzipSync(Buffer.concat([header, Buffer.alloc(100 * 1024 * 1024)])), /more than \d+ bytes/);
  });

  it.each([Buffer.from('hello'), Buffer.alloc(0), gzipSync(Buffer.from('x')), Buffer.from('PK\u0003\u0004xxxxxxxx')])(
    'refuses what is none',
    async bytes => {
      await refused(bytes, /cannot be read|no files/);
    },
  );
});
