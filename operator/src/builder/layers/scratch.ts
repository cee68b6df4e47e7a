// Files that live as long as one build.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Blob } from '../../registry/registry.ts';

/** A file as something to upload. */
export async function blobOfFile(path: string): Promise<Blob> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const { size } = await stat(path);
  return { digest: `sha256:${hash.digest('hex')}`, size, open: () => createReadStream(path) };
}

/** As OCI names what Node calls x64: images are made for the nodes that vibeD itself runs on. */
export const imageArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;
