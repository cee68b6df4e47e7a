// Where the tree of an Artifact comes from when the operator itself looks at it: inline files from the store, an upload from the
// api-server's source endpoint, and what a Job has cloned from the registry.
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArtifactStore } from '@vibed/store';
import type { LayersQuestion } from '../../artifact/questions.ts';
import { SourceError } from '../../build-pod/fault.ts';
import type { SourceJobInput } from '../../build-pod/job.ts';
import { RegistryError } from '../../registry/registry.ts';
import type { Settings } from '../../settings.ts';
import { inlineArchive } from '../inline-source.ts';
import { sourcePath } from '../source-access.ts';

export interface LocateOptions {
  readonly store: Pick<ArtifactStore, 'get'>;
  readonly settings: Settings;
  /** The operator's own token for the source endpoint. */
  readonly tokenFile: string;
}

/** Reads a blob of the artifact's cache repository; the stream fails when the bytes are not those of the digest. */
export type KeptBlobs = (digest: string) => Promise<Readable>;

export function locator({ store, settings, tokenFile }: LocateOptions) {
  return async (
    { owner, source, tree }: LayersQuestion,
    scratch: string,
    kept: KeptBlobs,
  ): Promise<SourceJobInput['source']> => {
    const { files, snapshot } = source;
    const archive = join(scratch, 'source.tar.gz');
    if (tree !== undefined) {
      await download(tree.blob, kept, archive);
      return { kind: 'files', archive, digest: tree.found.digest };
    }
    if (snapshot !== undefined) {
      const url = settings.api.sourceUrl + sourcePath(owner.namespace, owner.name, snapshot.digest);
      return { kind: 'snapshot', url, digest: snapshot.digest, tokenFile };
    }
    const { spec } = await store.get(owner);
    if (files === undefined || spec.source.files === undefined)
      throw new SourceError(
        'SourceNotFound',
        'the source has changed since this build was planned',
        'none: it goes on',
      );
    await writeFile(archive, await inlineArchive(spec.source.files));
    return { kind: 'files', archive, digest: files.digest };
  };
}

async function download(digest: string, kept: KeptBlobs, file: string): Promise<void> {
  try {
    await pipeline(await kept(digest), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    if (error instanceof RegistryError && error.fault === 'NotFound')
      throw new SourceError(
        'SourceNotFound',
        'the registry does not have the files of the repository any more',
        'set the annotation vibed.dev/retry to a new value to clone it again',
      );
    const cause = error instanceof Error ? error.message : String(error);
    const message = `the files of the repository could not be read from the registry: ${cause}`;
    throw new SourceError('SourceUnreachable', message, 'the fetch is tried again');
  }
}
