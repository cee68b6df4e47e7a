// What is told as it happens, on the real cluster: events to many readers, a kill included, and logs that are followed.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels } from '@vibed/crds';
import { isKubeError, kinds } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { namespaceOf, ownerLabelOf } from '../src/tenancy.ts';
import { apiServerReady, baseUrl, client, fetchHere, keyOf, killApiServer, rest } from './lib/door.ts';

const user = 'door-live';
const unique = (topic: string) => `${topic}-${randomBytes(3).toString('hex')}`;
const patience = { timeout: 60_000, interval: 500 };

interface Row {
  name: string;
  phase: string;
  version?: number;
}
type Told = { type: 'snapshot'; artifacts: Row[] } | { type: 'set'; artifact: Row } | { type: 'delete'; name: string };

/** Keeps the list by snapshot and changes, and comes back when its stream ends. */
class Reader {
  rows = new Map<string, string>();
  snapshots = 0;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  constructor(key: string) {
    this.#reading = this.#read(key);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(key: string): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const answer = await fetchHere(`${baseUrl}/api/events`, {
          headers: { authorization: `Bearer ${key}` },
          signal,
        });
        let rest = '';
        for await (const text of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
          const frames = (rest + text).split('\n\n');
          rest = frames.pop() ?? '';
          for (const frame of frames) this.#hear(frame);
        }
      } catch {
        // The server is gone or we are stopped: the loop decides.
      }
      if (!signal.aborted) await sleep(500 * (1 + Math.random()));
    }
  }

  #hear(frame: string): void {
    const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
    if (data === undefined) return;
    const told = JSON.parse(data) as Told;
    if (told.type === 'delete') this.rows.delete(told.name);
    else if (told.type === 'set') this.#set(told.artifact);
    else {
      this.snapshots += 1;
      this.rows.clear();
      for (const row of told.artifacts) this.#set(row);
    }
  }

  #set({ name, phase, version }: Row): void {
    this.rows.set(name, `${phase} ${version}`);
  }
}

async function listed(key: string): Promise<Record<string, string>> {
  const { body } = await rest(key, 'GET', '/api/artifacts');
  return Object.fromEntries((body.artifacts as Row[]).map(({ name, phase, version }) => [name, `${phase} ${version}`]));
}

it('tells 200 readers through the ingress every final state, and a fresh list after the api-server was killed', async () => {
  const key = await keyOf(user);
  const names = Array.from({ length: 5 }, () => unique('live'));
  const files = [{ path: 'index.html', content: 'hi' }];
  // Of a target that is not there nothing is built, so that what is told is all there is to do.
  for (const name of names) await rest(key, 'POST', '/api/artifacts', { name, files, target: 'wasmcloud' });
  const readers = Array.from({ length: 200 }, () => new Reader(key));
  try {
    const all = async () => readers.filter(({ snapshots }) => snapshots > 0).length;
    await expect.poll(all, patience).toBe(200);
    const change = (port: number) =>
      Promise.all(
        names.map(async name => {
          const { version } = (await rest(key, 'GET', `/api/artifacts/${name}`)).body;
          const { status } = await rest(key, 'PATCH', `/api/artifacts/${name}`, { base_version: version, port });
          expect(status).toBe(200);
        }),
      );
    const agree = async () => {
      const truth = JSON.stringify(Object.entries(await listed(key)).sort());
      return readers.filter(({ rows }) => JSON.stringify([...rows].sort()) === truth).length;
    };
    for (const port of [3001, 3002, 3003]) await change(port);
    await expect.poll(agree, patience).toBe(200);
    await killApiServer();
    await rest(key, 'GET', '/api/artifacts').catch(() => undefined);
    // While nobody tells anything: by the way that does not lead through the api-server.
    await client.delete(kinds.artifact, { namespace: namespaceOf(user), name: names[0] ?? '' });
    await apiServerReady();
    await expect.poll(agree, patience).toBe(200);
    expect([...(readers[0]?.rows.keys() ?? [])]).not.toContain(names[0]);
  } finally {
    await Promise.all(readers.map(reader => reader.stop()));
    for (const name of names.slice(1)) await rest(key, 'DELETE', `/api/artifacts/${name}`, { confirm: name });
  }
});

it('follows a log from the build into the app and into its next version', async () => {
  const key = await keyOf(user);
  const name = unique('follow');
  const server = (word: string) =>
    `console.log('${word} is up');\nrequire('node:http').createServer((q, s) => s.end('${word}')).listen(process.env.PORT);\n`;
  const files = [
    {
      path: 'package.json',
      content: JSON.stringify({ name: 'x', version: '1.0.0', scripts: { start: 'node server.js' } }),
    },
    { path: 'server.js', content: server('first') },
  ];
  await rest(key, 'POST', '/api/artifacts', { name, files });
  let text = '';
  const answer = await fetchHere(`${baseUrl}/api/artifacts/${name}/logs/follow`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.status).toBe(200);
  const following = (async () => {
    for await (const chunk of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  await expect.poll(() => text, { ...patience, timeout: 180_000 }).toContain('first is up');
  expect(text.indexOf('first is up')).toBeGreaterThan(text.search(/STEP|FROM/));
  const { version } = (await rest(key, 'GET', `/api/artifacts/${name}/wait?timeout_s=50`)).body;
  const edits = [{ path: 'server.js', old_text: server('first'), new_text: server('second') }];
  expect(await rest(key, 'PATCH', `/api/artifacts/${name}`, { edits })).toMatchObject({ status: 200 });
  await expect.poll(() => text, { ...patience, timeout: 180_000 }).toContain('second is up');
  expect(version).toBe(1);
  await rest(key, 'DELETE', `/api/artifacts/${name}`, { confirm: name });
  await following;
});

it('lets nobody but the api-server say whose an Artifact is', async () => {
  await keyOf(user);
  const namespace = namespaceOf(user);
  const image = { ref: `example.com/x@sha256:${'0'.repeat(64)}` };
  const made = (name: string, owner?: string) =>
    client.create(kinds.artifact, {
      apiVersion: 'vibed.dev/v1alpha1',
      kind: 'Artifact',
      metadata: { name, namespace, ...(owner !== undefined && { labels: { [labels.owner]: owner } }) },
      spec: { source: { image }, target: 'wasmcloud' },
    });
  const refusal = (error: unknown) => (isKubeError(error) ? error.message : String(error));
  expect(await made(unique('mine'), ownerLabelOf('door-alice')).then(() => 'made', refusal)).toContain(
    'set by the api-server alone',
  );
  const name = unique('plain');
  await made(name);
  const patch = { metadata: { labels: { [labels.owner]: ownerLabelOf(user) } } };
  expect(await client.mergePatch(kinds.artifact, { namespace, name }, patch).then(() => 'changed', refusal)).toContain(
    'set by the api-server alone',
  );
  await client.delete(kinds.artifact, { namespace, name });
});
