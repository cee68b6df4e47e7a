// Where the tree of an Artifact comes from when the operator itself looks at it: inline files from the store, an upload from the
// api-server's source endpoint.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '@vibed/store';
import type { LayersQuestion } from '../../artifact/questions.ts';
import { SourceError } from '../../build-pod/fault.ts';
import type { SourceJobInput } from '../../build-pod/job.ts';
import type { Settings } from '../../settings.ts';
import { inlineArchive } from '../inline-source.ts';
import { sourcePath } from '../source-access.ts';

export interface LocateOptions {
  readonly store: Pick<ArtifactStore, 'get'>;
  readonly settings: Settings;
  /** The operator's own token for the source endpoint. */
  readonly tokenFile: string;
}

export function locator({ store, settings, tokenFile }: LocateOptions) {
  return async ({ owner, source }: LayersQuestion, scratch: string): Promise<SourceJobInput['source']> => {
    const { files, snapshot } = source;
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
    const archive = join(scratch, 'source.tar.gz');
    await writeFile(archive, await inlineArchive(spec.source.files));
    return { kind: 'files', archive, digest: files.digest };
  };
}
