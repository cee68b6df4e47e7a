// From the stage that becomes the image to layers and configuration: which files go where, and what the image says of
// itself. Neighbouring files of the source are one layer; what the stage `build` made are layers of their own.
import { join } from 'node:path';
import type { Copy, Setting, Stage, Workdir, Write } from '@vibed/recipe';
import { shown } from '@vibed/recipe/shown';
import { SourceError } from '../../build-pod/fault.ts';
import type { WrittenFile } from '../../build-pod/tree-writer.ts';
import type { Entry } from './layer.ts';

export type LayerPlan =
  /** From the source tree, and from the generator itself. */
  | { readonly from: 'source'; readonly steps: readonly (Copy | Write)[] }
  | { readonly from: 'build'; readonly copy: Copy };

/** How an image is laid onto its base. */
export interface ImageLayers {
  readonly base: string;
  readonly layers: readonly LayerPlan[];
  readonly settings: readonly (Setting | Workdir)[];
}

/** The stage that becomes the image, as layers and settings. */
export function imageLayers(image: Stage): ImageLayers {
  const layers: LayerPlan[] = [];
  const settings: ImageLayers['settings'][number][] = [];
  for (const step of image.steps) {
    const last = layers.at(-1);
    if (step.do === 'run') throw new Error('the stage that becomes the image runs nothing');
    else if (step.do === 'copy' && step.from === 'build') layers.push({ from: 'build', copy: step });
    else if (step.do === 'copy' || step.do === 'write') {
      if (last?.from === 'source') layers[layers.length - 1] = { from: 'source', steps: [...last.steps, step] };
      else layers.push({ from: 'source', steps: [step] });
    } else settings.push(step);
  }
  return { base: image.base, layers, settings };
}

/** The entries of a layer made from the source tree below `root`. */
export function sourceEntries(steps: readonly (Copy | Write)[], files: readonly WrittenFile[], root: string): Entry[] {
  const entries = new Map<string, Entry>();
  for (const step of steps) {
    const made = step.do === 'write' ? [written(step)] : step.sources.flatMap(from => copied(step, from, files, root));
    for (const entry of made) entries.set(entry.path, entry);
  }
  return [...entries.values()];
}

function written({ path, text }: Write): Entry {
  const bytes = Buffer.from(text);
  return { type: 'file', path: path.slice(1), uid: 0, executable: false, size: bytes.length, content: { bytes } };
}

/** `.` and `folder/` are copied with what is in them, and nothing above the target is touched: its folders are the base's. */
function copied({ target, uid }: Copy, from: string, files: readonly WrittenFile[], root: string): Entry[] {
  const folder = from === '.' ? '' : from;
  const base = target.slice(1).replace(/\/$/, '');
  const chosen = files.filter(file => file.path.startsWith(folder));
  const entries: Entry[] = chosen.map(({ path, executable, size }) => {
    refuseMarker(path);
    const content = { file: join(root, path) };
    return { type: 'file', path: `${base}/${path.slice(folder.length)}`, uid, executable, size, content };
  });
  const folders = new Set([base, ...entries.flatMap(({ path }) => foldersOf(path, base))]);
  return [...[...folders].map(path => ({ type: 'folder' as const, path, uid })), ...entries];
}

/** The folders between `base` and the file. */
export function foldersOf(path: string, base: string): string[] {
  const parts = path
    .slice(base.length + 1)
    .split('/')
    .slice(0, -1);
  return parts.map((_, i) => `${base}/${parts.slice(0, i + 1).join('/')}`);
}

/** In a layer such a name deletes another file instead of being one. */
export function refuseMarker(path: string): void {
  if (!path.split('/').some(part => part.startsWith('.wh.'))) return;
  const message = `${shown(path)} has a name that image layers use to mark deleted files`;
  throw new SourceError('SourceInvalid', message, 'rename it: no part of a path may begin with .wh.');
}
