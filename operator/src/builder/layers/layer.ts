// One layer of an image: files as a tar that is the same, bit by bit, whenever and wherever the same files are packed. Entries come
// in byte order of their paths, with given owners and plain modes, and are streamed: what is held in memory is one chunk.
//
// The time of a file is made from its content. Equal times for all would be as reproducible, but servers make an ETag of time and
// size, and two versions of a page that are equally long would then be the same to every browser.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import type { Blob, Descriptor } from '../../registry/registry.ts';
import { mediaTypes } from '../../registry/registry.ts';

/** An entry as it will be in the image: no leading slash. */
export type Entry = { readonly path: string; readonly uid: number } & (
  | { readonly type: 'folder' }
  | { readonly type: 'link'; readonly to: string }
  | { readonly type: 'file'; readonly executable: boolean; readonly size: number; readonly content: Content }
);
/** A file on disk, or its bytes. */
export type Content = { readonly file: string } | { readonly bytes: Uint8Array };

export interface Layer extends Blob {
  readonly descriptor: Descriptor;
  /** Digest of the tar before compression, which the configuration of the image lists. */
  readonly diffId: string;
}

/** Level 6 packs a bundle hardly smaller and takes three times as long. */
const gzipLevel = 3;
const heldBytes = 1024 * 1024;
const epoch = Date.UTC(2000, 0, 1) / 1000;
/** Some 17 years, all of them past. */
const span = 2 ** 29;

/** Packs the entries into `file`, a scratch file that has to stay until the layer is pushed. */
export async function packLayer(entries: readonly Entry[], file: string, signal: AbortSignal): Promise<Layer> {
  const archive = pack();
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  const count = hashing(packed, bytes => {
    size += bytes;
  });
  const written = pipeline(
    archive,
    hashing(plain),
    createGzip({ level: gzipLevel }),
    count,
    createWriteStream(file, { mode: 0o600 }),
    { signal },
  );
  // A failure while packing ends the archive, and with it the pipeline.
  const filled = fill(archive, entries).catch(error => archive.destroy(error as Error));
  await Promise.all([written, filled]);
  const digest = `sha256:${packed.digest('hex')}`;
  const descriptor = { mediaType: mediaTypes.layer, digest, size };
  return { digest, size, descriptor, diffId: `sha256:${plain.digest('hex')}`, open: () => createReadStream(file) };
}

async function fill(archive: Pack, entries: readonly Entry[]): Promise<void> {
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  for (const entry of sorted) await add(archive, entry);
  archive.finalize();
}

async function add(archive: Pack, entry: Entry): Promise<void> {
  const common = { uid: entry.uid, gid: entry.uid, uname: '', gname: '', mtime: timeOf(Buffer.alloc(4)) };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = (error?: Error | null) => (error ? reject(error) : resolve());
  if (entry.type === 'folder') {
    archive.entry({ ...common, name: `${entry.path}/`, type: 'directory', mode: 0o755 }, done);
  } else if (entry.type === 'link') {
    archive.entry({ ...common, name: entry.path, type: 'symlink', linkname: entry.to, mode: 0o777 }, done);
  } else {
    const { size } = entry;
    const content = await inMemoryIfSmall(entry);
    const mode = entry.executable ? 0o755 : 0o644;
    const header = { ...common, name: entry.path, size, mode, mtime: timeOf(await hashOf(content)) };
    if ('bytes' in content) archive.entry(header, Buffer.from(content.bytes), done);
    else pipeline(createReadStream(content.file), archive.entry(header, done)).catch(reject);
  }
  await promise;
}

/** A large file is read twice, for its time and for its bytes, rather than held. */
async function inMemoryIfSmall({ content, size }: Entry & { type: 'file' }): Promise<Content> {
  return 'file' in content && size <= heldBytes ? { bytes: await readFile(content.file) } : content;
}

async function hashOf(content: Content): Promise<Buffer> {
  const hash = createHash('sha256');
  if ('bytes' in content) return hash.update(content.bytes).digest();
  for await (const chunk of createReadStream(content.file)) hash.update(chunk as Buffer);
  return hash.digest();
}

const timeOf = (hash: Buffer) => new Date((epoch + (hash.readUInt32BE(0) % span)) * 1000);

function hashing(hash: Hash, counted: (bytes: number) => void = () => undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counted(chunk.length);
      done(null, chunk);
    },
  });
}
