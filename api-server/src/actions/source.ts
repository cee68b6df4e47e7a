// get_artifact_source: which files a version has, and what is in one of them.
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { defineAction } from './action.ts';
import { listShape } from './answer.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';
import { closest } from './input.ts';
import { specOfVersion, treeOf } from './trees.ts';

const defaultBytes = 6_000;
const maxBytes = 24_000;
const listed = 150;

export const getArtifactSource = defineAction({
  name: 'get_artifact_source',
  title: 'Files of an app',
  description: 'Without path the list of files; with path the bytes of one, in pieces.',
  scope: 'read',
  hints: { idempotent: true },
  input: z.strictObject({
    name: nameSchema,
    version: z.int().min(1).optional(),
    path: z.string().max(1024).optional(),
    offset: z.int().min(0).optional().describe('In bytes.'),
    max_bytes: z.int().min(1).max(maxBytes).optional(),
  }),
  output: z.object({
    name: z.string(),
    files: z.array(z.object({ path: z.string(), bytes: z.int() })).optional(),
    path: z.string().optional(),
    content: z.string().optional(),
    encoding: z.enum(['utf-8', 'base64']).optional(),
    total_bytes: z.int(),
    next_offset: z.int().optional(),
    ...listShape,
  }),
  rights: viewRights,
  run: async ({ name: asked, version, path, offset = 0, max_bytes = defaultBytes }, context) => {
    const { name } = findArtifact(asked, context).metadata;
    const files = await treeOf(await specOfVersion(name, version, context), context);
    const total_bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    if (path === undefined)
      return {
        name,
        files: files.slice(0, listed).map(file => ({ path: file.path, bytes: file.bytes.length })),
        total_bytes,
        warnings: files.length > listed ? [`${files.length - listed} more files are not listed`] : [],
        next: [],
      };
    const file = files.find(each => each.path === path);
    if (file === undefined)
      throw noFile(
        path,
        files.map(each => each.path),
      );
    return { name, path, ...pieceOf(Buffer.from(file.bytes), offset, max_bytes), warnings: [], next: [] };
  },
});

function noFile(path: string, paths: readonly string[]): Problem {
  const meant = closest(path, paths);
  return new Problem('NotFound', 'there is no such file in this version', {
    field: 'path',
    hint: meant === undefined ? 'leave out path for the list' : `did you mean ${meant}?`,
  });
}

/** Text where the whole file is text, cut between characters; else base64. */
export function pieceOf(bytes: Buffer, offset: number, size: number) {
  const isText = !bytes.includes(0) && Buffer.from(bytes.toString('utf8')).equals(bytes);
  let end = Math.min(bytes.length, offset + size);
  const inCharacter = (at: number) => at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80;
  while (isText && end > offset && inCharacter(end)) end -= 1;
  const piece = bytes.subarray(offset, end);
  return {
    content: piece.toString(isText ? 'utf8' : 'base64'),
    encoding: isText ? ('utf-8' as const) : ('base64' as const),
    total_bytes: bytes.length,
    ...(end < bytes.length && { next_offset: end }),
  };
}
