/** Rust projects that are no server, and what a slim base cannot compile: said before the build fails. */
import { fault, type Refusal } from './model.ts';
import { type Binary, manifestAt, type RustPackage, type RustProject } from './rust-workspace.ts';
import { hasFile, joined, type SourceTree } from './source-tree.ts';
import { valueAt } from './toml.ts';

/** The refusal of a project whose tool makes pages of WebAssembly; cargo alone makes nothing that can be started of it. */
export function wasmFailure({ tree, root }: RustProject, binary: Binary | undefined): Refusal | undefined {
  const folder = binary?.package.folder ?? root?.folder ?? '';
  const has = (file: string) => hasFile(tree, joined(folder, file));
  const names = new Set((binary?.package ?? root)?.dependencies ?? []);
  if (names.has('axum') || names.has('actix-web') || names.has('rocket') || names.has('warp'))
    return isLeptos(tree, folder) ? leptos() : undefined;
  if (has('Trunk.toml') || names.has('yew')) return site('Trunk', 'trunk build --release', 'dist/');
  if (has('Dioxus.toml') || names.has('dioxus')) return site('Dioxus', 'dx bundle --release --platform web', 'public/');
  if (isLeptos(tree, folder)) return leptos();
  return names.has('leptos') ? site('Trunk', 'trunk build --release', 'dist/') : undefined;
}

function site(tool: string, command: string, folder: string): Refusal {
  return fault(
    'Unsupported',
    `this is a site of WebAssembly: it is built by ${tool}, and cargo alone makes no server of it`,
    `Run \`${command}\` and deploy the generated folder (${folder}), or bring a Dockerfile`,
  );
}

/** Whether cargo-leptos builds the project: a server and a site of WebAssembly together. */
function isLeptos(tree: SourceTree, folder: string): boolean {
  return ['', folder].some(place =>
    ['package', 'workspace'].some(key => valueAt(manifestAt(tree, place), key, 'metadata', 'leptos') !== undefined),
  );
}

function leptos(): Refusal {
  return fault(
    'Unsupported',
    'this is a Leptos application: cargo-leptos builds its server and its site of WebAssembly together',
    'Bring a Dockerfile that runs `cargo leptos build --release`',
  );
}

/** Warnings about packages that need more than a Rust compiler. */
export function rustWarnings(tree: SourceTree, { dependencies }: RustPackage): string[] {
  const lock = tree.peek?.('Cargo.lock') ?? tree.read('Cargo.lock') ?? '';
  const isLocked = (name: string) => lock.includes(`name = "${name}"`);
  const warnings: string[] = [];
  const hasOpenssl = dependencies.some(name => name === 'openssl' || name === 'native-tls') || isLocked('openssl-sys');
  if (hasOpenssl && !isLocked('openssl-src'))
    warnings.push(
      'openssl-sys needs pkg-config and the headers of OpenSSL, which a slim base does not have: use rustls instead (for reqwest: default-features = false and features = ["rustls-tls"]), or the feature "vendored" of openssl',
    );
  for (const [name, library] of clientLibraries)
    if (isLocked(name)) warnings.push(`${name} needs the library ${library}, which a slim base does not have`);
  return warnings;
}

const clientLibraries = [
  ['pq-sys', 'libpq'],
  ['mysqlclient-sys', 'libmysqlclient'],
] as const;
