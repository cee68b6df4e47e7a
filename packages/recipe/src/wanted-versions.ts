/** The version of a language that a source tree asks for, and the file that asks. */
import { shown } from './shown.ts';
import { isRecord, readJson, type SourceTree } from './source-tree.ts';
import { anyVersion, atLeast, both, type Dialect, parseRange, type Range, seriesOf } from './version-ranges.ts';

/** What one file asks for. */
export interface Wanted {
  /** The text of the file, for people. */
  readonly asked: string;
  readonly file: string;
  readonly range: Range;
  /** What will do where no base is in `range`. */
  readonly otherwise?: Range;
}

/** The request that counts, and a note for each request that could not be read. */
export interface Wish {
  readonly wanted?: Wanted;
  readonly notes: readonly string[];
}

/** A text that a file holds where a version is expected, with the range in it when it is one. */
interface Request {
  readonly file: string;
  readonly asked: string;
  readonly range: Range | undefined;
}

/** Files that name one version come before the ranges of package.json, as the version managers that read them do. */
export function wantedNode(tree: SourceTree): Wish {
  const request = (file: string, asked: string | undefined) =>
    asked === undefined ? [] : [{ file, asked, range: nodeRange(asked) }];
  return firstOf([
    ...['.nvmrc', '.node-version'].flatMap(file => request(file, firstLine(tree, file))),
    ...request('.tool-versions', toolVersion(tree, ['nodejs', 'node'])),
    ...miseFiles.flatMap(file => request(file, miseVersion(tree, file, 'node'))),
    ...packageRequests(tree).flatMap(asked => request('package.json', asked)),
  ]);
}

/** Files that name one version come before the ranges of Pipfile and pyproject.toml. */
export function wantedPython(tree: SourceTree): Wish {
  const request = (file: string, asked: string | undefined) =>
    asked === undefined ? [] : [{ file, asked, range: pythonRange(asked) }];
  return firstOf([
    ...['.python-version', 'runtime.txt'].flatMap(file => request(file, bare(firstLine(tree, file), 'python-'))),
    ...request('.tool-versions', toolVersion(tree, ['python'])),
    ...miseFiles.flatMap(file => request(file, miseVersion(tree, file, 'python'))),
    ...request('Pipfile', pipfileVersion(tree)),
    ...request('pyproject.toml', tomlString(tree, 'pyproject.toml', 'project', 'requires-python')),
    ...request('pyproject.toml', tomlString(tree, 'pyproject.toml', 'tool.poetry.dependencies', 'python')),
  ]);
}

/** `go` in go.mod is the oldest version that can compile the module. A file that names a version chooses among those; where its series
 * is missing, a newer Go compiles the program too. A `toolchain` line is a wish that the go command drops when the line `go` is met. */
export function wantedGo(tree: SourceTree): Wish {
  const least = goDirective(tree);
  const request = (file: string, asked: string | undefined) =>
    asked === undefined ? [] : [{ file, asked, range: seriesOf(goVersion(asked)) }];
  const { wanted: named, notes } = firstOf([
    ...request('.go-version', bare(firstLine(tree, '.go-version'), 'go')),
    ...request('.tool-versions', toolVersion(tree, ['golang', 'go'])),
    ...miseFiles.flatMap(file => request(file, miseVersion(tree, file, 'go'))),
  ]);
  const minimum = least === undefined ? undefined : atLeast(goVersion(least));
  if (named === undefined) {
    if (least === undefined || minimum === undefined) return { notes };
    return { wanted: { asked: `${least} or newer`, file: 'go.mod', range: minimum }, notes };
  }
  const floor = minimum ?? anyVersion;
  const newer = both(floor, atLeast(goVersion(named.asked)) ?? anyVersion);
  return { wanted: { ...named, range: both(named.range, floor), otherwise: newer }, notes };
}

function firstOf(requests: readonly Request[]): Wish {
  const notes: string[] = [];
  for (const { file, asked, range } of requests) {
    if (range !== undefined) return { wanted: { asked, file, range }, notes };
    notes.push(`${file} is not followed: ${shown(asked)} is no version that vibeD can read`);
  }
  return { notes };
}

/** Names of Node's long-term releases. */
const ltsNames: ReadonlyMap<string, string> = new Map([
  ['argon', '4'],
  ['boron', '6'],
  ['carbon', '8'],
  ['dubnium', '10'],
  ['erbium', '12'],
  ['fermium', '14'],
  ['gallium', '16'],
  ['hydrogen', '18'],
  ['iron', '20'],
  ['jod', '22'],
  ['krypton', '24'],
]);

function nodeRange(asked: string): Range | undefined {
  const text = asked.toLowerCase();
  if (['node', 'latest', 'stable', 'current', 'lts', 'lts/*'].includes(text)) return anyVersion;
  const lts = text.startsWith('lts/') || text.startsWith('lts-') ? ltsNames.get(text.slice(4)) : undefined;
  return parseRange(lts ?? withoutPrefix(text, 'latest:', 'node-', 'node@'), dialects.node);
}

const dialects = { node: 'semver', python: 'pep440' } as const satisfies Record<string, Dialect>;

function pythonRange(asked: string): Range | undefined {
  const text = asked.toLowerCase();
  if (text === 'latest') return anyVersion;
  const version = withoutPrefix(text, 'latest:', 'python-', 'python', 'cpython-', 'cpython@');
  return parseRange(version, dialects.python);
}

const goVersion = (asked: string): string => withoutPrefix(asked, 'latest:', 'go');

function withoutPrefix(text: string, ...prefixes: readonly string[]): string {
  const found = prefixes.find(prefix => text.startsWith(prefix));
  return found === undefined ? text : text.slice(found.length).trim();
}

const bare = (asked: string | undefined, prefix: string): string | undefined =>
  asked === undefined ? undefined : withoutPrefix(asked, prefix);

/** The first line with content, without a comment. */
function firstLine(tree: SourceTree, file: string): string | undefined {
  return linesOf(tree, file).find(line => line !== '');
}

/** The lines of a file, trimmed and without comments. */
function linesOf(tree: SourceTree, file: string): string[] {
  const text = (tree.read(file) ?? '').replace(/^\uFEFF/, '');
  return text.split('\n').map(line => (line.split('#')[0] ?? '').trim());
}

/** The first version that a line of `.tool-versions` names for the tool. */
function toolVersion(tree: SourceTree, names: readonly string[]): string | undefined {
  const words = linesOf(tree, '.tool-versions').map(line => line.split(/[ \t]/).filter(word => word !== ''));
  return words.find(([name = '']) => names.includes(name))?.[1];
}

const miseFiles = ['mise.toml', '.mise.toml'] as const;

/** mise takes a string, a list of which the first counts, or a table with a version. */
function miseVersion(tree: SourceTree, file: string, tool: string): string | undefined {
  return tomlString(tree, file, 'tools', tool) ?? tomlString(tree, file, `tools.${tool}`, 'version');
}

function pipfileVersion(tree: SourceTree): string | undefined {
  const of = (key: string) => tomlString(tree, 'Pipfile', 'requires', key);
  return of('python_full_version') ?? of('python_version');
}

/** The first string in the value of `key` in the table `[section]`; undefined when there is none. */
function tomlString(tree: SourceTree, file: string, section: string, key: string): string | undefined {
  let inside = false;
  for (const line of linesOf(tree, file)) {
    if (line.startsWith('[')) inside = line === `[${section}]`;
    else if (inside && nameOf(line) === key) return quoted(line.slice(line.indexOf('=') + 1));
  }
  return undefined;
}

const nameOf = (line: string): string => (line.split('=')[0] ?? '').trim().replaceAll('"', '');

/** The text between the first pair of quotes. In `{ version = "22" }` that is the version, which every table of this kind begins with. */
const quoted = (value: string): string | undefined =>
  /"([^"\n]{0,200})"|'([^'\n]{0,200})'/.exec(value)?.slice(1).find(Boolean);

/** The requests of package.json: volta's pinned version, then `engines`, then `devEngines`. */
function packageRequests(tree: SourceTree): string[] {
  const manifest = readJson(tree, 'package.json');
  const texts = [inRecord(manifest?.volta, 'node'), inRecord(manifest?.engines, 'node'), devEngine(manifest)];
  return texts
    .filter(text => typeof text === 'string')
    .map(text => text.trim())
    .filter(text => text !== '');
}

function devEngine(manifest: Readonly<Record<string, unknown>> | undefined): unknown {
  const runtime = inRecord(manifest?.devEngines, 'runtime');
  const entries = Array.isArray(runtime) ? runtime : [runtime];
  return inRecord(
    entries.find(entry => inRecord(entry, 'name') === 'node'),
    'version',
  );
}

const inRecord = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined);

/** The version in the line `go` of go.mod. */
function goDirective(tree: SourceTree): string | undefined {
  const words = (tree.read('go.mod') ?? '').split('\n').map(line => (line.split('//')[0] ?? '').trim().split(/[ \t]/));
  return words.find(([name]) => name === 'go')?.at(-1);
}
