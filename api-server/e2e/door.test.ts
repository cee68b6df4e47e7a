// What the installed api-server owes its users besides the story: folders past the tool calls, owners apart, and no harm from
// being killed in the middle.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels } from '@vibed/crds';
import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { packTree } from '../src/storage/archive.ts';
import { namespaceOf } from '../src/tenancy.ts';
import { apiServerReady, client, fetchHere, keyOf, killApiServer, operatorContainers, rest } from './lib/door.ts';
import { chat, did, eras, settledAs } from './lib/mcp.ts';

const files = [{ path: 'index.html', content: '<h1>hi</h1>\n' }];
const unique = (topic: string) => `${topic}-${randomBytes(3).toString('hex')}`;

it('takes a folder of 3 MB past the tool calls', async () => {
  await using talk = await chat('2025-11-25', await keyOf('door-alice'));
  const name = unique('folder');
  const font = randomBytes(3_000_000);
  const archive = await packTree([
    { path: 'index.html', bytes: Buffer.from(files[0]?.content ?? ''), executable: false },
    { path: 'fonts/a.woff2', bytes: font, executable: false },
  ]);
  const { upload_url } = await did(talk, 'create_upload', {});
  const sent = await fetchHere(String(upload_url), { method: 'PUT', body: new Uint8Array(archive) });
  const received = (await sent.json()) as Record<string, unknown>;
  expect([sent.status, received]).toEqual([201, expect.objectContaining({ files: 2 })]);
  const { version } = await did(talk, 'deploy_artifact', { name, source_ref: received.source_ref });
  const { url } = await settledAs(talk, name, version);
  const served = await fetchHere(`${String(url)}/fonts/a.woff2`);
  expect(Buffer.from(await served.arrayBuffer()).equals(font)).toBe(true);
  await did(talk, 'delete_artifact', { name, confirm: name });
});

it('takes a thousand files of 50 MB, and the operator that packs them lives', async () => {
  await using talk = await chat('2025-11-25', await keyOf('door-alice'));
  const name = unique('large');
  // Hexadecimal digits: half of it is left when it is packed, so that it stays below the limit of an upload.
  const many = Array.from({ length: 1_000 }, (_, i) => ({
    path: `data/${i % 10}/${i}.txt`,
    bytes: Buffer.from(randomBytes(25_000).toString('hex')),
    executable: false,
  }));
  const page = { path: 'index.html', bytes: Buffer.from(files[0]?.content ?? ''), executable: false };
  const archive = await packTree([page, ...many]);
  const before = await operatorContainers();
  const { upload_url } = await did(talk, 'create_upload', {});
  const sent = await fetchHere(String(upload_url), { method: 'PUT', body: new Uint8Array(archive) });
  const received = (await sent.json()) as Record<string, unknown>;
  expect([sent.status, received]).toEqual([201, expect.objectContaining({ files: 1_001 })]);
  const { version } = await did(talk, 'deploy_artifact', { name, source_ref: received.source_ref });
  const { url } = await settledAs(talk, name, version);
  for (const { path, bytes } of [many[0], many[999]].filter(file => file !== undefined)) {
    const served = await fetchHere(`${String(url)}/${path}`);
    expect(Buffer.from(await served.arrayBuffer()).equals(bytes), path).toBe(true);
  }
  expect(before).toHaveLength(1);
  expect(await operatorContainers()).toEqual(before);
  await did(talk, 'delete_artifact', { name, confirm: name });
});

it('restarts an app as a new version, and no request fails meanwhile', async () => {
  await using talk = await chat('2025-11-25', await keyOf('door-alice'));
  const name = unique('restart');
  await did(talk, 'deploy_artifact', { name, files });
  const { url } = await settledAs(talk, name, 1);
  const answers = new Map<string, number>();
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      const status = await fetchHere(String(url)).then(
        async answer => `${answer.status} ${(await answer.text()) === files[0]?.content ? 'page' : 'other'}`,
        (error: Error) => error.message,
      );
      answers.set(status, (answers.get(status) ?? 0) + 1);
      await sleep(20);
    }
  })();
  const { version } = await did(talk, 'control_artifact', { name, action: 'restart' });
  expect(await settledAs(talk, name, version)).toMatchObject({ outcome: 'running', version: 2 });
  await sleep(8_000); // the old version drains
  isDone = true;
  await asking;
  expect([...answers.keys()]).toEqual(['200 page']);
  expect(answers.get('200 page')).toBeGreaterThan(100);
  const { versions } = await did(talk, 'list_versions', { name });
  expect(versions).toMatchObject([{ version: 2, serving: true }, { version: 1 }]);
  await did(talk, 'delete_artifact', { name, confirm: name });
});

it.each(eras)('keeps two users apart in a chat of %s', async era => {
  await using alice = await chat(era, await keyOf('door-alice'));
  await using bob = await chat(era, await keyOf('door-bob'));
  const name = unique('apart');
  await did(alice, 'deploy_artifact', { name, files });
  const listed = JSON.stringify(await did(bob, 'list_artifacts', {}));
  expect(listed).not.toContain(name);
  for (const [tool, args] of [
    ['get_artifact', {}],
    ['get_artifact_logs', {}],
    ['get_artifact_source', {}],
    ['invoke_artifact', {}],
    ['update_artifact', { edits: [{ path: 'index.html', old_text: 'hi', new_text: 'ho' }] }],
    ['control_artifact', { action: 'suspend' }],
    ['delete_artifact', { confirm: name }],
  ] as const) {
    const foreign = await bob.call(tool, { ...args, name });
    const absent = await bob.call(tool, { ...args, name: 'absent-for-sure' });
    expect([tool, foreign.isError, foreign.text]).toEqual([tool, true, absent.text]);
  }
  await did(alice, 'delete_artifact', { name, confirm: name });
});

it('is killed in the middle of a deploy, and the client’s repetition ends as one artifact', async () => {
  const key = await keyOf('door-alice');
  await using talk = await chat('2025-11-25', key);
  const names = [unique('killed'), unique('killed')];
  const calls = names.map((name, i) => ({ name, files, ...(i === 0 && { idempotency_key: name }), env: { A: 'b' } }));
  const first = calls.map(call => rest(key, 'POST', '/api/artifacts', call).catch(() => undefined));
  await sleep(15);
  await killApiServer();
  await Promise.all(first);
  await apiServerReady();
  // The same chat goes on: there is no session that could be lost.
  for (const call of calls)
    expect(await did(talk, 'deploy_artifact', call)).toMatchObject({ name: call.name, version: 1 });
  const { items } = await client.list<KubeObject>(kinds.artifact, { namespace: namespaceOf('door-alice') });
  const made = items.map(({ metadata }) => metadata.name);
  for (const name of names) expect(made.filter(each => each === name)).toHaveLength(1);
  for (const name of names) await did(talk, 'delete_artifact', { name, confirm: name });
});

it('makes the owner’s namespace with its label, and nothing else of it', async () => {
  await keyOf('door-alice');
  const namespace = await client.get<KubeObject>(kinds.namespace, { name: namespaceOf('door-alice') });
  expect(namespace.metadata.labels?.[labels.owner]).toMatch(/^door-alice-[0-9a-f]{8}$/);
  expect(namespace.metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
});
