// What a tenant can make big costs the api-server little. Each of these took seconds or gigabytes; the limits here are wide, for a
// machine that is busy, and far below that.
import { describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../app.testing.ts';
import { packTree } from '../storage/archive.ts';
import type { StoredFile } from '../storage/storage.ts';
import { namespaceOf } from '../tenancy.ts';
import { closest } from './closest.ts';
import { differencesOf } from './differences.ts';
import { edited } from './edits.ts';
import { treeOfFiles } from './sources.ts';

/** Of this process's own time: the machine may be busy with other things. */
const wideLimitMs = 500;
async function within<T>(act: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const result = await act();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(wideLimitMs);
  return result;
}

const file = (path: string, text: string | Buffer) => ({ path, bytes: Buffer.from(text), executable: false });

async function* tree(...files: [string, string | Buffer][]): AsyncGenerator<StoredFile> {
  for (const [path, text] of files) {
    const bytes = Buffer.from(text);
    yield { path, size: bytes.length, executable: false, bytes: async () => bytes };
  }
}

/** Lines that no other call repeats. */
function randomLines(bytes: number): string {
  const lines: string[] = [];
  for (let size = 0; size < bytes; size += 5) lines.push(Math.random().toString(36).slice(2, 6));
  return lines.join('\n');
}

describe('suggestions', () => {
  it.each([
    ['of 60 letters', (i: number) => `${i}`.padStart(60, 'abcdefg/')],
    ['of 1,024 letters', (i: number) => `${i}`.padStart(1024, 'abcdefg/')],
    ['of the same letters', (i: number) => [...'abcdefghijklmnopqrst'.repeat(3)].sort(() => (i % 7) - 3).join('')],
  ])('among 5,000 paths %s', async (_, pathOf) => {
    const paths = Array.from({ length: 5_000 }, (_, i) => pathOf(i));
    await within(() => closest('tsrqponmlkjihgfedcba'.repeat(3), paths));
    expect(await within(() => closest('src/indx.html', [...paths.slice(1), 'src/index.html']))).toBe('src/index.html');
  });
});

describe('a difference', () => {
  it('of two texts without a common line is told in sizes', async () => {
    const [a, b] = [randomLines(90_000), randomLines(90_000)];
    const { patch, files } = await within(() => differencesOf(tree(['a.txt', a]), tree(['a.txt', b])));
    expect(files).toEqual([{ path: 'a.txt', change: 'changed' }]);
    expect(patch).toMatch(/^"a\.txt": changed, \d+ bytes → \d+ bytes \(too different to show line by line\)\n$/);
  });

  it('of many such texts compares a few of them, and lists the others', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `f${String(i).padStart(3, '0')}`);
    const side = () => tree(...names.map((name): [string, string] => [name, randomLines(20_000)]));
    const { files, patch, truncated, warnings } = await differencesOf(side(), side());
    expect(files).toHaveLength(100);
    expect(patch.length).toBeLessThanOrEqual(8 * 1024);
    expect(truncated).toBe(true);
    expect(warnings).toEqual([
      '200 more files differ and are not listed',
      expect.stringMatching(/^the patch leaves out \d+ of 300 files$/),
    ]);
  });

  it('shows what is added, deleted, changed, binary and large, in the order of the paths', async () => {
    const before = tree(
      ['B', 'same'],
      ['a', '1\n2\n'],
      ['b', 'x\n'],
      ['bin', Buffer.from([0, 1])],
      ['ü', 'l'.repeat(200_000)],
    );
    const after = tree(['B', 'same'], ['a', '1\n3\n'], ['bin', Buffer.from([0, 2])], ['c', 'new\n'], ['ü', 'm']);
    const { files, patch, truncated, warnings } = await differencesOf(before, after);
    expect(files.map(({ path, change }) => `${path} ${change}`)).toEqual([
      'a changed',
      'b deleted',
      'bin changed',
      'c added',
      'ü changed',
    ]);
    expect(patch).toContain('--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n');
    expect(patch).toContain('--- a/b\n+++ /dev/null\n');
    expect(patch).toContain('"bin": changed, 2 bytes → 2 bytes (binary or large)\n');
    expect(patch).toContain('"ü": changed, 200000 bytes → 1 bytes (binary or large)\n');
    expect([truncated, warnings]).toEqual([false, []]);
  });
});

describe('edits', () => {
  it.each([
    ['one letter', 'a', 'a'.repeat(1_000_000), /1000 times or more/],
    ['a letter amid many', `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`, 'a'.repeat(1_000_000), /does not hold/],
    ['nearly all of it', `${'a'.repeat(500_000)}b`, 'a'.repeat(1_000_000), /does not hold/],
  ])('that look for %s', async (_, old_text, text, message) => {
    await within(() =>
      expect(edited([file('a', text)], [{ path: 'a', old_text, new_text: 'x' }])).rejects.toThrow(message),
    );
  });

  it('of large texts, and too many of them, are refused', async () => {
    const edit = { path: 'a', old_text: 'x', new_text: 'x' };
    await expect(edited([file('a', `x${'a'.repeat(2_000_000)}`)], [edit])).rejects.toThrow(/edits take at most/);
    const text = file('a', `x${'a'.repeat(1_000_000)}`);
    await expect(
      edited(
        [text],
        Array.from({ length: 100 }, () => edit),
      ),
    ).rejects.toThrow(/too large for so many edits/);
    await expect(edited([text], [{ ...edit, new_text: 'b'.repeat(1_000_000) }])).rejects.toThrow(/is longer than/);
  });
});

describe('24 readers of a small archive that unpacks to 30 MiB', () => {
  async function deployed(server: TestServer): Promise<Buffer> {
    const zeros = Buffer.alloc(10 * 1024 * 1024);
    const names = ['a', 'b', 'c'];
    const bytes = await packTree([file('index.html', '<h1>'), ...names.map(name => file(name, zeros))]);
    expect(bytes.length).toBeLessThan(70_000);
    const headers = { 'content-type': 'application/gzip' };
    expect((await server.call('alice', 'POST', '/api/artifacts?name=big', bytes, headers)).status).toBe(200);
    return bytes;
  }
  const readers = <T>(read: () => Promise<T>) => Promise.all(Array.from({ length: 24 }, read));

  it('get the archive as it is stored', async () => {
    await using server = await startTestServer();
    await deployed(server);
    const { spec } = await server.store.get({ namespace: namespaceOf('alice'), name: 'big' });
    const stored = await server.services.storage.download(namespaceOf('alice'), spec.source.snapshot?.digest ?? '');
    stored?.stream.destroy();
    const sizes = await readers(async () => {
      const headers = { authorization: 'Bearer alice' };
      const answer = await fetch(`${server.url}/api/artifacts/big/source.tar.gz`, { headers });
      return (await answer.arrayBuffer()).byteLength;
    });
    expect(new Set(sizes)).toEqual(new Set([stored?.bytes]));
  });

  it('read its files one at a time', async () => {
    await using server = await startTestServer();
    await deployed(server);
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 5);
    const answers = await readers(() => server.call('alice', 'GET', '/api/artifacts/big/source?path=b'));
    clearInterval(watch);
    for (const { status, body } of answers)
      expect([status, body.code ?? body.total_bytes]).toEqual(
        status === 200 ? [200, 10 * 1024 * 1024] : [429, 'RateLimited'],
      );
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(20);
    expect(peak - before).toBeLessThan(300 * 1024 * 1024);
  }, 60_000);
});

it('base64 that is none, and paths of many folders, are refused at once', async () => {
  const refused = (path: string, content: string) => () => treeOfFiles([{ path, content, encoding: 'base64' }]);
  await within(() => expect(refused('a', `${' '.repeat(4_000_000)}!`)).toThrow(/not base64/));
  await within(() => expect(refused('a', 'QQ=='.repeat(1_000_000))).toThrow(/not base64/));
  await within(() => expect(refused('d/'.repeat(2_000_000), 'QQ==')).toThrow(/too long/));
  const deep = Array.from({ length: 1_000 }, (_, i) => ({ path: `${i}${'/dddddd'.repeat(60)}/x`, content: '' }));
  await within(() => expect(treeOfFiles(deep).files).toHaveLength(1_000));
});

it('a source beyond the quota of its owner is refused with what is used and what is allowed', async () => {
  await using server = await startTestServer({ sourceBytesPerOwner: 2_000 });
  const deploy = (user: string, name: string) =>
    server.call(user, 'POST', '/api/artifacts', { name, files: [{ path: 'index.html', content: randomLines(2_000) }] });
  expect((await deploy('alice', 'one')).status).toBe(200);
  expect(await deploy('alice', 'two')).toMatchObject({
    status: 403,
    body: {
      code: 'QuotaExceeded',
      message: expect.stringContaining('1 sources'),
      hint: expect.stringContaining('delete'),
    },
  });
  expect((await deploy('bob', 'two')).status).toBe(200);
});
