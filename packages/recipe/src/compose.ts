/** What a compose file says about the application and about what runs beside it: https://compose-spec.io */
import { parse } from 'yaml';
import { listed, shown } from './shown.ts';
import { firstFile, isRecord, type SourceTree } from './source-tree.ts';

interface Compose {
  readonly file: string;
  /** The command of the one service that is built from this source. */
  readonly command?: string;
  /** Services that run images of others, such as a database. */
  readonly others: readonly string[];
}

const files = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

function composeOf(tree: SourceTree): Compose | undefined {
  const file = firstFile(tree, files);
  const services = file === undefined ? undefined : servicesIn(tree.read(file) ?? '');
  if (file === undefined || services === undefined) return undefined;
  const all = Object.entries(services).filter((entry): entry is [string, Record<string, unknown>] =>
    isRecord(entry[1]),
  );
  const built = all.filter(([, service]) => service.build !== undefined);
  const others = all.filter(([, service]) => service.build === undefined).map(([name]) => name);
  const command = built.length === 1 ? lineOf(built[0]?.[1].command) : undefined;
  return { file, others, ...(command !== undefined && { command }) };
}

/** The command of the application, on one line; undefined where no compose file has one. */
export function composeCommand(tree: SourceTree): string | undefined {
  return composeOf(tree)?.command;
}

/** A database that a compose file starts on a developer's machine is nowhere in the cluster. */
export function composeWarnings(tree: SourceTree): string[] {
  const compose = composeOf(tree);
  if (compose === undefined || compose.others.length === 0) return [];
  const names = listed(compose.others.slice(0, 5).map(shown));
  const them = compose.others.length === 1 ? 'it' : 'them';
  return [
    `${compose.file} also describes ${names}, and only the app is started here: run ${them} elsewhere, and give the app the address`,
  ];
}

function servicesIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(text, { logLevel: 'silent' });
    return isRecord(value) && isRecord(value.services) ? value.services : undefined;
  } catch {
    return undefined;
  }
}

/** One line of printable ASCII; lists of plain words only. */
function lineOf(command: unknown): string | undefined {
  const isList =
    Array.isArray(command) && command.every(word => typeof word === 'string' && /^[\w@.+/=:-]+$/.test(word));
  const line = isList ? command.join(' ') : command;
  return typeof line === 'string' && /^[ -~]{1,500}$/.test(line.trim()) ? line.trim() : undefined;
}
