// What is deleted, against a registry double.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RegistryClient } from '../build-pod/registry-client.ts';
import { RegistryDouble } from '../build-pod/registry-double.ts';
import { digestOf, ociRegistry } from '../registry/oci-registry.ts';
import { type Manifest, mediaTypes, type Registry } from '../registry/registry.ts';
import { deleteImages } from './images.ts';

const [repository, cache, other] = ['vibed/alice/todo', 'vibed/alice/todo_cache', 'vibed/alice/todo-cache'];
const question = { kind: 'images', id: 'x', repository, cache, digests: [], keep: [] } as const;

let double: RegistryDouble;
let registry: Registry;
beforeEach(async () => {
  double = await RegistryDouble.start('user:pass');
  const basicAuthFile = join(mkdtempSync(join(tmpdir(), 'vibed-images-')), 'login');
  writeFileSync(basicAuthFile, 'user:pass');
  const client = new RegistryClient({ url: double.url, basicAuthFile });
  registry = ociRegistry(client, { signal: AbortSignal.timeout(20_000), pauseMs: 1 });
});
afterEach(async () => {
  await double[Symbol.asyncDispose]();
});

async function put(place: string, tag: string, text = tag): Promise<string> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, annotations: { place, text } }));
  const manifest: Manifest = { digest: digestOf(bytes), mediaType: mediaTypes.manifest, bytes };
  await registry.put(place, tag, manifest);
  return manifest.digest;
}
const tags = () => Promise.all([repository, cache, other].map(place => registry.tags(place)));

it('deletes every manifest of the image and its cache, and of nothing else', async () => {
  for (const tag of ['k1', 'k2', 'k3']) await put(repository, tag);
  await put(repository, 'k4', 'k3');
  await put(cache, 'layer-a');
  await put(other, 'k1');
  expect(await deleteImages(registry, question)).toEqual({ kind: 'images', deleted: 4 });
  expect(await tags()).toEqual([[], [], ['k1']]);
});

it('deletes what only a record names, and leaves what somebody named', async () => {
  const moved = await put(repository, 'k1', 'first');
  await put(repository, 'k1', 'second');
  const kept = await put(repository, 'brought');
  await deleteImages(registry, { ...question, digests: [moved, kept], keep: [kept] });
  expect(await tags()).toEqual([['brought'], [], []]);
  expect(await registry.resolve(repository, moved)).toBeUndefined();
});

it('asks a registry that has nothing of it no more than that', async () => {
  expect(await deleteImages(registry, question)).toEqual({ kind: 'images', deleted: 0 });
  expect(double.seen.slice(1)).toEqual([`GET /v2/${repository}/tags/list`, `GET /v2/${cache}/tags/list`]);
});

it.each([
  [405, 'Unsupported', 8],
  [403, 'Denied', 8],
  [503, 'Unavailable', 32],
] as const)('ends at %s with its reason', async (status, fault, requests) => {
  // More than go at once: what is asked together ends together, and nothing is asked after it.
  for (let tag = 0; tag < 20; tag += 1) await put(repository, `k${tag}`);
  double.fault = request => (request.startsWith('DELETE') ? status : undefined);
  await expect(deleteImages(registry, question)).rejects.toMatchObject({ fault });
  expect(double.seen.filter(request => request.startsWith('DELETE'))).toHaveLength(requests);
});
