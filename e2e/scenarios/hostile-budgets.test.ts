// One tenant makes trees, differences, edits and names as large as they may be, and fills their storage, while a neighbour works on.
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect } from 'vitest';
import { baseUrl, fetchHere, keyOf, type RestAnswer, rest } from '../../api-server/e2e/lib/door.ts';
import { namespaceOf } from '../../api-server/src/tenancy.ts';
import { attack } from '../lib/attack.ts';
import type { Cluster } from '../lib/cluster.ts';
import { proves } from '../lib/scenario.ts';

/** Whose workspace the attacks come from; one for all of them, since a new key takes seconds to reach the server. */
const user = 'e2e-budgets';
/** Far more than any answer takes, on a machine that builds meanwhile; each of these took longer or ended the api-server. */
const secondsAtMost = 30;

async function archiveOf(files: Record<string, Buffer | string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, body] of Object.entries(files)) archive.entry({ name }, body);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** Deploys the files and returns before they are built; deletes the artifact at the end. */
async function deployed(key: string, files: Record<string, Buffer | string>): Promise<Deployed> {
  const name = `big-${randomBytes(3).toString('hex')}`;
  const headers = { 'content-type': 'application/gzip' };
  const made = await rest(key, 'POST', `/api/artifacts?name=${name}`, await archiveOf(files), headers);
  expect(made.status, JSON.stringify(made.body)).toBe(200);
  const path = `/api/artifacts/${name}`;
  return { path, [Symbol.asyncDispose]: async () => void (await rest(key, 'DELETE', path, { confirm: name })) };
}

interface Deployed extends AsyncDisposable {
  readonly path: string;
}

/** Waits until a version runs, for a recorded version is needed. */
async function running(key: string, { path }: Deployed, version: number): Promise<void> {
  let outcome: unknown = 'still_working';
  for (let calls = 0; calls < 4 && outcome === 'still_working'; calls += 1)
    ({ outcome } = (await rest(key, 'GET', `${path}/wait?version=${version}`)).body);
  expect(outcome).toBe('running');
}

/** The answer, which comes within seconds: what was asked for, or a refusal with a code and a hint. */
async function answered(call: Promise<RestAnswer>): Promise<RestAnswer> {
  const started = performance.now();
  const answer = await call;
  expect((performance.now() - started) / 1000).toBeLessThan(secondsAtMost);
  expect(answer.status, JSON.stringify(answer.body).slice(0, 500)).toBeLessThan(500);
  if (answer.status >= 400) expect(answer.body).toMatchObject({ code: expect.any(String), hint: expect.any(String) });
  return answer;
}

const statuses = (answers: readonly { status: number }[]) => new Set(answers.map(({ status }) => status));

attack('24 readers of a small archive that unpacks to 60 MiB', proves('hostile.budgets'), async () => {
  const key = await keyOf(user);
  const zeros = Buffer.alloc(20 * 1024 * 1024);
  await using app = await deployed(key, { 'index.html': '<h1>', a: zeros, b: zeros, c: zeros });
  const readers = <T>(read: () => Promise<T>) => Promise.all(Array.from({ length: 24 }, read));
  const headers = { authorization: `Bearer ${key}` };
  const downloads = await readers(async () => {
    const answer = await fetchHere(`${baseUrl}${app.path}/source.tar.gz`, { headers });
    return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
  });
  expect(downloads.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  for (const { status, bytes } of downloads) {
    expect([200, 429]).toContain(status);
    expect(bytes).toBeLessThan(1024 * 1024);
  }
  const files = await readers(() => answered(rest(key, 'GET', `${app.path}/source?path=a&offset=20000000`)));
  expect(statuses(files)).toContain(200);
});

attack('the difference of two texts of 90 kB without a common line', proves('hostile.budgets'), async () => {
  const key = await keyOf(user);
  const lines = () => Array.from({ length: 15_000 }, () => randomBytes(2).toString('hex')).join('\n');
  await using app = await deployed(key, { 'index.html': '<h1>', 'a.txt': lines() });
  await running(key, app, 1);
  const changed = [{ path: 'a.txt', content: lines() }];
  const update = await rest(key, 'PATCH', app.path, { base_version: 1, changed });
  expect(update.status, JSON.stringify(update.body)).toBe(200);
  for (const answer of await Promise.all(
    Array.from({ length: 8 }, () => answered(rest(key, 'GET', `${app.path}/diff?from=1`))),
  ))
    expect(answer.body.patch).toMatch(/^"a\.txt": changed, \d+ bytes → \d+ bytes/);
});

attack(
  'edits that look for one letter, and for much of a text that repeats it',
  proves('hostile.budgets'),
  async () => {
    const key = await keyOf(user);
    await using app = await deployed(key, { 'index.html': '<h1>', a: 'a'.repeat(1_000_000) });
    const edit = (old_text: string) => {
      const edits = Array.from({ length: 15 }, () => ({ path: 'a', old_text, new_text: 'b' }));
      return answered(rest(key, 'PATCH', app.path, { edits }));
    };
    const half = 'a'.repeat(50_000);
    const answers = await Promise.all([edit('a'), edit(`${half}b${half}`), edit(`${half}b`), edit('a')]);
    expect(statuses(answers)).toEqual(new Set([400]));
    expect(answers[0]?.body.message).toMatch(/holds the old_text 1000 times or more/);
    expect(answers[1]?.body.message).toMatch(/does not hold the old_text/);
  },
);

attack('suggestions among 5,000 long names', proves('hostile.budgets'), async () => {
  const key = await keyOf(user);
  const names = Array.from({ length: 4_999 }, (_, i) => `${String(i).padStart(60, 'abcdefg-')}/${'x'.repeat(50)}`);
  await using app = await deployed(key, Object.fromEntries(['index.html', ...names].map(name => [name, 'x'])));
  const asked = (path: string) => answered(rest(key, 'GET', `${app.path}/source?path=${path}`));
  const far = await Promise.all(Array.from({ length: 8 }, () => asked('gfedcba-'.repeat(7))));
  expect(statuses(far).has(404)).toBe(true);
  expect((await asked('indx.html')).body.hint).toBe('did you mean index.html?');
});

attack(
  'storage is full at the limit of its owner, for this owner alone',
  proves('hostile.budgets'),
  async ({ cluster }) => {
    const key = await keyOf(user);
    await using app = await deployed(key, { 'index.html': '<h1>' });
    await using _full = await filled(cluster, namespaceOf(user));
    const files = [{ path: 'index.html', content: randomBytes(16).toString('hex') }];
    const refused = await answered(rest(key, 'PATCH', app.path, { base_version: 1, files }));
    expect([refused.status, refused.body.code]).toEqual([403, 'QuotaExceeded']);
    expect(refused.body.message).toMatch(/your stored sources take [\d.]+ MiB in \d+ sources.*the limit is/);
    expect(refused.body.hint).toMatch(/delete artifacts/);
  },
);

/** A tree of 64 GiB, which takes no space on the disk, in the storage of an owner. */
async function filled({ client }: Cluster, owner: string): Promise<AsyncDisposable> {
  const volume = (await client.raw('GET', '/api/v1/persistentvolumes/vibed-sources')) as {
    spec: { hostPath: { path: string } };
  };
  const path = join(volume.spec.hostPath.path, 'sources', owner, 'trees', `${'0'.repeat(64)}.tar.gz`);
  await using file = await open(path, 'w', 0o644);
  await file.truncate(64 * 2 ** 30);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}
