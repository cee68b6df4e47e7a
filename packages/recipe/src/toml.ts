/** Values of TOML files, which may lack any of them. */
import { parse } from 'smol-toml';
import { isRecord } from './source-tree.ts';

export type Table = Readonly<Record<string, unknown>>;

/** The root table of a text; undefined when it is no TOML. */
export function tomlOf(text: string): Table | undefined {
  try {
    return parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

/** What is below these keys, one table in another. */
export function valueAt(table: Table | undefined, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    table,
  );
}

export function textAt(table: Table | undefined, ...keys: readonly string[]): string | undefined {
  const value = valueAt(table, ...keys);
  return typeof value === 'string' ? value : undefined;
}

/** The texts of a list; none when there is no list. */
export function textsAt(table: Table | undefined, ...keys: readonly string[]): string[] {
  const value = valueAt(table, ...keys);
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

/** The keys of a table; none when there is no table. */
export function keysAt(table: Table | undefined, ...keys: readonly string[]): string[] {
  const value = valueAt(table, ...keys);
  return isRecord(value) ? Object.keys(value) : [];
}
