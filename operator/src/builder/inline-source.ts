// The archive of an Artifact's inline files, made when its ConfigMap is created: caches do not hold the bytes.
import { gzipSync } from 'node:zlib';
import type { SourceFile } from '@vibed/crds';
import { inlineTree } from '@vibed/store';
import { pack } from 'tar-stream';

/** tar.gz of the files, the same bytes for the same files. */
export async function inlineArchive(files: readonly SourceFile[]): Promise<Buffer> {
  const archive = pack();
  for (const file of inlineTree(files))
    archive.entry({ name: file.path, mode: 0o644, mtime: new Date(0) }, Buffer.from(file.bytes));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}
