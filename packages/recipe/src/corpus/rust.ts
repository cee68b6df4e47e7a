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
      says: ['cargo builds shop-server of the workspace member server/'],
      runs: ['cargo build --release --package shop-server --bin shop-server', '/src/target/release/shop-server'],
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
    expect: { ...rust, runs: ['cargo build --release --locked --package api --bin api'] },
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
    expect: { refused: 'EntrypointMissing', says: ['alpha (a/)', 'beta (b/)', 'default-members'] },
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
    expect: { ...rust, runs: ['--package beta --bin beta'], never: ['alpha'] },
  },
  {
    name: 'default-run chooses between programs of one package',
    files: {
      'Cargo.toml': cargo('many', 'default-run = "web"\n'),
      'src/main.rs': main,
      'src/bin/web.rs': main,
      'src/bin/tool/main.rs': main,
    },
    expect: { ...rust, runs: ['--bin web', '/src/target/release/web'], never: ['--package'] },
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
    expect: { refused: 'EntrypointMissing', says: ['no member of the workspace', 'src/main.rs'] },
  },
  {
    name: 'a member by itself that needs its workspace',
    files: { 'Cargo.toml': cargo('api', '\n[dependencies]\ncore = { path = "../core" }\n'), 'src/main.rs': main },
    expect: { refused: 'Unsupported', says: ['workspace above', 'default-members'] },
  },
  {
    name: 'a Cargo.toml that is not TOML',
    files: { 'Cargo.toml': '[package\nname = x\n', 'src/main.rs': main },
    expect: { refused: 'Unsupported', says: ['Cargo.toml is not valid TOML'] },
  },
];
