/** The folder of a source that holds the app: the part of a tree that is built. */
import { fault, type PlanFailure } from './model.ts';
import { shown } from './shown.ts';

interface File {
  readonly path: string;
}

/** Folders that a refusal names, at most. */
const namedFolders = 5;
const manifest =
  /(?:^|\/)(?:package\.json|requirements\.txt|pyproject\.toml|Pipfile|go\.mod|Cargo\.toml|deno\.jsonc?|Dockerfile|index\.html)$/;

/** The files below `folder`, named from there; all of them without a folder. Refused where the folder holds no file. */
export function subTree<F extends File>(
  files: readonly F[],
  folder: string | undefined,
): { readonly ok: true; readonly files: readonly F[] } | PlanFailure {
  if (folder === undefined) return { ok: true, files };
  const start = `${folder}/`;
  const below = files.filter(({ path }) => path.startsWith(start));
  if (below.length === 0) return noSuchFolder(files, folder);
  return { ok: true, files: below.map(file => ({ ...file, path: file.path.slice(start.length) })) };
}

/** The refusal of a folder that is not in the tree; it names the folders that are. */
export function noSuchFolder(files: readonly File[], folder: string): PlanFailure {
  const isFile = files.some(({ path }) => path === folder);
  const what = isFile ? `${shown(folder)} is a file and no folder` : `no file of the source is below ${shown(folder)}`;
  const folders = likelyFolders(files);
  if (folders.length === 0)
    return fault('PathNotFound', `${what}; the source has no folders`, 'remove spec.build.path');
  const some = folders.slice(0, namedFolders).map(shown).join(', ');
  const more = folders.length > namedFolders ? ', …' : '';
  return fault(
    'PathNotFound',
    `${what}; the source has the folders ${some}${more}`,
    'set spec.build.path to one of them',
  );
}

/** Folders that hold an app of their own, else the folders at the root; the shallow ones first. */
function likelyFolders(files: readonly File[]): string[] {
  const ofApps = files.filter(({ path }) => manifest.test(path)).map(({ path }) => path.split('/').slice(0, -1));
  const apps = sorted(ofApps.filter(parts => parts.length > 0));
  const atRoot = files.map(({ path }) => path.split('/')).filter(parts => parts.length > 1);
  return apps.length > 0 ? apps : sorted(atRoot.map(parts => parts.slice(0, 1)));
}

function sorted(folders: readonly (readonly string[])[]): string[] {
  const byDepth = [...folders].sort((a, b) => a.length - b.length || (a.join('/') < b.join('/') ? -1 : 1));
  return [...new Set(byDepth.map(parts => parts.join('/')))];
}
