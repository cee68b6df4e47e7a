/** The packages of a Cargo project, and the programs in them. */
import { below, foldersAbove, hasFile, isRecord, joined, type SourceTree } from './source-tree.ts';
import { keysAt, type Table, textAt, textsAt, tomlOf, valueAt } from './toml.ts';
import { matchingFolders } from './workspace-globs.ts';

/** A program that cargo makes of a package. */
export interface Binary {
  readonly name: string;
  readonly package: RustPackage;
  /** The file with its `main`, as a path of the tree. */
  readonly file: string;
}

export interface RustPackage {
  /** Folder of its Cargo.toml, '' at the root. */
  readonly folder: string;
  readonly name: string;
  readonly binaries: readonly Binary[];
  readonly defaultRun?: string;
  /** What it depends on, by the names that its Cargo.toml gives. */
  readonly dependencies: readonly string[];
}

export interface RustProject {
  readonly tree: SourceTree;
  readonly isWorkspace: boolean;
  /** The package at the root; absent for a workspace whose root only lists its members. */
  readonly root?: RustPackage;
  readonly members: readonly RustPackage[];
  /** Folders that `default-members` names. */
  readonly defaults: readonly string[];
}

/** Reads the Cargo.toml at the root, and those of the members that it lists. */
export function rustProject(tree: SourceTree): RustProject {
  const manifest = manifestAt(tree, '');
  const root = packageAt(tree, '');
  const end = '/Cargo.toml';
  const candidates = tree.paths.filter(path => path.endsWith(end)).map(path => path.slice(0, -end.length));
  const listed = (key: string) => matchingFolders(textsAt(manifest, 'workspace', key), candidates);
  const excluded = listed('exclude');
  const folders = listed('members').filter(folder => !excluded.includes(folder));
  const members = folders.map(folder => packageAt(tree, folder)).filter(member => member !== undefined);
  const isWorkspace = valueAt(manifest, 'workspace') !== undefined;
  return { tree, isWorkspace, ...(root !== undefined && { root }), members, defaults: listed('default-members') };
}

/** The folder above `folder` that is the root of its Cargo workspace; undefined when the folder stands by itself. */
export function cargoRootOf(tree: SourceTree, folder: string): string | undefined {
  if (folder === '' || !hasFile(tree, `${folder}/Cargo.toml`)) return undefined;
  return foldersAbove(folder).find(root => {
    const patterns = textsAt(manifestAt(tree, root), 'workspace', 'members');
    return matchingFolders(patterns, [below(root, folder)]).length > 0;
  });
}

/** The files of a program: those beside its `main`, and for src/main.rs everything below src but src/bin. */
export function sourcesOf(tree: SourceTree, { file, package: { folder } }: Binary): string[] {
  const source = joined(folder, 'src/');
  const isMain = file === joined(folder, 'src/main.rs');
  const beside = file.endsWith('/main.rs') ? file.slice(0, -'main.rs'.length) : undefined;
  const others = tree.paths.filter(path => {
    if (!path.endsWith('.rs') || path === file) return false;
    if (isMain) return path.startsWith(source) && !path.startsWith(`${source}bin/`);
    return beside !== undefined && beside !== source && path.startsWith(beside);
  });
  return [file, ...others];
}

/** The package whose Cargo.toml is in this folder; undefined when that describes none. */
function packageAt(tree: SourceTree, folder: string): RustPackage | undefined {
  const manifest = manifestAt(tree, folder);
  const name = textAt(manifest, 'package', 'name');
  if (name === undefined) return undefined;
  const defaultRun = textAt(manifest, 'package', 'default-run');
  const binaries: Binary[] = [];
  const result: RustPackage = {
    folder,
    name,
    binaries,
    ...(defaultRun !== undefined && { defaultRun }),
    dependencies: dependenciesOf(manifest),
  };
  const declared = declaredBinaries(tree, result, manifest);
  const found = valueAt(manifest, 'package', 'autobins') === false ? [] : foundBinaries(tree, result);
  const isNew = (binary: Binary) => !declared.some(({ file, name }) => file === binary.file || name === binary.name);
  binaries.push(...declared, ...found.filter(isNew));
  return result;
}

/** The Cargo.toml of a folder; undefined when it is absent or no TOML. */
export function manifestAt(tree: SourceTree, folder: string): Table | undefined {
  const text = tree.read(joined(folder, 'Cargo.toml'));
  return text === undefined ? undefined : tomlOf(text);
}

function dependenciesOf(manifest: Table | undefined): string[] {
  const targets = keysAt(manifest, 'target').flatMap(target => keysAt(manifest, 'target', target, 'dependencies'));
  return [...new Set([...keysAt(manifest, 'dependencies'), ...targets])];
}

/** The programs that `[[bin]]` declares, at their path or at the usual one. */
function declaredBinaries(tree: SourceTree, owner: RustPackage, manifest: Table | undefined): Binary[] {
  const bins = valueAt(manifest, 'bin');
  return (Array.isArray(bins) ? bins.filter(isRecord) : []).flatMap(bin => {
    const name = textAt(bin, 'name') ?? owner.name;
    const path = textAt(bin, 'path');
    const usual = [`src/bin/${name}.rs`, `src/bin/${name}/main.rs`, 'src/main.rs'];
    const file = (path === undefined ? usual : [path.replace(/^\.\//, '')])
      .map(each => joined(owner.folder, each))
      .find(each => hasFile(tree, each));
    return file === undefined ? [] : [{ name, package: owner, file }];
  });
}

/** The programs that cargo finds without a word: src/main.rs, src/bin/NAME.rs and src/bin/NAME/main.rs. */
function foundBinaries(tree: SourceTree, owner: RustPackage): Binary[] {
  const main = joined(owner.folder, 'src/main.rs');
  const folder = joined(owner.folder, 'src/bin/');
  const own = hasFile(tree, main) ? [{ name: owner.name, package: owner, file: main }] : [];
  const others = tree.paths.flatMap(file => {
    if (!file.startsWith(folder)) return [];
    const name = /^([^/]{1,200}?)(?:\.rs|\/main\.rs)$/.exec(file.slice(folder.length))?.[1];
    return name === undefined ? [] : [{ name, package: owner, file }];
  });
  return [...own, ...others];
}
