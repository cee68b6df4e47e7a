// Requests made to end, block or fill the api-server, through the ingress, while a neighbour is served.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { treeDigest } from '@vibed/store/tree-digest';
import { pack } from 'tar-stream';
import { expect } from 'vitest';
import { baseUrl, fetchHere, keyOf, rest, revoke } from '../../api-server/e2e/lib/door.ts';
import { attack } from '../lib/attack.ts';
import { proves } from '../lib/scenario.ts';

const user = 'e2e-hostile-doors';
const form = { 'content-type': 'multipart/form-data; boundary=X' };
const crlf = (...lines: string[]) => lines.join('\r\n');
const malformedForm = crlf(
  ...['a', 'b'].flatMap(value => ['--X', 'Content-Disposition form-data', '', value]),
  '--X--',
  '',
);

attack('malformed forms and headers', proves('hostile.doors'), async () => {
  const [reader, writer] = [await keyOf(user, 'read'), await keyOf(user, 'write')];
  for (let left = 10; left > 0; left -= 1)
    expect(await rest(reader, 'POST', '/api/artifacts', malformedForm, form)).toMatchObject({ status: 403 });
  for (let left = 5; left > 0; left -= 1)
    expect(await rest(writer, 'POST', '/api/artifacts', malformedForm, form)).toMatchObject({
      status: 400,
      body: { code: 'InvalidInput' },
    });
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', ';', 'application'])
    expect(await rest(writer, 'POST', '/api/artifacts', malformedForm, { 'content-type': type })).toMatchObject({
      status: 400,
      body: { field: 'content-type' },
    });
});

attack('JSON of brackets, without a key and with one', proves('hostile.doors'), async () => {
  const writer = await keyOf(user, 'write');
  const brackets = '['.repeat(3_000_000);
  const json = { 'content-type': 'application/json' };
  for (const path of ['/api/artifacts', '/mcp']) {
    const strangers = Array.from({ length: 10 }, () => rest('none', 'POST', path, brackets, json));
    for (const { status } of await Promise.all(strangers)) expect([401, 429]).toContain(status);
    expect(await rest(writer, 'POST', path, brackets, json)).toMatchObject({ status: 400 });
  }
});

attack('an archive sent with a read key', proves('hostile.doors'), async () => {
  const [reader, writer] = [await keyOf(user, 'read'), await keyOf(user, 'write')];
  const bytes = Buffer.from(`<h1>${crypto.randomUUID()}</h1>`);
  const archive = pack();
  archive.entry({ name: 'index.html' }, bytes);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const gzip = { 'content-type': 'application/gzip' };
  const sent = await rest(reader, 'POST', '/api/artifacts?name=stored', gzipSync(Buffer.concat(chunks)), gzip);
  expect(sent).toMatchObject({ status: 403, body: { code: 'ScopeMissing' } });
  const source_ref = treeDigest([{ path: 'index.html', bytes, executable: false }]);
  const found = await rest(writer, 'POST', '/api/artifacts', { name: 'stored', source_ref, dry_run: true });
  expect(found.status, 'the source of the refused call is stored').toBe(400);
});

attack('senders that go away in the middle', proves('hostile.doors'), async () => {
  const writer = await keyOf(user, 'write');
  const body = crlf('--X', 'Content-Disposition: form-data; name="f"; filename="index.html"', '', '<h1>', '--X--', '');
  for (const type of [form['content-type'], 'application/gzip', 'application/json'])
    await Promise.all(Array.from({ length: 8 }, (_, i) => cutRequest(writer, type, body.slice(0, i * 15))));
  const answer = await rest(writer, 'POST', '/api/artifacts', malformedForm, form);
  expect(answer.status, 'their places were given back').toBe(400);
});

attack('streams of a key that is revoked', proves('hostile.doors'), async () => {
  const leaving = `${user}-${crypto.randomUUID().slice(0, 8)}`;
  const key = await keyOf(leaving, 'read');
  const { ticket } = (await rest(key, 'POST', '/api/events/ticket')).body;
  const byTicket = `${baseUrl}/api/events?ticket=${String(ticket)}`;
  const open = [
    await fetchHere(`${baseUrl}/api/events`, { headers: { authorization: `Bearer ${key}` } }),
    await fetchHere(byTicket),
  ];
  expect(open.map(({ status }) => status)).toEqual([200, 200]);
  await revoke(key);
  const ended = Promise.all(open.map(answer => answer.text().catch(() => 'broken off')));
  expect(await Promise.race([ended.then(() => 'ended'), sleep(60_000, 'still open')])).toBe('ended');
  expect((await fetchHere(byTicket)).status).toBe(401);
});

/** Declares more than it sends, and closes the connection a moment later. */
function cutRequest(key: string, type: string, sent: string): Promise<void> {
  const { hostname, port } = new URL(baseUrl);
  const head = crlf(
    'POST /api/artifacts?name=cut HTTP/1.1',
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${key}`,
    `Content-Type: ${type}`,
    'Content-Length: 100000',
    '',
    '',
  );
  return new Promise(resolve => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(head + sent);
      setTimeout(() => socket.destroy(), 200);
    });
    // Who closes first makes no difference here.
    socket.on('error', () => undefined).on('close', () => resolve());
  });
}
