// One layer of an image: a directory as a gzipped tar, with the two digests that OCI wants (of the blob and of the tar).
import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface Layer {
  /** `sha256:…` of the compressed blob. */
  readonly digest: string;
  /** `sha256:…` of the tar. */
  readonly diffID: string;
  readonly size: number;
  /** The blob on this machine. */
  readonly file: string;
}

/** What a running system puts there; an image starts without. */
const LEFT_OUT = ['./proc/*', './sys/*', './dev/*', './run/*', './tmp/*', './.wh..wh.*'];

export async function layerOf(directory: string, file: string): Promise<Layer> {
  await markDeletions(directory);
  const exclude = LEFT_OUT.map(pattern => `--exclude=${pattern}`);
  const options = [
    '--create',
    '--file=-',
    '--sort=name',
    '--numeric-owner',
    '--format=pax',
    '--pax-option=delete=atime,delete=ctime',
  ];
  const tar = spawn('tar', [...options, ...exclude, `--directory=${directory}`, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>(resolve => tar.once('close', resolve));
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  let size = 0;
  const count = passing(packed, bytes => {
    size += bytes;
  });
  await pipeline(tar.stdout, passing(plain), createGzip({ level: 6 }), count, createWriteStream(file));
  if ((await ended) !== 0) throw new Error(`tar of ${directory} failed`);
  return { digest: `sha256:${packed.digest('hex')}`, diffID: `sha256:${plain.digest('hex')}`, size, file };
}

function passing(hash: Hash, counted: (bytes: number) => void = () => undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counted(chunk.length);
      done(null, chunk);
    },
  });
}

/** overlayfs marks a deleted file by a device 0:0, an image layer by an empty `.wh.<name>`. */
async function markDeletions(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await markDeletions(path);
    if (!entry.isCharacterDevice() || (await lstat(path)).rdev !== 0) continue;
    await rm(path);
    await writeFile(join(directory, `.wh.${entry.name}`), '');
  }
}
