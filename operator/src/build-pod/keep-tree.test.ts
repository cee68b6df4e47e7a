// The road of a git tree: cloned by the source program, kept by the step after it, read back by the operator. Against a registry double.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompactSource } from '@vibed/store';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { Analysis } from '../analysis/analysis.ts';
import { owner, settings } from '../artifact/world.testing.ts';
import { locator } from '../builder/layers/locate.ts';
import { ociRegistry } from '../registry/oci-registry.ts';
import { RegistryError } from '../registry/registry.ts';
import { sourceJob } from './job.ts';
import { keepTree } from './layers.ts';
import { RegistryClient } from './registry-client.ts';
import { RegistryDouble } from './registry-double.ts';
import { prepareSource, prepareTree } from './source.ts';

const analysis = new Analysis();
afterAll(() => analysis.stop());
const looking = { analysis, owner: 'alice' };

const cache = 'vibed/vibed-alice/todo_cache';
const signal = AbortSignal.timeout(120_000);
const { bases } = settings.builds;
let folder: string;
let double: RegistryDouble;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vibed-keep-'));
  for (const name of ['scratch', 'read', 'repository']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'login'), 'user:pass');
  double = await RegistryDouble.start('user:pass');
});
afterEach(async () => {
  await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const registry = () =>
  ociRegistry(new RegistryClient({ url: double.url, basicAuthFile: join(folder, 'login') }), { signal, pauseMs: 1 });
const keep = (workspace = join(folder, 'workspace')) => {
  const places = { workspace, stage: '', scratch: join(folder, 'scratch') };
  return keepTree({ registry: { url: double.url }, cache }, registry(), places, signal);
};
const located = (blob: string, digest: string) => {
  const find = locator({ store: { get: () => Promise.reject(new Error('not asked here')) }, settings, tokenFile: '' });
  const tree = { blob, found: { digest, commit: 'abc', ignored: 0, ignoredSample: [] } };
  const source: CompactSource = { git: { url: 'https://git.example/x.git' } };
  const question = { kind: 'layers', id: 'x', key: 'k', owner, source, build: undefined, tree } as const;
  return find(question, join(folder, 'read'), one => registry().read(cache, one));
};

function cloned() {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: join(folder, 'repository') });
  const files = {
    'index.html': 'hi',
    'a b/grüße.txt': 'x',
    '.wh.odd': 'kept',
    'run.sh': '#!/bin/sh',
    '.env': 'SECRET=1',
  };
  mkdirSync(join(folder, 'repository/a b'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, 'repository', path), text);
  git('init', '--quiet');
  git('add', '--all', '--force');
  git('update-index', '--chmod=+x', 'run.sh');
  git('commit', '--quiet', '-m', 'x');
  const source = { kind: 'git' as const, url: `file://${join(folder, 'repository')}`, protocols: ['file' as const] };
  const job = sourceJob.parse({ source, request: {}, bases });
  return prepareSource(job, join(folder, 'workspace'));
}

it('gives the operator the same tree that was cloned', async () => {
  const report = await cloned();
  if (!report.ok) throw new Error(report.message);
  const blob = await keep();
  const source = await located(blob, report.digest);
  const tree = await prepareTree(
    sourceJob.parse({ source, request: {}, bases }),
    join(folder, 'again'),
    looking,
    signal,
  );
  if (!tree.ok) throw new Error(tree.message);
  expect(tree.files.map(f => [f.path, f.executable]).sort()).toEqual([
    ['.wh.odd', false],
    ['a b/grüße.txt', false],
    ['index.html', false],
    ['run.sh', true],
  ]);
  expect(tree.report).toMatchObject({ digest: report.digest, recipe: report.recipe });
});

it('gives it whole, so that the operator finds in it the folder that is built', async () => {
  const repository = join(folder, 'repository');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: repository });
  for (const app of ['shop', 'admin']) {
    mkdirSync(join(repository, app));
    writeFileSync(join(repository, app, 'Dockerfile'), `FROM ${app}\nUSER 1\n`);
  }
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'x');
  const source = { kind: 'git' as const, url: `file://${repository}`, protocols: ['file' as const] };
  const request = { path: 'shop' };
  const report = await prepareSource(
    sourceJob.parse({ source, request, bases, keepsWhole: true }),
    join(folder, 'workspace'),
  );
  if (!report.ok) throw new Error(report.message);
  const again = sourceJob.parse({ source: await located(await keep(), report.digest), request, bases });
  const tree = await prepareTree(again, join(folder, 'again'), looking, signal);
  expect(tree).toMatchObject({ ok: true, files: [{ path: 'Dockerfile' }], recipe: { folder: 'shop' } });
});

it('keeps it by a manifest that names it, the same bytes each time', async () => {
  await cloned();
  const [one, two] = [await keep(), await keep()];
  expect(two).toBe(one);
  const kept = double.blobs.get(double.tagged.get(cache)?.get('tree') ?? '');
  expect(JSON.parse(String(kept)).layers).toMatchObject([{ digest: one }]);
});

it('takes the place of the clone before it, which nobody would find any more', async () => {
  await cloned();
  await keep();
  const manifests = () => [...double.blobs.values()].filter(bytes => String(bytes).includes('"schemaVersion"')).length;
  const before = double.tagged.get(cache)?.get('tree');
  writeFileSync(join(folder, 'workspace/context/index.html'), 'another');
  await keep();
  expect(double.tagged.get(cache)?.get('tree')).not.toBe(before);
  expect(manifests()).toBe(1);
});

it('follows no link, and nobody takes one', async () => {
  mkdirSync(join(folder, 'hostile/context'), { recursive: true });
  symlinkSync('/etc/passwd', join(folder, 'hostile/context/index.html'));
  const source = await located(await keep(join(folder, 'hostile')), 'sha256:x');
  const job = sourceJob.parse({ source, request: {}, bases });
  await expect(prepareTree(job, join(folder, 'again'), looking, signal)).rejects.toMatchObject({
    reason: 'SourceInvalid',
  });

  mkdirSync(join(folder, 'linked'));
  symlinkSync('/etc', join(folder, 'linked/context'));
  await expect(keep(join(folder, 'linked'))).rejects.toMatchObject({ reason: 'SourceInvalid' });
});

it('takes no more than the checks allow, whatever came past them', async () => {
  mkdirSync(join(folder, 'large/context'), { recursive: true });
  writeFileSync(join(folder, 'large/context/hole'), '');
  truncateSync(join(folder, 'large/context/hole'), 300 * 1024 * 1024);
  await expect(keep(join(folder, 'large'))).rejects.toMatchObject({ reason: 'SourceTooLarge' });
  expect(double.seen).toEqual([]);
});

it('is told when the registry has lost it, and read again when it breaks off', async () => {
  await cloned();
  const blob = await keep();
  await expect(located(`sha256:${'0'.repeat(64)}`, 'x')).rejects.toMatchObject({ reason: 'SourceNotFound' });
  double.blobs.set(blob, Buffer.from('something else'));
  await expect(located(blob, 'x')).rejects.toMatchObject({ reason: 'SourceUnreachable' });
  double.fault = () => 503;
  await expect(keep()).rejects.toThrow(RegistryError);
});
