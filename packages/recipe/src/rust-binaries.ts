/** The programs of a Cargo package or workspace, as Cargo itself finds them:
 * https://doc.rust-lang.org/cargo/reference/cargo-targets.html#target-auto-discovery */
import { parse } from 'smol-toml';
import { hasFile, isRecord, type SourceTree } from './source-tree.ts';
import { matchingFolders } from './workspace-globs.ts';

/** One program; `package` is the name that `cargo build --package` takes. */
export interface Binary {
  readonly package: string;
  readonly name: string;
  /** Folder of its package; '' for the root. */
  readonly folder: string;
  /** The file with its `main`. */
  readonly path: string;
}

type Table = Readonly<Record<string, unknown>>;

/** The value of a Cargo.toml; undefined when it is absent or no TOML. */
export function cargoManifest(tree: SourceTree, folder = ''): Table | undefined {
  const text = tree.read(below(folder, 'Cargo.toml'));
  try {
    return text === undefined ? undefined : parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** The programs that `cargo build` makes at the root: those of the default members where the workspace names some. */
export function binariesOf(tree: SourceTree): Binary[] {
  const root = cargoManifest(tree) ?? {};
  const workspace = tableOf(root.workspace);
  const first = textsOf(workspace?.['default-members']);
  const members = first.length > 0 ? first : textsOf(workspace?.members);
  const folders = [...(first.length === 0 && root.package !== undefined ? [''] : []), ...foldersOf(tree, members)];
  const excluded = new Set(foldersOf(tree, textsOf(workspace?.exclude)));
  const found = folders.filter(folder => !excluded.has(folder)).flatMap(folder => binariesIn(tree, folder));
  return preferred(tree, root, found);
}

const below = (folder: string, path: string) => (folder === '' ? path : `${folder}/${path}`);
const tableOf = (value: unknown): Table | undefined => (isRecord(value) ? value : undefined);
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];

function foldersOf(tree: SourceTree, patterns: readonly string[]): string[] {
  if (patterns.length === 0) return [];
  const end = '/Cargo.toml';
  const candidates = tree.paths.filter(path => path.endsWith(end)).map(path => path.slice(0, -end.length));
  return matchingFolders(patterns, candidates);
}

function binariesIn(tree: SourceTree, folder: string): Binary[] {
  const manifest = cargoManifest(tree, folder);
  const name = tableOf(manifest?.package)?.name;
  if (manifest === undefined || typeof name !== 'string') return [];
  const found = new Map<string, string>();
  const add = (program: string, path: string) => {
    const isKnown = found.has(program) || [...found.values()].includes(path);
    if (!isKnown && hasFile(tree, below(folder, path))) found.set(program, path);
  };
  for (const bin of Array.isArray(manifest.bin) ? manifest.bin.filter(isRecord) : []) {
    if (typeof bin.name !== 'string') continue;
    const paths = [`src/bin/${bin.name}.rs`, `src/bin/${bin.name}/main.rs`, 'src/main.rs'];
    const path = typeof bin.path === 'string' ? bin.path : paths.find(file => hasFile(tree, below(folder, file)));
    if (path !== undefined) add(bin.name, path);
  }
  add(name, 'src/main.rs');
  for (const path of tree.paths.filter(file => file.startsWith(below(folder, 'src/bin/')))) {
    const inside = folder === '' ? path : path.slice(folder.length + 1);
    const program = /^src\/bin\/([^/]+?)(?:\.rs|\/main\.rs)$/.exec(inside)?.[1];
    if (program !== undefined) add(program, inside);
  }
  return [...found].map(([program, path]) => ({ package: name, name: program, folder, path: below(folder, path) }));
}

/** What Cargo itself would run, else the one program whose package answers requests, else all. */
function preferred(tree: SourceTree, root: Table, found: readonly Binary[]): Binary[] {
  const named = tableOf(root.package)?.['default-run'];
  const byName = found.filter(binary => binary.folder === '' && binary.name === named);
  if (byName.length > 0) return byName;
  if (found.length < 2) return [...found];
  const servers = found.filter(binary => opensPort.test(tree.read(binary.path) ?? ''));
  return servers.length === 1 ? servers : [...found];
}

const opensPort =
  /\b(?:TcpListener|HttpServer|axum::(?:serve|Server)|actix_web|#\[launch\]|rocket::(?:build|ignite)|warp::serve|hyper::server|poem::Server|tide::new|salvo::Server)/;
