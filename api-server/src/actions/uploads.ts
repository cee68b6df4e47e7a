// create_upload: a whole folder as one archive, past the tool calls: no file costs a token.
import { z } from 'zod';
import { readArchive } from '../storage/archive.ts';
import { sourceLimits } from '../storage/tree.ts';
import { uploadMinutes } from '../uploads.ts';
import { type Context, defineAction } from './action.ts';
import { listShape } from './answer.ts';
import { storedTree } from './sources.ts';

export const createUpload = defineAction({
  name: 'create_upload',
  title: 'Upload a folder',
  description:
    'A one-time URL that takes a folder as tar.gz. Run the command in the folder; its answer has the source_ref for deploy_artifact.',
  scope: 'write',
  hints: {},
  input: z.strictObject({}),
  output: z.object({
    upload_url: z.string(),
    command: z.string().describe('Run it in the folder of the app.'),
    expires_at: z.string(),
    max_bytes: z.int(),
    ...listShape,
  }),
  rights: [],
  run: async (_input, { services, caller }) => {
    const { ticket, expires } = services.uploads.offer(caller);
    const url = `${services.settings.api.publicUrl}/api/uploads/${ticket}`;
    return {
      upload_url: url,
      command: `tar cz --exclude=./node_modules --exclude=./.git --exclude='./.env*' . | curl -sS -T - '${url}'`,
      expires_at: expires.toISOString(),
      max_bytes: sourceLimits.archiveBytes,
      warnings: [],
      next: [
        {
          tool: 'deploy_artifact',
          args: { source_ref: '<source_ref of the upload>' },
          why: `within 24 h; the URL works once, for ${uploadMinutes} minutes`,
        },
      ],
    };
  },
});

export interface UploadAnswer {
  source_ref: string | undefined;
  files: number;
  bytes: number;
  warnings: readonly string[];
}

/** Stores an uploaded archive for its owner. */
export async function receiveArchive(
  archive: Buffer,
  context: Pick<Context, 'services' | 'owner'>,
): Promise<UploadAnswer> {
  const source = await storedTree(await readArchive(archive), context);
  const files = source.files ?? [];
  return {
    source_ref: source.ref,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes.length, 0),
    warnings: source.warnings,
  };
}
