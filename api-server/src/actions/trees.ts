// The files behind a spec, wherever they are: inline in the object or stored here. Git's and an image's are elsewhere.
import type { Artifact, ArtifactSpec } from '@vibed/crds';
import { inlineTree } from '@vibed/store';
import type { TreeFile } from '@vibed/store/tree-digest';
import { Problem } from '../problems.ts';
import type { Context } from './action.ts';
import { findArtifact } from './find.ts';

/** The files of a spec; a Problem says why they are not here. */
export async function treeOf({ source }: ArtifactSpec, { services, owner }: Context): Promise<readonly TreeFile[]> {
  if (source.files !== undefined) return inlineTree(source.files);
  if (source.snapshot === undefined) {
    const where = source.git === undefined ? 'a prebuilt image' : `git (${source.git.url})`;
    throw new Problem('InvalidInput', `the source is ${where}: its files are not kept here`, {
      hint:
        source.git === undefined ? 'give another image' : 'change the repository and give git_ref, or send all files',
    });
  }
  const files = await services.storage.load(owner, source.snapshot.digest);
  if (files !== undefined) return files;
  throw new Problem('NotFound', 'the files of this version are not kept any more', { hint: 'send all files' });
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
