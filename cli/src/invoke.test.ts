import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restDouble, vibed } from './api.testing.ts';

const invoke = 'POST /api/artifacts/my-app/invoke';
const answered = {
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: 'hello\u001b[2J\n',
  truncated: false,
  latency_ms: 12,
  phase: 'running',
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vibed-invoke-'));
  await writeFile(join(folder, 'items.json'), '[1]');
  await writeFile(join(folder, 'photo'), Buffer.from([0xff, 0xd8]));
});
afterAll(async () => await rm(folder, { recursive: true }));

describe('vibed invoke', () => {
  const run = async (words: readonly string[], answer: object = answered, input = '') => {
    await using server = await restDouble({ [invoke]: [200, answer] });
    const place = { server: server.url, cwd: folder, input: Buffer.from(input) };
    const ran = await vibed(['invoke', 'my-app', ...words], place);
    return { ...ran, sent: server.seen.map(({ body }) => JSON.parse(String(body)))[0] };
  };
  const json = { 'content-type': 'application/json' };
  const text = { 'content-type': 'text/plain; charset=utf-8' };

  it.each([
    { words: [], sent: { path: '/', headers: {} } },
    { words: ['api/ö?q=a b'], sent: { path: '/api/%C3%B6?q=a%20b', headers: {} } },
    { words: ['/x', '-X', 'DELETE'], sent: { path: '/x', headers: {}, method: 'DELETE' } },
    { words: ['-H', 'A: b:c', '--header', 'D:'], sent: { path: '/', headers: { A: 'b:c', D: '' } } },
    { words: ['-d', '{"a":1}'], sent: { path: '/', headers: json, method: 'POST', body: '{"a":1}' } },
    { words: ['-d', 'a=1'], sent: { path: '/', headers: text, method: 'POST', body: 'a=1' } },
    { words: ['-d', '[1'], sent: { path: '/', headers: text, method: 'POST', body: '[1' } },
    { words: ['-d', ''], sent: { path: '/', headers: text, method: 'POST', body: '' } },
    {
      words: ['-d', 'a=1', '-H', 'Content-Type: x/y', '-X', 'PUT'],
      sent: { path: '/', headers: { 'Content-Type': 'x/y' }, method: 'PUT', body: 'a=1' },
    },
    { words: ['-d', '@items.json'], sent: { path: '/', headers: json, method: 'POST', body: '[1]' } },
    { words: ['-d', '-'], sent: { path: '/', headers: text, method: 'POST', body: 'of stdin' } },
    { words: ['-d', '@-'], sent: { path: '/', headers: text, method: 'POST', body: 'of stdin' } },
  ])('$words', async ({ words, sent }) => {
    const ran = await run(words, answered, 'of stdin');
    expect(ran.sent).toEqual({ ...sent, max_bytes: 24_000 });
    expect(ran.code).toBe(0);
  });

  it('prints the body alone on stdout, harmless at a terminal', async () => {
    const { out, err } = await run([]);
    expect({ out, err }).toEqual({ out: 'hello\n', err: 'HTTP 200 after 12 ms\ncontent-type: text/plain' });
  });

  it('writes the body as it is into a pipe', async () => {
    await using server = await restDouble({ [invoke]: [200, answered] });
    const written: string[] = [];
    const place = { server: server.url, raw: (part: string) => void written.push(part) };
    expect(await vibed(['invoke', 'my-app'], place)).toMatchObject({ code: 0, out: '' });
    expect(written).toEqual([answered.body]);
  });

  it.each([
    [204, 0],
    [302, 0],
    [404, 1],
    [500, 1],
  ])('a status of %s is exit code %s', async (status, code) => {
    const ran = await run([], { ...answered, status, body: '' });
    expect(ran).toMatchObject({ code, out: '', err: expect.stringContaining(`HTTP ${status}`) });
    expect(await run(['--json'], { ...answered, status })).toMatchObject({ code });
  });

  it('says when the body is longer', async () => {
    expect((await run([], { ...answered, truncated: true })).err).toContain('the body is longer');
  });

  it('prints the answer of the API with --json', async () => {
    const { out } = await run(['--json']);
    expect(out).not.toContain('\u001b');
    expect(JSON.parse(out)).toEqual(answered);
  });

  it('sends text only: 2', async () => {
    const ran = await run(['-d', '@photo']);
    expect(ran).toMatchObject({ code: 2, out: '', sent: undefined, err: expect.stringContaining('is not UTF-8 text') });
  });
});
