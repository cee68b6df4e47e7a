/** Rust packages and workspaces. */
import type { Entry } from './entry.ts';

const cargo = (name: string, rest = '') => `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;
const main = 'fn main() {}\n';
const listens = 'use std::net::TcpListener;\nfn main() { TcpListener::bind("0.0.0.0:8080").unwrap(); }\n';
const rust = { language: 'rust' } as const;

export const rustEntries: readonly Entry[] = [
  {
    name: 'a workspace whose one program is in a member',
    files: {
      'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = [\n  "server", # the program\n  "core",\n]\n',
      'server/Cargo.toml': cargo('shop-server'),
      'server/src/main.rs': main,
      'core/Cargo.toml': cargo('core-types'),
      'core/src/lib.rs': 'pub fn a() {}\n',
    },
    expect: {
      ...rust,
      says: ['cargo builds shop-server of the workspace'],
      runs: ['cargo build --release -p shop-server --bin shop-server', '/src/target/release/shop-server'],
    },
  },
  {
    name: 'a workspace with a glob, a lockfile and two programs of which one opens a port',
    files: {
      'Cargo.toml': '[workspace]\nmembers = ["crates/*"]\n',
      'Cargo.lock': 'version = 4\n',
      'crates/api/Cargo.toml': cargo('api'),
      'crates/api/src/main.rs': listens,
      'crates/seed/Cargo.toml': cargo('seed'),
      'crates/seed/src/main.rs': main,
    },
    expect: { ...rust, says: ['it alone opens a port'], runs: ['cargo build --release --locked -p api --bin api'] },
  },
  {
    name: 'two servers in a workspace',
    files: {
      'Cargo.toml': '[workspace]\nmembers = ["a", "b"]\n',
      'a/Cargo.toml': cargo('alpha'),
      'a/src/main.rs': listens,
      'b/Cargo.toml': cargo('beta'),
      'b/src/main.rs': listens,
    },
    expect: { refused: 'EntrypointMissing', says: ['alpha (a)', 'beta (b)', 'default-members', 'spec.build.path'] },
  },
  {
    name: 'default-members choose between two servers',
    files: {
      'Cargo.toml': '[workspace]\nmembers = ["a", "b"]\ndefault-members = ["b"]\n',
      'a/Cargo.toml': cargo('alpha'),
      'a/src/main.rs': listens,
      'b/Cargo.toml': cargo('beta'),
      'b/src/main.rs': listens,
    },
    expect: { ...rust, runs: ['-p beta --bin beta'], never: ['alpha'] },
  },
  {
    name: 'default-run chooses between programs of one package',
    files: {
      'Cargo.toml': cargo('many', 'default-run = "web"\n'),
      'src/main.rs': main,
      'src/bin/web.rs': main,
      'src/bin/tool/main.rs': main,
    },
    expect: { ...rust, runs: ['--bin web', '/src/target/release/web'], never: [' -p '] },
  },
  {
    name: 'several programs of one package',
    files: { 'Cargo.toml': cargo('many'), 'src/bin/one.rs': main, 'src/bin/two.rs': main },
    expect: { refused: 'EntrypointMissing', says: ['one', 'two', 'default-run'] },
  },
  {
    name: 'a program under another name with a path of its own',
    files: {
      'Cargo.toml': cargo('lib-and-bin', '\n[[bin]]\nname = "httpd"\npath = "cmd/httpd.rs"\n'),
      'cmd/httpd.rs': main,
    },
    expect: { ...rust, runs: ['--bin httpd'] },
  },
  {
    name: 'a library',
    files: { 'Cargo.toml': cargo('just-a-library'), 'src/lib.rs': 'pub fn a() {}\n' },
    expect: { refused: 'EntrypointMissing', says: ['src/main.rs', 'PORT'] },
  },
  {
    name: 'a workspace of libraries',
    files: {
      'Cargo.toml': '[workspace]\nmembers = ["a"]\n',
      'a/Cargo.toml': cargo('alpha'),
      'a/src/lib.rs': 'pub fn a() {}\n',
    },
    expect: { refused: 'EntrypointMissing', says: ['alpha is a library', 'src/main.rs'] },
  },
  {
    name: 'a member by itself that needs its workspace',
    files: { 'Cargo.toml': cargo('api', '\n[dependencies]\ncore = { path = "../core" }\n'), 'src/main.rs': main },
    expect: { refused: 'Unsupported', says: ['workspace that did not come', 'spec.build.path'] },
  },
  {
    name: 'a Cargo.toml that is not TOML',
    files: { 'Cargo.toml': '[package\nname = x\n', 'src/main.rs': main },
    expect: { refused: 'Unsupported', says: ['Cargo.toml is not valid TOML'] },
  },
  {
    name: 'a member that the user chose',
    path: 'b',
    files: {
      'Cargo.toml': '[workspace]\nmembers = ["a", "b"]\n',
      'a/Cargo.toml': cargo('alpha'),
      'a/src/main.rs': listens,
      'b/Cargo.toml': cargo('beta', '\n[dependencies]\nalpha = { path = "../a" }\n'),
      'b/src/main.rs': listens,
    },
    expect: { ...rust, runs: ['-p beta --bin beta'] },
  },
  {
    name: 'a port in the source',
    files: {
      'Cargo.toml': cargo('web', '\n[dependencies]\naxum = "0.8"\n'),
      'src/main.rs':
        'async fn main() { let l = TcpListener::bind("0.0.0.0:3000").await.unwrap(); axum::serve(l, app); }\n',
    },
    expect: { ...rust, says: ['listens on 3000'], runs: ['EXPOSE 3000'] },
  },
  {
    name: 'an address that nobody outside reaches',
    files: {
      'Cargo.toml': cargo('web', '\n[dependencies]\nactix-web = "4"\n'),
      'src/main.rs': 'fn main() { HttpServer::new(|| App::new()).bind(("127.0.0.1", 8080)); }\n',
    },
    expect: { ...rust, says: ['127.0.0.1', '0.0.0.0'] },
  },
  {
    name: 'the port of a database is not the port of the server',
    files: {
      'Cargo.toml': cargo('web'),
      'src/main.rs':
        'fn main() { connect("db:5432".parse()); let p = std::env::var("PORT"); TcpListener::bind(("0.0.0.0", p)); }\n',
    },
    expect: { ...rust, runs: ['EXPOSE 8080'], never: ['5432'] },
  },
  {
    name: 'Rocket, which has variables of its own',
    files: {
      'Cargo.toml': cargo('web', '\n[dependencies]\nrocket = "0.5"\n'),
      'src/main.rs': '#[launch]\nfn rocket() {}\n',
    },
    expect: { ...rust, framework: 'rocket', runs: ['ROCKET_ADDRESS', 'ROCKET_PORT'] },
  },
  {
    name: 'a page of WebAssembly',
    files: {
      'Cargo.toml': cargo('page', '\n[dependencies]\nyew = "0.21"\n'),
      'Trunk.toml': '[build]\n',
      'index.html': '<link data-trunk rel="rust">',
      'src/main.rs': main,
    },
    expect: { refused: 'Unsupported', says: ['WebAssembly', 'trunk build --release', 'dist/'] },
  },
  {
    name: 'Leptos',
    files: {
      'Cargo.toml': cargo(
        'site',
        '\n[dependencies]\naxum = "0.8"\nleptos = "0.7"\n\n[package.metadata.leptos]\nx = "y"\n',
      ),
      'src/main.rs': main,
    },
    expect: { refused: 'Unsupported', says: ['Leptos', 'cargo leptos build'] },
  },
];
