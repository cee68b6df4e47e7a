// The layers builder from source to registry, against a registry double: what is in the image, that it is always the same, and that
// no registry, however it fails, ends up with half of one.
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { BuildSpec } from '@vibed/crds';
import { samples } from '@vibed/recipe/samples';
import { KubeError } from '@vibed/store/kube';
import { treeDigest } from '@vibed/store/tree-digest';
import { extract, type Header, pack } from 'tar-stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Analysis } from '../../analysis/analysis.ts';
import { owner, settings as someSettings } from '../../artifact/world.testing.ts';
import { at, digestOf, listening, RegistryDouble } from '../../build-pod/registry-double.ts';
import type { FetchedTree } from '../builder.ts';
import { LayersBuilder } from './build.ts';
import type { ImageConfig } from './image.ts';

type Files = Readonly<Record<string, string | Buffer>>;
const page: Files = { 'index.html': '<h1>hi</h1>', 'css/site.css': 'h1 { color: red }' };
const repository = `vibed/${owner.namespace}/${owner.name}`;

const analysis = new Analysis();
afterAll(() => analysis.stop());
let double: RegistryDouble;
let builder: LayersBuilder;
let scratch: string;
let files: Files = page;

beforeEach(async () => {
  double = await RegistryDouble.start('user:pass');
  for (const name of ['1.22', '24-slim', '3.13-slim', 'bookworm-slim', '1.26']) baseImage(name);
  scratch = mkdtempSync(join(tmpdir(), 'vibed-scratch-'));
  const auths = { [new URL(double.url).host]: { username: 'user', password: 'pass' } };
  const credentialFile = join(mkdtempSync(join(tmpdir(), 'vibed-login-')), 'config.json');
  writeFileSync(credentialFile, JSON.stringify({ auths }));
  builder = new LayersBuilder({
    settings: settingsOf(),
    analysis,
    scratch,
    credentialFile,
    caFile: undefined,
    locate,
    pauseMs: 1,
  });
});
afterEach(async () => {
  expect(readdirSync(scratch)).toEqual([]);
  await double[Symbol.asyncDispose]();
});

const settingsOf = () => ({
  ...someSettings,
  registry: { ...someSettings.registry, push: double.url },
  builds: { ...someSettings.builds, baseRegistries: { 'docker.io': { url: double.url } } },
});

function baseImage(tag: string): void {
  const config: ImageConfig & { created: string } = {
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/usr/bin', `BASE=${tag}`], Entrypoint: ['start'], Cmd: ['base'], WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [`sha256:diff-${tag}`] },
  };
  const bytes = [Buffer.from(JSON.stringify(config)), Buffer.from(`layer of ${tag}`)];
  for (const blob of bytes) double.blobs.set(digestOf(blob), blob);
  const [first, second] = bytes.map(blob => ({ mediaType: 'x', digest: digestOf(blob), size: blob.length }));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config: first, layers: [second] }));
  double.blobs.set(tag, manifest);
  double.blobs.set(digestOf(manifest), manifest);
}

const tree = () =>
  Object.entries(files).map(([path, text]) => ({ path, executable: path === 'run.sh', bytes: Buffer.from(text) }));

async function locate(_question: unknown, folder: string) {
  const archive = pack();
  for (const { path, executable, bytes } of tree().reverse())
    archive.entry({ name: path, mode: executable ? 0o700 : 0o600, mtime: new Date() }, bytes);
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  writeFileSync(join(folder, 'a.tar'), Buffer.concat(parts));
  return { kind: 'files' as const, archive: join(folder, 'a.tar'), digest: treeDigest(tree()) };
}

const answer = (source: Files = page, build?: BuildSpec, tree?: FetchedTree) => {
  files = source;
  const question = { kind: 'layers', id: 'x', key: 'k'.repeat(16), owner, source: {}, build, tree } as const;
  return builder.answer(question, AbortSignal.timeout(20_000));
};
async function built(source: Files = page, build?: BuildSpec) {
  const given = await answer(source, build);
  if (given.result !== 'built') throw new Error(JSON.stringify(given));
  return given.facts;
}

async function imageOf(digest: string) {
  const manifest = JSON.parse(String(double.blobs.get(digest)));
  const config = JSON.parse(String(double.blobs.get(manifest.config.digest))) as ImageConfig;
  const entries: (Header & { text: string })[] = [];
  for (const layer of manifest.layers.slice(1)) entries.push(...(await entriesOf(layer.digest)));
  return { manifest, config, entries };
}
async function entriesOf(digest: string) {
  const entries: (Header & { text: string })[] = [];
  const reading = Readable.from([gunzipSync(double.blobs.get(digest) ?? Buffer.alloc(0))]).pipe(extract());
  for await (const entry of reading) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    entries.push({ ...entry.header, text: Buffer.concat(parts).toString() });
  }
  return entries;
}

describe('an image of files alone', () => {
  it('is the base with the files and the settings laid onto it', async () => {
    const facts = await built();
    const { manifest, config, entries } = await imageOf(facts.digest ?? '');
    expect(facts).toMatchObject({
      builder: 'layers',
      image: `registry.example.com/${repository}@${facts.digest}`,
      port: 8080,
      fixedPort: 8080,
      uid: 10001,
      language: 'static',
    });
    expect(facts.why?.at(-1)).toMatch(/^layers: .*nothing has to run/);
    expect(entries.map(e => [e.name, e.mode, e.uid, e.type])).toEqual([
      ['app/', 0o755, 0, 'directory'],
      ['app/css/', 0o755, 0, 'directory'],
      ['app/css/site.css', 0o644, 0, 'file'],
      ['app/index.html', 0o644, 0, 'file'],
      ['etc/nginx/nginx.conf', 0o644, 0, 'file'],
    ]);
    expect(config.config).toMatchObject({
      User: '10001:10001',
      Env: ['PATH=/usr/bin', 'BASE=1.22'],
      ExposedPorts: { '8080/tcp': {} },
      Cmd: [],
    });
    expect(config.rootfs.diff_ids).toHaveLength(manifest.layers.length);
    expect(manifest.annotations['org.opencontainers.image.base.digest']).toMatch(/^sha256:/);
    expect(double.seen.filter(request => /mount=/.test(request))).toHaveLength(1);
  });

  it('is bit for bit the same on another day, and another when a byte is', async () => {
    const [one, two] = [await built(), await built()];
    expect(two.digest).toBe(one.digest);
    expect((await built({ ...page, 'index.html': '<h1>ho</h1>' })).digest).not.toBe(one.digest);
  });

  // The committed digests prove it of every machine and day that this suite runs on. The layer's is that of the tar, which is the same
  // everywhere. The image's holds as well what gzip makes of it: that depends on the zlib of the pinned Node (Chromium's, whose search for
  // matches has used other instructions, and found others, on other processors). If only the second one differs, it is zlib that
  // changed: commit the new one, and expect one rebuilt image per app to have another digest than before.
  it('is the one that is committed here', async () => {
    const { digest = '' } = await built();
    const { config } = await imageOf(digest);
    expect(config.rootfs.diff_ids.slice(1)).toEqual([
      'sha256:fe77b448c9d677f09f18925ed02db3519f55283a2b9367f7334efd9379162d5c',
    ]);
    expect(digest).toBe('sha256:16d9f87f0ac7971539c5ae1a0c4a8eb0bef0aec6b3e3d6e527a11a46f812c26d');
  });

  it('gives two versions of a file of equal size different times: servers make ETags of time and size', async () => {
    const timeOf = async (text: string) => {
      const { entries } = await imageOf((await built({ 'index.html': text })).digest ?? '');
      return entries.find(e => e.name === 'app/index.html')?.mtime?.getTime();
    };
    expect(await timeOf('one')).not.toBe(await timeOf('two'));
  });

  it('holds nothing that the version before had and this one has not', async () => {
    await built();
    const { entries } = await imageOf((await built({ 'index.html': 'alone' })).digest ?? '');
    expect(entries.map(e => e.name)).toEqual(['app/', 'app/index.html', 'etc/nginx/nginx.conf']);
  });

  it('keeps odd names, long paths, executables and bytes', async () => {
    const long = `${'f'.repeat(90)}/${'g'.repeat(120)}/h.txt`;
    const source = {
      'server.js': "require('http').createServer().listen(process.env.PORT)",
      'run.sh': '#!/bin/sh',
      'a b;$(id)\'".txt': 'odd',
      'grüße/日本.txt': 'unicode',
      [long]: 'long',
      empty: '',
      'bytes.bin': Buffer.from([0, 255, 10, 13]),
    };
    const { entries, config } = await imageOf((await built(source)).digest ?? '');
    const found = new Map(entries.filter(e => e.type === 'file').map(e => [e.name.slice(4), e]));
    expect([...found.keys()].sort()).toEqual(Object.keys(source).sort());
    expect(found.get('run.sh')).toMatchObject({ mode: 0o755, uid: 10001, gid: 10001 });
    expect(found.get('a b;$(id)\'".txt')).toMatchObject({ mode: 0o644, text: 'odd' });
    expect(config.config).toMatchObject({ Entrypoint: ['start'], Cmd: ['node', 'server.js'], WorkingDir: '/app' });
    expect(config.config?.Env).toContain('BASE=24-slim');
  });

  it('packs a thousand files, and large ones', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`d${i % 7}/${i}.html`, `page ${i}`]));
    const source = { ...many, 'index.html': 'x', 'big.bin': Buffer.alloc(20 * 1024 * 1024, 7) };
    const { entries } = await imageOf((await built(source)).digest ?? '');
    expect(entries.filter(e => e.type === 'file')).toHaveLength(1003);
    expect(entries.find(e => e.name === 'app/big.bin')?.size).toBe(20 * 1024 * 1024);
  });

  it('refuses names that would delete files of the base', async () => {
    expect(await answer({ ...page, 'x/.wh..wh..opq': '' })).toMatchObject({
      result: 'failed',
      reason: 'SourceInvalid',
      message: expect.stringContaining('.wh..wh..opq'),
    });
  });
});

describe('the folder of the app', () => {
  const nested: Files = { 'README.md': 'x', 'web/index.html': '<h1>hi</h1>', 'web/css/site.css': 'h1 { color: red }' };

  it('gives the same image as that folder alone', async () => {
    expect((await built(nested, { path: 'web' })).digest).toBe((await built(page)).digest);
  });

  it('that is not there is refused with those that are', async () => {
    expect(await answer(nested, { path: 'site' })).toMatchObject({
      result: 'failed',
      message: 'spec.build.path: the source has no folder site',
      remedy: 'Set spec.build.path to a folder that is there: web.',
    });
  });
});

it('the plan knows the names of the values for the build', async () => {
  files = samples['node-vite-react'] ?? {};
  files = { ...files, 'src/read.js': 'fetch(import.meta.env.VITE_API_URL)' };
  const question = { kind: 'layers', id: 'x', key: 'k'.repeat(16), owner, source: {}, build: undefined } as const;
  const planned = async (env: string[]) => {
    const given = { env, published: [] };
    const answered = await builder.answer({ ...question, given }, AbortSignal.timeout(20_000));
    if (answered.result !== 'job' || answered.plan.builder !== 'layers') throw new Error(JSON.stringify(answered));
    return { script: answered.plan.install.script, warnings: answered.plan.facts.warnings ?? [] };
  };
  expect((await planned([])).warnings.join()).toContain('src/read.js reads VITE_API_URL at build time');
  const complete = await planned(['VITE_API_URL']);
  expect(complete.warnings.join()).not.toContain('VITE_API_URL');
  expect(complete.script).toContain('export VITE_API_URL=');
});

describe('a registry that fails half-way', () => {
  const isUpload = (request: string) => /^PUT .*blobs/.test(request);

  it.each([500, 'cut'] as const)('with %s at an upload is asked again', async fault => {
    const { digest } = await built();
    double.blobs.delete(digest ?? '');
    let left = 2;
    double.fault = request => (isUpload(request) && left-- > 0 ? fault : undefined);
    expect((await built()).digest).toBe(digest);
  });

  it('without end is a typed failure, and no manifest was written', async () => {
    double.fault = request => (isUpload(request) ? 503 : undefined);
    expect(await answer()).toMatchObject({ result: 'failed', reason: 'RegistryUnavailable' });
    expect(double.seen.some(request => /^PUT .*manifests/.test(request))).toBe(false);
  });

  it('and loses a blob before the manifest gets it once more', async () => {
    let lost = false;
    double.fault = request => {
      if (!/^PUT .*manifests/.test(request) || lost) return undefined;
      lost = true;
      for (const [digest, blob] of double.blobs) if (blob[0] === 0x1f && blob[1] === 0x8b) double.blobs.delete(digest);
      return undefined;
    };
    const { manifest } = await imageOf((await built()).digest ?? '');
    expect(lost).toBe(true);
    for (const layer of manifest.layers) expect(double.blobs.has(layer.digest)).toBe(true);
  });

  it('and has no base is told apart from one that takes no image', async () => {
    double.blobs.delete('1.22');
    expect(await answer()).toMatchObject({ result: 'failed', reason: 'BaseUnavailable' });
  });
});

it('a source whose analysis takes too long fails with a reason, and is not looked at again', async () => {
  using short = { analysis: new Analysis({ milliseconds: 1 }), [Symbol.dispose]: () => short.analysis.stop() };
  const hurried = new LayersBuilder({ ...builder.options, ...short });
  files = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`lib/a${i}.py`, 'import os\n'.repeat(1_000)]));
  const question = { kind: 'layers', id: 'x', key: 'k'.repeat(16), owner, source: {}, build: undefined } as const;
  const look = () => hurried.answer(question, AbortSignal.timeout(20_000));
  const first = await look();
  expect(first).toMatchObject({
    result: 'failed',
    reason: 'SourceTooComplex',
    remedy: expect.stringMatching(/^Leave/),
  });
  short.analysis.stop();
  expect(await look()).toEqual(first);
});

describe('a source that cannot be had', () => {
  const builderWith = (find: typeof locate) =>
    new LayersBuilder({
      settings: settingsOf(),
      analysis,
      scratch,
      credentialFile: undefined,
      caFile: undefined,
      locate: find,
      pauseMs: 1,
    });
  const question = { kind: 'layers', id: 'x', key: 'k'.repeat(16), owner, source: {}, build: undefined } as const;

  it('is fetched again, and then told', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(503).end();
    });
    await listening(server);
    const tokenFile = join(mkdtempSync(join(tmpdir(), 'vibed-token-')), 'token');
    writeFileSync(tokenFile, 'token');
    const away = builderWith((async () => ({
      kind: 'snapshot' as const,
      url: at(server),
      digest: 'sha256:x',
      tokenFile,
    })) as unknown as typeof locate);
    expect(await away.answer(question, AbortSignal.timeout(10_000))).toMatchObject({
      result: 'failed',
      reason: 'SourceUnavailable',
    });
    expect(asked).toBe(5);
    server.close();
  });

  it('because the apiserver did not answer is no failure', async () => {
    const unread = builderWith(() => Promise.reject(new KubeError('Unavailable', 'no answer')));
    expect(await unread.answer(question, AbortSignal.timeout(10_000))).toMatchObject({ result: 'again' });
  });
});

describe('a tree that a Job has cloned', () => {
  const fetched = (source: Files): FetchedTree => {
    files = source;
    const found = { digest: treeDigest(tree()), commit: 'abc', ignored: 1, ignoredSample: ['.env'] };
    return { blob: 'sha256:blob', found };
  };

  it('becomes the same image as the same files, with its commit and what was left out of it', async () => {
    const given = await answer(page, undefined, fetched(page));
    if (given.result !== 'built') throw new Error(JSON.stringify(given));
    const { digest } = await built();
    expect(given.facts).toMatchObject({ digest, commit: 'abc', warnings: ['left out of the build: .env'] });
    expect(given.log).toContain('the commit is abc');
  });

  it('has its commit also where a Job goes on', async () => {
    const source = samples['node-express-npm'] ?? {};
    expect(await answer(source, undefined, fetched(source))).toMatchObject({ plan: { facts: { commit: 'abc' } } });
    const own = { Dockerfile: 'FROM x' };
    expect(await answer(own, undefined, fetched(own))).toMatchObject({ plan: { builder: 'buildah', commit: 'abc' } });
  });
});

describe('the choice', () => {
  it('is Buildah for a Dockerfile, and says so', async () => {
    expect(await answer({ Dockerfile: 'FROM x' })).toMatchObject({
      result: 'job',
      plan: { builder: 'buildah', why: 'buildah: there is a Dockerfile of your own' },
    });
    expect(await answer({ Dockerfile: 'FROM x' }, { builder: 'layers' })).toMatchObject({
      result: 'failed',
      reason: 'BuilderUnfit',
    });
  });

  it('is a Job in the base itself where something has to run', async () => {
    const given = await answer(samples['node-express-npm'] ?? {});
    expect(given).toMatchObject({ result: 'job', plan: { builder: 'layers', facts: { language: 'nodejs/express' } } });
    const plan = given.result === 'job' && given.plan.builder === 'layers' ? given.plan : undefined;
    expect(plan?.install.image).toMatch(/^docker\.io\/library\/node@sha256:/);
    expect(plan?.install.script).toContain("run 'npm ci --omit=dev --no-audit --no-fund'");
    expect(double.blobs.has(plan?.install.job.source ?? '')).toBe(true);
  });

  it.each(Object.keys(samples))('can be made for the sample %s', async name => {
    const given = await answer(samples[name] ?? {});
    expect(given.result, JSON.stringify(given)).not.toBe('failed');
  });
});
