/** The version of Rust that a source asks for: a toolchain file, which rustup follows by itself, or the oldest version that compiles it. */
import { fault, type Refusal } from './model.ts';
import { manifestAt } from './rust-workspace.ts';
import { shown } from './shown.ts';
import { firstFile, joined, type SourceTree } from './source-tree.ts';
import { textAt, tomlOf, valueAt } from './toml.ts';

const toolchainFiles = ['rust-toolchain.toml', 'rust-toolchain'];

/** The refusal where the base is older than `rust-version`. A base whose name does not tell its minor version is taken as new enough. */
export function newerRust(tree: SourceTree, folder: string, base: string): Refusal | undefined {
  if (firstFile(tree, toolchainFiles) !== undefined) return undefined;
  const had = /:1\.(\d{1,3})\b/.exec(base)?.[1];
  const asked = rustVersion(tree, folder);
  const wanted = /^1\.(\d{1,3})\b/.exec(asked ?? '')?.[1];
  if (had === undefined || asked === undefined || wanted === undefined || Number(wanted) <= Number(had))
    return undefined;
  return fault(
    'VersionUnavailable',
    `${joined(folder, 'Cargo.toml')} asks for Rust ${shown(asked)} or newer, and vibeD builds with Rust 1.${had} here`,
    'lower rust-version in [package], add a rust-toolchain.toml, or ask an administrator to set builds.bases.rust to a newer Rust',
  );
}

/** A word about the toolchain that rustup installs at the begin of the build. */
export function toolchainWhy(tree: SourceTree): string[] {
  const file = firstFile(tree, toolchainFiles);
  if (file === undefined) return [];
  const text = (tree.read(file) ?? '').trim();
  const channel = textAt(tomlOf(text), 'toolchain', 'channel') ?? text;
  return [`${file} asks for ${shown(channel.slice(0, 60))}: rustup installs that toolchain for the build`];
}

function rustVersion(tree: SourceTree, folder: string): string | undefined {
  const own = manifestAt(tree, folder);
  const isInherited = valueAt(own, 'package', 'rust-version', 'workspace') === true;
  return isInherited
    ? textAt(manifestAt(tree, ''), 'workspace', 'package', 'rust-version')
    : textAt(own, 'package', 'rust-version');
}
