// What a tenant's build left on disk, as entries of a layer. The folder is not to be trusted: a link in it may point anywhere, also
// to what this container may read and the tenant may not. So links are never followed, neither in the way to a file nor as one.
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from '../../build-pod/fault.ts';
import { refuseMarker } from './image-layers.ts';
import type { PackedLayer } from './job.ts';
import type { Entry } from './layer.ts';

/** The entries of one layer, from `<root>/<path>`. Throws SourceError when the build left nothing there, or a link. */
export async function builtEntries(root: string, layer: PackedLayer): Promise<Entry[]> {
  const entries = await entriesOf(root, layer);
  for (const { path } of entries) refuseMarker(path);
  return entries;
}

/** The same without regard to what names mean in a layer. */
export async function entriesOf(root: string, { path, target, uid }: PackedLayer): Promise<Entry[]> {
  const stats = await statNoLinks(root, path);
  const to = target.slice(1).replace(/\/$/, '');
  const from = join(root, path);
  if (stats.isFile()) return [fileEntry(from, to, uid, stats)];
  const entries: Entry[] = [{ type: 'folder', path: to, uid }];
  await walk(from, to, uid, entries);
  return entries;
}

/** Every part of the way is a folder itself, and the end a folder or a file. */
async function statNoLinks(root: string, path: string) {
  let at = root;
  for (const part of path.split('/').filter(Boolean)) {
    at = join(at, part);
    const stats = await lstat(at).catch(() => undefined);
    if (stats === undefined)
      throw new SourceError(
        'SourceInvalid',
        `the build left no ${path}`,
        'see what the build script writes, and where',
      );
    if (!stats.isDirectory() && !stats.isFile())
      throw new SourceError('SourceInvalid', `the build left a link instead of ${path}`, 'let it write a folder');
  }
  return await lstat(at);
}

async function walk(from: string, to: string, uid: number, entries: Entry[]): Promise<void> {
  for (const found of await readdir(from, { withFileTypes: true })) {
    const [path, inImage] = [join(from, found.name), `${to}/${found.name}`];
    if (found.isDirectory()) {
      entries.push({ type: 'folder', path: inImage, uid });
      await walk(path, inImage, uid, entries);
    } else if (found.isSymbolicLink()) {
      entries.push({ type: 'link', path: inImage, uid, to: await readlink(path) });
    } else if (found.isFile()) {
      entries.push(fileEntry(path, inImage, uid, await lstat(path)));
    } // Sockets and pipes are of a process that has ended.
  }
}

const fileEntry = (file: string, path: string, uid: number, { size, mode }: { size: number; mode: number }): Entry => ({
  type: 'file',
  path,
  uid,
  size,
  executable: (mode & 0o111) !== 0,
  content: { file },
});
