// `vibed source`: the files of a version, listed or written to a folder. The archive is not trusted to stay inside.
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { answer, type Invocation, numberFlag, pathOf, serverCommand, textFlag } from './command.ts';
import { UsageError } from './failures.ts';
import { folderLimits } from './folder.ts';
import { oneLine } from './terminal.ts';

const listSchema = z.looseObject({ files: z.array(z.looseObject({ path: z.string() })).default([]) });

export const source = serverCommand({
  name: 'source',
  summary: 'the files of an app, listed or written to a folder',
  words: '<name>',
  examples: ['vibed source my-app', 'vibed source my-app --version 3 --out my-app-3'],
  options: {
    version: { type: 'string', value: 'N', about: 'the present one unless given' },
    out: { type: 'string', value: 'FOLDER', completes: 'folder', about: 'a new folder for the files' },
  },
  run: async invocation => {
    const { api, args } = invocation;
    const version = numberFlag(invocation, 'version');
    const out = textFlag(invocation, 'out');
    if (out !== undefined) return await download(args.name, version, out, invocation);
    const body = await api.get(pathOf(args.name, '/source'), { version });
    const { files } = listSchema.parse(body);
    return answer(invocation, body, () => files.map(({ path }) => oneLine(path)).join('\n'));
  },
});

async function download(
  name: string,
  version: number | undefined,
  out: string,
  invocation: Invocation,
): Promise<number> {
  const { api, terminal } = invocation;
  const folder = resolve(terminal.cwd, out);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new UsageError(`${out} is not empty`, 'name a new folder: nothing is overwritten');
  const archive = await buffer(Readable.from(api.stream(pathOf(name, '/source.tar.gz'), { version })));
  const paths = await unpack(archive, folder);
  return answer(invocation, { name, folder, files: paths }, () => folder);
}

/** Writes plain files below `folder`, which is empty; returns their paths. */
export async function unpack(archive: Buffer, folder: string): Promise<string[]> {
  const parser = extract();
  parser.end(gunzipSync(archive, { maxOutputLength: 2 * folderLimits.bytes }));
  const paths: string[] = [];
  for await (const entry of parser) {
    const { name, type, mode = 0o644 } = entry.header;
    if (type !== 'file' || !isInside(name)) throw new Error(`the archive holds ${name}, which is no file of a folder`);
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await buffer(entry), { flag: 'wx' });
    if ((mode & 0o100) !== 0) await chmod(path, 0o755);
    paths.push(name);
  }
  return paths;
}

const isInside = (path: string) =>
  !/[\\\0:]/.test(path) && path.split('/').every(segment => segment !== '' && segment !== '.' && segment !== '..');
