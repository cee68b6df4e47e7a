// get_artifact_source: which files a version has, and what is in one of them.
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { othersText } from '../mcp/others.ts';
import { Problem } from '../problems.ts';
import type { StoredFile } from '../storage/storage.ts';
import { defineAction } from './action.ts';
import { listShape } from './answer.ts';
import { closest } from './closest.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';

import { filesOf, specOfVersion } from './trees.ts';

const defaultBytes = 6_000;
const maxBytes = 24_000;
const listed = 150;

export const getArtifactSource = defineAction({
  name: 'get_artifact_source',
  title: 'Files of an app',
  description: 'Without path the list of files; with path the bytes of one, in pieces.',
  scope: 'read',
  line: 'sources',
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
    content: othersText('a source file').optional(),
    encoding: z.enum(['utf-8', 'base64']).optional(),
    total_bytes: z.int(),
    next_offset: z.int().optional(),
    ...listShape,
  }),
  rights: viewRights,
  run: async ({ name: asked, version, path, offset = 0, max_bytes: size = defaultBytes }, context) => {
    const { name } = findArtifact(asked, context).metadata;
    const files = await filesOf(await specOfVersion(name, version, context), context);
    const answer =
      path === undefined ? await listOf(files) : { path, ...(await partOf(files, path, { offset, size })) };
    return { name, warnings: [], ...answer, next: [] };
  },
});

async function listOf(files: AsyncIterable<StoredFile>) {
  const list: { path: string; bytes: number }[] = [];
  let count = 0;
  let total_bytes = 0;
  for await (const { path, size } of files) {
    count += 1;
    total_bytes += size;
    if (count <= listed) list.push({ path, bytes: size });
  }
  const warnings = count > listed ? [`${count - listed} more files are not listed`] : [];
  return { files: list, total_bytes, warnings };
}

/** A piece of one file; the others are skipped, and only their names are kept. */
async function partOf(
  files: AsyncIterable<StoredFile>,
  path: string,
  { offset, size }: { offset: number; size: number },
) {
  const others: string[] = [];
  for await (const file of files) {
    if (file.path === path) return pieceOf(await file.bytes(), offset, size);
    others.push(file.path);
  }
  throw noFile(path, others);
}

function noFile(path: string, paths: readonly string[]): Problem {
  const meant = closest(path, paths);
  return new Problem('NotFound', 'there is no such file in this version', {
    field: 'path',
    hint: meant === undefined ? 'leave out path for the list' : `did you mean ${meant}?`,
  });
}

/** Text where the whole file is text, cut between characters; else base64. */
export function pieceOf(bytes: Buffer, offset: number, size: number) {
  const isText = !bytes.includes(0) && isUtf8(bytes);
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
