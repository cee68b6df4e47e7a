/** Signs that an application keeps state on its own disk, which a new version or a restart does not have any more. */
import { shown } from './shown.ts';
import type { SourceTree } from './source-tree.ts';

const stateful: readonly { readonly name: string; readonly what: string }[] = [
  { name: 'better-sqlite3', what: 'a SQLite database' },
  { name: 'sqlite3', what: 'a SQLite database' },
  { name: 'sqlite', what: 'a SQLite database' },
  { name: 'aiosqlite', what: 'a SQLite database' },
  { name: 'lowdb', what: 'a JSON file as its database' },
  { name: 'nedb', what: 'a file as its database' },
  { name: 'tinydb', what: 'a JSON file as its database' },
  { name: 'multer', what: 'uploaded files' },
  { name: 'formidable', what: 'uploaded files' },
  { name: 'github.com/mattn/go-sqlite3', what: 'a SQLite database' },
  { name: 'modernc.org/sqlite', what: 'a SQLite database' },
  { name: 'rusqlite', what: 'a SQLite database' },
];

const lost = 'there is no durable disk: what it writes is gone with the next version or restart';

/** Warnings about local state, from the declared dependencies and from the files themselves. */
export function localStateWarnings(tree: SourceTree, dependencies: Iterable<string>): string[] {
  const names = new Set(dependencies);
  const warnings = stateful
    .filter(entry => names.has(entry.name))
    .map(entry => `${entry.name} suggests that the application keeps ${entry.what}; ${lost}`);
  const database = tree.paths.find(path => /\.(?:db|sqlite|sqlite3)$/.test(path));
  if (database !== undefined) warnings.push(`${shown(database)} looks like a database file; ${lost}`);
  const uploads = tree.paths.find(path => /(?:^|\/)uploads\//.test(path));
  if (uploads !== undefined) warnings.push(`a folder named uploads suggests uploaded files; ${lost}`);
  const sqliteUrl = ['prisma/schema.prisma'].find(path => /provider\s*=\s*"sqlite"/.test(tree.read(path) ?? ''));
  if (sqliteUrl !== undefined) warnings.push(`${sqliteUrl} names SQLite; ${lost}`);
  return warnings;
}
