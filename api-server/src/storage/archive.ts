// Archives: reading those of others with nothing trusted, and writing ours, the same bytes for the same tree.
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { TreeFile } from '@vibed/store/tree-digest';
import { Unzip, UnzipInflate } from 'fflate';
import { extract, type Header, pack } from 'tar-stream';
import { Problem } from '../problems.ts';
import type { StoredFile } from './storage.ts';
import { shown, sourceLimits, type Tree, TreeCollector, tooLarge } from './tree.ts';

/** What zlib works on at once, outside the event loop. */
const chunkSize = 256 * 1024;

/** A stream of the files as tar.gz; the files are not copied, and the compression runs outside the event loop. */
export function packing(files: readonly TreeFile[]): Transform {
  const archive = pack();
  for (const { path, bytes, executable } of files)
    archive.entry(
      { name: path, mode: executable ? 0o755 : 0o644, mtime: new Date(0) },
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  archive.finalize();
  const packed = createGzip({ chunkSize });
  pipeline(archive, packed).catch((error: Error) => packed.destroy(error));
  return packed;
}

/** tar.gz of the files. */
export async function packTree(files: readonly TreeFile[]): Promise<Buffer> {
  return Buffer.concat(await packing(files).toArray());
}

/** The files of an archive that packing() wrote, one after the other; what is not read is skipped. */
export async function* unpacking(archive: Readable): AsyncGenerator<StoredFile> {
  const parser = extract();
  const piped = pipeline(archive, createGunzip({ chunkSize }), parser);
  // Its failure comes out of the parser as well; it must not be a rejection that nobody handles.
  piped.catch(() => undefined);
  try {
    for await (const entry of parser) {
      const { name: path, size = 0, mode = 0 } = entry.header;
      yield { path, size, executable: (mode & 0o100) !== 0, bytes: async () => Buffer.concat(await chunksOf(entry)) };
      entry.resume();
    }
  } finally {
    archive.destroy();
  }
}

async function chunksOf(stream: unknown): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks;
}

/** Reads a tar, tar.gz or zip, told apart by its first bytes; only plain files, everything counted while it is unpacked. */
export async function readArchive(archive: Buffer): Promise<Tree> {
  const collector = new TreeCollector();
  if (archive.length === 0) throw broken('it is empty');
  if (archive.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'))) await readZip(archive, collector);
  else await readTar(archive, collector);
  return collector.finish();
}

async function readTar(archive: Buffer, collector: TreeCollector): Promise<void> {
  const parser = extract();
  const isGzip = archive[0] === 0x1f && archive[1] === 0x8b;
  const source = Readable.from([archive], { objectMode: false });
  const piped = isGzip
    ? pipeline(source, createGunzip({ chunkSize }), counted, parser)
    : pipeline(source, counted, parser);
  const read = (async () => {
    let entries = 0;
    for await (const entry of parser) {
      entries += 1;
      checkEntries(entries);
      await readEntry(entry.header, entry as unknown as AsyncIterable<Buffer>, collector);
      entry.resume();
    }
    if (entries === 0) throw broken('there is nothing in it that a tar holds');
  })();
  const [outcome, transport] = await Promise.allSettled([read, piped]);
  const failure = [outcome, transport].find(result => result.status === 'rejected')?.reason;
  if (failure instanceof Problem) throw failure;
  if (failure !== undefined) throw broken(failure instanceof Error ? failure.message : 'it ends early');
}

/** A tar of the largest tree that is taken, with the headers of its files and some folders. */
const tarBytes = sourceLimits.bytes + 4 * 1024 * sourceLimits.files;

/** Passes a tar on and counts it: the headers of a tar have any size, and the parser holds each as a whole. */
async function* counted(tar: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of tar) {
    bytes += chunk.length;
    if (bytes > tarBytes) throw tooLarge(`more than ${sourceLimits.bytes} bytes in all`);
    yield chunk;
  }
}

async function readEntry(header: Header, body: AsyncIterable<Buffer>, collector: TreeCollector): Promise<void> {
  if (header.type === 'directory') return;
  if (header.type !== 'file' && header.type !== 'contiguous-file') throw notPlain(header.name, String(header.type));
  const path = collector.begin(header.name);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    collector.count(path, chunk.length, size);
    chunks.push(chunk);
  }
  collector.end(path, Buffer.concat(chunks), ((header.mode ?? 0) & 0o100) !== 0);
}

/**
 * Step by step, so that a small archive which unpacks to a huge one is noticed while it does. A step unpacks to a thousand times
 * its size at most; other work is done between two steps.
 */
async function readZip(archive: Buffer, collector: TreeCollector): Promise<void> {
  refuseZipLinks(archive);
  let failure: unknown;
  let entries = 0;
  const unzip = new Unzip(file => {
    entries += 1;
    checkEntries(entries);
    if (file.name.endsWith('/')) return;
    const path = collector.begin(file.name);
    const chunks: Uint8Array[] = [];
    let size = 0;
    file.ondata = (error, chunk, final) => {
      if (error) throw broken(error.message);
      size += chunk.length;
      collector.count(path, chunk.length, size);
      chunks.push(chunk);
      if (final) collector.end(path, Buffer.concat(chunks), false);
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  const step = 2 * 1024;
  let busySince = performance.now();
  try {
    for (let at = 0; at < archive.length; at += step) {
      unzip.push(archive.subarray(at, at + step), at + step >= archive.length);
      if (performance.now() - busySince < 5) continue;
      await nextTurn();
      busySince = performance.now();
    }
  } catch (error) {
    failure = error;
  }
  if (failure instanceof Problem) throw failure;
  if (failure !== undefined) throw broken(failure instanceof Error ? failure.message : 'it cannot be unpacked');
}

/** Folders count as well: an entry costs time before it is known to be one, in a zip more the more there are. */
function checkEntries(count: number): void {
  if (count <= maxEntries) return;
  throw new Problem('TooLarge', `the archive has more than ${maxEntries} entries`, {
    field: 'files',
    hint: 'leave out what the app does not need (node_modules, media, data)',
  });
}

const maxEntries = 2 * sourceLimits.files;

const centralEntry = 0x02014b50;
const endOfCentral = Buffer.from('PK\u0005\u0006');
const linkMode = 0o120000;

/** Only the directory at the end of a zip tells which entries are links. */
function refuseZipLinks(archive: Buffer): void {
  const end = archive.lastIndexOf(endOfCentral);
  if (end < 0 || end + 22 > archive.length) throw broken('its directory is missing');
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== centralEntry) throw broken('its directory is damaged');
    const nameLength = archive.readUInt16LE(at + 28);
    const mode = archive.readUInt32LE(at + 38) >>> 16;
    if ((mode & 0o170000) === linkMode)
      throw notPlain(archive.subarray(at + 46, at + 46 + nameLength).toString(), 'link');
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}

function notPlain(path: string, type: string): Problem {
  return new Problem('InvalidInput', `${shown(path)} is a ${type}, not a plain file`, {
    field: 'files',
    hint: 'send plain files only: links and devices are refused',
  });
}

function broken(why: string): Problem {
  return new Problem('InvalidInput', `the archive cannot be read: ${why.slice(0, 200)}`, {
    field: 'files',
    hint: 'send a tar, tar.gz or zip of the folder, for example `tar cz . | curl -T - <url>`',
  });
}
