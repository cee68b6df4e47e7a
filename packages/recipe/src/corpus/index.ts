/** Every tree that the rules are judged by, and the bases that they are judged with. */
import type { BuildBases } from '../model.ts';
import { denoEntries } from './deno.ts';
import type { Entry } from './entry.ts';
import { foreignEntries } from './foreign.ts';
import { frameworks } from './frameworks.ts';
import { node } from './node.ts';
import { python } from './python.ts';
import { rustEntries } from './rust.ts';
import { severalPackages } from './several-packages.ts';
import { startScripts } from './start-scripts.ts';
import { staticEntries } from './static.ts';
import { values } from './values.ts';
import { versions } from './versions.ts';
import { workspaces } from './workspaces.ts';

export const corpus: Readonly<Record<string, readonly Entry[]>> = {
  'static sites and folders': staticEntries,
  'other languages': foreignEntries,
  versions,
  'values for the build': values,
  node,
  frameworks,
  'start scripts': startScripts,
  Deno: denoEntries,
  python,
  Rust: rustEntries,
  'workspaces of Node packages': workspaces,
  'several Node packages': severalPackages,
};

const listOf = (image: string, variant: string, ...names: readonly string[]) =>
  names.map(version => ({ version, image: `${image}:${version}${variant}` }));

/** The defaults of the settings, as far as an answer depends on them. */
export const bases: BuildBases = {
  node: listOf('node', '-slim', '24', '22', '20'),
  python: listOf('python', '-slim', '3.13', '3.14', '3.12', '3.11', '3.10'),
  go: listOf('golang', '', '1.26', '1.25'),
  rust: 'rust:1-slim',
  rustRuntime: 'debian:bookworm-slim',
  static: 'nginxinc/nginx-unprivileged:1.29',
  debian: 'debian:bookworm-slim',
};
