// The files behind a spec, wherever they are: inline in the object or stored here. Git's and an image's are elsewhere.
import type { Readable } from 'node:stream';
import type { Artifact, ArtifactSpec } from '@vibed/crds';
import { inlineTree } from '@vibed/store';
import type { TreeFile } from '@vibed/store/tree-digest';
import { Problem } from '../problems.ts';
import { packing } from '../storage/archive.ts';
import type { StoredFile } from '../storage/storage.ts';
import { inPathOrder } from '../storage/tree.ts';
import type { Context } from './action.ts';
import { findArtifact } from './find.ts';

/** All files of a spec in memory; a Problem says why they are not here. */
export async function treeOf(spec: ArtifactSpec, { services, owner }: Context): Promise<readonly TreeFile[]> {
  const source = keptSource(spec);
  if ('files' in source) return source.files;
  return (await services.storage.load(owner, source.digest)) ?? notKept();
}

/** The same files one after the other, in byte order of their paths. */
export async function filesOf(spec: ArtifactSpec, { services, owner }: Context): Promise<AsyncIterable<StoredFile>> {
  const source = keptSource(spec);
  if ('files' in source) return inMemory(source.files);
  return (await services.storage.files(owner, source.digest)) ?? notKept();
}

/** The same files as tar.gz. */
export async function archiveOf(spec: ArtifactSpec, { services, owner }: Context): Promise<Readable> {
  const source = keptSource(spec);
  if ('files' in source) return packing(source.files);
  return ((await services.storage.download(owner, source.digest)) ?? notKept()).stream;
}

/** The files that are in the object itself, or the digest under which they are stored here. */
function keptSource({ source }: ArtifactSpec): { readonly files: readonly TreeFile[] } | { readonly digest: string } {
  if (source.files !== undefined) return { files: inlineTree(source.files) };
  if (source.snapshot !== undefined) return { digest: source.snapshot.digest };
  const where = source.git === undefined ? 'a prebuilt image' : `git (${source.git.url})`;
  throw new Problem('InvalidInput', `the source is ${where}: its files are not kept here`, {
    hint: source.git === undefined ? 'give another image' : 'change the repository and give git_ref, or send all files',
  });
}

function notKept(): never {
  throw new Problem('NotFound', 'the files of this version are not kept any more', { hint: 'send all files' });
}

async function* inMemory(files: readonly TreeFile[]): AsyncGenerator<StoredFile> {
  for (const { path, executable, bytes } of inPathOrder(files))
    yield { path, executable, size: bytes.length, bytes: async () => Buffer.from(bytes) };
}

/** The spec of a recorded version, or the present one, verbatim. */
export async function specOfVersion(
  name: string,
  version: number | undefined,
  context: Context,
): Promise<ArtifactSpec> {
  const artifact = findArtifact(name, context);
  const ref = { namespace: context.namespace, name: artifact.metadata.name };
  const { store } = context.services;
  if (version === undefined) return (await store.get(ref)).spec;
  if (store.versions(artifact).some(record => record.version === version)) return await store.specOf(ref, version);
  const live: Artifact = await store.get(ref);
  if (version === (artifact.status?.desired?.version ?? artifact.metadata.generation)) return live.spec;
  throw unknownVersion(name, version);
}

export function unknownVersion(name: string, version: number): Problem {
  return new Problem('NotFound', `there is no version ${version}`, {
    field: 'version',
    hint: 'list_versions tells which are kept',
    next: [{ tool: 'list_versions', args: { name }, why: 'the versions that are kept' }],
  });
}
