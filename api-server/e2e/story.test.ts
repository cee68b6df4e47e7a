// What an AI tool does with vibeD in one chat, through the official client of each era, on the real cluster.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyOf, rest } from './lib/door.ts';
import { type Chat, chat, dataIn, did, eras, settledAs } from './lib/mcp.ts';

const page = (text: string) => `<!doctype html><title>${text}</title><h1>${text}</h1>\n`;

/** An ingress takes a moment to follow the Service. */
const soon = { timeout: 15_000 };
const bodyOf = async (talk: Chat, name: string) =>
  dataIn((await did(talk, 'invoke_artifact', { name, path: '/' })).body);

describe.each(eras)('a chat of %s', era => {
  it('deploys, waits, asks, edits, compares, goes back, reads the source, deletes and restores', async () => {
    const key = await keyOf('door-alice');
    await using talk = await chat(era, key);
    const name = `story-${randomBytes(3).toString('hex')}`;
    const image = randomBytes(3000);
    const files = [
      { path: 'index.html', content: page('one') },
      { path: 'img/dot.bin', content: image.toString('base64'), encoding: 'base64' },
    ];
    const first = await did(talk, 'deploy_artifact', { name, files, env: { GREETING: 'canary-in-env' } });
    expect(first).toMatchObject({ name, version: 1, changed: true, source_ref: /^sha256:/ });
    const one = await settledAs(talk, name, first.version);
    expect(one).toMatchObject({ outcome: 'running', url: expect.stringContaining(name) });
    expect(talk.progress.join('\n')).toContain('running');
    const asked = await did(talk, 'invoke_artifact', { name: one.url, path: '/' });
    expect([asked.status, dataIn(asked.body)]).toEqual([200, page('one')]);

    const edits = [{ path: 'index.html', old_text: '<h1>one</h1>', new_text: '<h1>two</h1>' }];
    const second = await did(talk, 'update_artifact', { name, edits });
    expect(await settledAs(talk, name, second.version)).toMatchObject({ outcome: 'running' });
    await expect.poll(() => bodyOf(talk, name), soon).toBe(page('one').replace('<h1>one', '<h1>two'));
    const diff = await did(talk, 'diff_versions', { name, from: 1, to: second.version });
    expect(diff).toMatchObject({ files: [{ path: 'index.html', change: 'changed' }], settings: [] });
    expect(diff.patch).toContain('+<!doctype html><title>one</title><h1>two</h1>');

    const back = await did(talk, 'rollback_artifact', { name, version: 1 });
    expect(await settledAs(talk, name, back.version)).toMatchObject({ outcome: 'running', version: 1 });
    await expect.poll(() => bodyOf(talk, name), soon).toBe(page('one'));
    const restarted = await did(talk, 'control_artifact', { name, action: 'restart' });
    expect(restarted.version).toBeGreaterThan(Number(second.version));
    expect(await settledAs(talk, name, restarted.version)).toMatchObject({ outcome: 'running' });
    const read = await did(talk, 'get_artifact_source', { name, path: 'img/dot.bin' });
    expect(Buffer.from(dataIn(read.content), 'base64').equals(image)).toBe(true);

    const gone = await did(talk, 'delete_artifact', { name, confirm: name });
    expect(gone).toMatchObject({ phase: 'deleting', source_ref: first.source_ref });
    await expect.poll(async () => (await talk.call('get_artifact', { name })).isError, { timeout: 60_000 }).toBe(true);
    const again = await did(talk, 'deploy_artifact', { name, source_ref: gone.source_ref });
    expect(await settledAs(talk, name, again.version)).toMatchObject({ outcome: 'running' });
    await did(talk, 'delete_artifact', { name, confirm: name });
  });

  it('answers a failing app with its reason and last lines, and the next call mends it', async () => {
    await using talk = await chat(era, await keyOf('door-alice'));
    const name = `broken-${randomBytes(3).toString('hex')}`;
    const files = [
      {
        path: 'package.json',
        content: JSON.stringify({ name: 'x', version: '1.0.0', scripts: { start: 'node server.js' } }),
      },
      { path: 'server.js', content: "throw new Error('the moon is not full');\n" },
    ];
    const { version } = await did(talk, 'deploy_artifact', { name, files });
    const failed = await settledAs(talk, name, version);
    expect(failed).toMatchObject({
      outcome: 'failed',
      failure: { reason: 'CrashLoop', excerpt: expect.stringContaining('the moon is not full') },
    });
    expect(await did(talk, 'get_artifact_logs', { name })).toMatchObject({
      kind: 'app',
      first_error: expect.stringContaining('moon'),
    });
    const mended = "require('node:http').createServer((q, s) => s.end('full')).listen(process.env.PORT);\n";
    const next = await did(talk, 'update_artifact', {
      name,
      base_version: version,
      changed: [{ path: 'server.js', content: mended }],
    });
    expect(await settledAs(talk, name, next.version)).toMatchObject({ outcome: 'running' });
    await expect.poll(() => bodyOf(talk, name), soon).toBe('full');
    await did(talk, 'delete_artifact', { name, confirm: name });
  });
});

it('says the same through REST', async () => {
  const key = await keyOf('door-alice');
  const name = `rest-${randomBytes(3).toString('hex')}`;
  const made = await rest(key, 'POST', '/api/artifacts', {
    name,
    files: [{ path: 'index.html', content: page('rest') }],
  });
  expect(made).toMatchObject({ status: 200, body: { name, version: 1, changed: true } });
  const waited = await rest(key, 'GET', `/api/artifacts/${name}/wait?version=1&timeout_s=50`);
  expect(waited.body).toMatchObject({ outcome: 'running' });
  expect((await rest(key, 'GET', `/api/artifacts/${name}`)).body).toMatchObject({
    phase: 'running',
    serving: { version: 1 },
  });
  expect(await rest(key, 'DELETE', `/api/artifacts/${name}`, { confirm: name })).toMatchObject({ status: 200 });
});
