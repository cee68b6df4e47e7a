// Bases of every origin: for several platforms, from a registry of somebody else's, and named in every way.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RegistryClient } from '../../build-pod/registry-client.ts';
import { digestOf, RegistryDouble } from '../../build-pod/registry-double.ts';
import { ociRegistry } from '../../registry/oci-registry.ts';
import { pinnedBases } from '../../registry/pin-bases.ts';
import { mediaTypes } from '../../registry/registry.ts';
import { parseReference, readBase } from './base.ts';

let ours: RegistryDouble;
let theirs: RegistryDouble;
beforeEach(async () => {
  [ours, theirs] = [await RegistryDouble.start('user:pass'), await RegistryDouble.start('user:pass')];
});
afterEach(async () => {
  await ours[Symbol.asyncDispose]();
  await theirs[Symbol.asyncDispose]();
});

function at(double: RegistryDouble) {
  const basicAuthFile = join(mkdtempSync(join(tmpdir(), 'vibed-base-')), 'login');
  writeFileSync(basicAuthFile, 'user:pass');
  const client = new RegistryClient({ url: double.url, basicAuthFile });
  return ociRegistry(client, { signal: AbortSignal.timeout(20_000), pauseMs: 1 });
}

/** One image per architecture, under an index. */
function put(double: RegistryDouble, tag: string, architectures: readonly string[]) {
  const store = (value: object | string) => {
    const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    double.blobs.set(digestOf(bytes), bytes);
    return { mediaType: 'x', digest: digestOf(bytes), size: bytes.length };
  };
  const manifests = architectures.map(architecture => {
    const config = store({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: ['sha256:a'] } });
    const manifest = { schemaVersion: 2, config, layers: [store(`layer for ${architecture}`)] };
    return { ...store(manifest), platform: { os: 'linux', architecture } };
  });
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }));
  double.blobs.set(tag, index);
  double.blobs.set(digestOf(index), index);
  return digestOf(index);
}

const options = (isOurs: boolean) => ({
  sourceOf: () => ({ registry: at(isOurs ? ours : theirs), isOurs }),
  prefix: 'vibed',
  architecture: 'arm64',
});

it('takes of an image for several platforms the one of the nodes, and says when there is none', async () => {
  put(ours, 'many', ['amd64', 'arm64']);
  put(ours, 'one', ['amd64']);
  const base = await readBase('node:many', options(true));
  expect(base.config.architecture).toBe('arm64');
  expect(base.pull).toBe(`docker.io/library/node@${base.digest}`);
  await expect(readBase('node:one', options(true))).rejects.toMatchObject({ fault: 'Refused' });
  await expect(readBase('node:none', options(true))).rejects.toMatchObject({ fault: 'NotFound' });
});

it('copies the blobs of somebody else’s registry once, and shares them from there', async () => {
  put(theirs, 'many', ['arm64']);
  const base = await readBase('quay.io/team/node:many', options(false));
  const [layer] = base.layers;
  if (layer === undefined) throw new Error('no layer');
  await base.share(at(ours), 'vibed/a/x', layer);
  await base.share(at(ours), 'vibed/b/y', layer);
  expect(ours.blobs.get(layer.digest)?.toString()).toBe('layer for arm64');
  expect(ours.seen.filter(request => /^PUT .*blobs/.test(request))).toHaveLength(1);
  expect(ours.seen.filter(request => request.includes('from=vibed%2Fbases%2Fteam%2Fnode'))).toHaveLength(2);
});

it('pins tags to what they mean, and what is pinned to what its tag means now', async () => {
  const digest = put(ours, 'many', ['amd64']);
  const old = `node:many@sha256:${'0'.repeat(64)}`;
  const one = (image: string) => [{ version: '1', image }];
  const rest = { rustRuntime: 'none', static: 'none', debian: 'none', go: [] };
  const bases = { ...rest, node: one('node:many'), python: one(old), rust: 'rust:none' };
  const pinned = await pinnedBases(bases, () => at(ours));
  expect(pinned.bases).toEqual({ ...bases, node: one(`node:many@${digest}`), python: one(`node:many@${digest}`) });
  expect(pinned.changes).toContain('rust: rust:none was not found and stays as it is');
  expect(pinned.changes).toContain(`node 1: node:many → node:many@${digest}`);
});

it.each([
  ['node', 'docker.io', 'library/node', 'latest'],
  ['nginxinc/nginx:1', 'docker.io', 'nginxinc/nginx', '1'],
  ['docker.io/library/node:24', 'docker.io', 'library/node', '24'],
  ['10.0.0.1:5000/a/b:c@sha256:d', '10.0.0.1:5000', 'a/b', 'sha256:d'],
  ['localhost/a', 'localhost', 'a', 'latest'],
])('reads %s', (name, host, repository, reference) => {
  expect(parseReference(name)).toEqual({ host, repository, reference });
});
