/** Languages and site generators that vibeD does not build, as one table: how each is recognised, and what its author can do instead. */
import type { Refusal } from './model.ts';
import { fault } from './model.ts';
import { shown } from './shown.ts';
import type { SourceTree } from './source-tree.ts';

/** Something that is there or not. `name.ext`: this file; `folder/`: a file below this folder; `*.ext`: a file at the root with this ending;
 * `**.ext`: a file with this ending at any depth; `!sign`: the sign is not there; `file ~ text`: the file's text holds this text. */
type Sign = string;

interface Foreign {
  readonly name: string;
  /** The kind of thing that the message calls it. */
  readonly noun: 'application' | 'site' | 'configuration';
  /** Sets of signs. One complete set makes the tree this kind, whatever manifests of other languages lie beside it. */
  readonly always: readonly (readonly Sign[])[];
  /** Sets of signs that count only where no application that vibeD builds is; see ForeignSigns. */
  readonly alone: readonly (readonly Sign[])[];
  /** More files that the message names as evidence. */
  readonly shows?: readonly Sign[];
  /** The folder that the generator writes, and the command that does it. */
  readonly output?: { readonly folder: string; readonly command: string };
}

function language(
  name: string,
  always: readonly (readonly Sign[])[],
  alone: readonly (readonly Sign[])[],
  shows: readonly Sign[] = [],
): Foreign {
  return { name, noun: 'application', always, alone, shows };
}

function generator(
  name: string,
  output: readonly [folder: string, command: string],
  always: readonly (readonly Sign[])[],
  shows: readonly Sign[] = [],
): Foreign {
  return { name, noun: 'site', always, alone: [], shows, output: { folder: output[0], command: output[1] } };
}

/** In order: generators before the languages that they are written in, frameworks before their language. */
const kinds: readonly Foreign[] = [
  generator(
    'Hugo',
    ['public/', 'hugo'],
    [
      ...['hugo.toml', 'hugo.yaml', 'hugo.yml', 'hugo.json'].map(file => [file]),
      ...['toml', 'yaml', 'yml', 'json'].map(ending => [`config/_default/hugo.${ending}`]),
      ...['config.toml', 'config.yaml', 'config.yml'].flatMap(file => [
        [file, 'content/', 'layouts/'],
        [file, 'archetypes/'],
        [`${file} ~ baseURL`, 'content/'],
      ]),
    ],
    ['content/', 'layouts/'],
  ),
  generator('Zola', ['public/', 'zola build'], [['config.toml ~ base_url', 'content/']], ['templates/']),
  generator('Hexo', ['public/', 'hexo generate'], [['_config.yml', 'package.json ~ "hexo"']], ['source/']),
  generator(
    'Jekyll',
    ['_site/', 'jekyll build'],
    [
      ['_config.yml', '_layouts/'],
      ['_config.yml', '_posts/'],
      ['_config.yml', '_includes/'],
      ['Gemfile ~ jekyll', '_config.yml'],
      ['_layouts/', '_posts/'],
      ['_config.yml', '!index.html', '!package.json', '!mkdocs.yml', '!**.py', '!_cobalt.yml'],
    ],
    ['_layouts/', '_posts/', 'Gemfile'],
  ),
  generator(
    'Eleventy',
    ['_site/', 'npx @11ty/eleventy'],
    ['.eleventy.js', ...['js', 'mjs', 'cjs', 'ts'].map(ending => `eleventy.config.${ending}`)].map(file => [
      file,
      '!package.json',
    ]),
  ),
  generator(
    'MkDocs',
    ['site/', 'mkdocs build'],
    [
      ['mkdocs.yml', '!**.py', '!package.json', '!go.mod', '!Cargo.toml', '!index.html'],
      ['mkdocs.yaml', '!**.py', '!package.json', '!go.mod', '!Cargo.toml', '!index.html'],
    ],
    ['docs/'],
  ),
  generator('Pelican', ['output/', 'pelican content'], [['pelicanconf.py']], ['content/']),
  generator('Sphinx', ['_build/html/', 'make html'], [['conf.py', '**.rst', '!pyproject.toml', '!index.html']]),
  generator('mdBook', ['book/', 'mdbook build'], [['book.toml', '!Cargo.toml', '!package.json']], ['src/SUMMARY.md']),
  generator('Quarto', ['_site/', 'quarto render'], [['_quarto.yml', '!package.json']], ['**.qmd']),
  generator('Cobalt', ['_site/', 'cobalt build'], [['_cobalt.yml']]),
  language(
    'PHP',
    [
      ...['artisan', 'index.php', 'public/index.php', 'wp-config.php', 'wp-content/'].map(file => [file]),
      ['composer.json', 'bin/console'],
    ],
    [['composer.json'], ['**.php']],
    ['**.php'],
  ),
  language(
    'Ruby',
    [
      ['Gemfile', 'config/routes.rb'],
      ['Gemfile', 'config.ru'],
    ],
    [['Gemfile'], ['config.ru'], ['*.gemspec'], ['*.rb'], ['app/**.rb']],
    ['*.rb', 'config/routes.rb'],
  ),
  language(
    '.NET',
    [
      ['*.csproj', 'Program.cs'],
      ['*.fsproj', 'Program.fs'],
    ],
    [['*.csproj'], ['*.fsproj'], ['*.vbproj'], ['*.sln'], ['*.slnx'], ['Program.cs'], ['**.csproj', '!index.html']],
    ['Program.cs', 'Program.fs'],
  ),
  language('Scala', [['build.sbt']], [['build.sc']]),
  language(
    'Kotlin',
    [
      ['build.gradle.kts', 'src/main/kotlin/'],
      ['build.gradle', 'src/main/kotlin/'],
    ],
    [['*.kt']],
  ),
  language(
    'Java',
    [
      ['pom.xml', 'src/main/'],
      ['build.gradle', 'src/main/'],
      ['build.gradle.kts', 'src/main/'],
    ],
    [['pom.xml'], ['build.gradle'], ['build.gradle.kts'], ['settings.gradle'], ['*.java'], ['src/**.java']],
    ['**.java'],
  ),
  language('Elixir', [['mix.exs']], [['*.exs'], ['*.ex']]),
  language('Erlang', [], [['rebar.config']]),
  language(
    'Flutter',
    [['pubspec.yaml ~ flutter:', 'lib/']],
    [['pubspec.yaml ~ flutter:'], ['.metadata ~ flutter', 'web/']],
    ['lib/main.dart'],
  ),
  language('Dart', [['pubspec.yaml', '**.dart']], [['pubspec.yaml'], ['*.dart'], ['bin/**.dart']], ['**.dart']),
  language('Swift', [['Package.swift', '**.swift']], [['Package.swift'], ['*.swift']], ['**.swift']),
  language('Crystal', [], [['shard.yml'], ['*.cr']], ['**.cr']),
  language('Haskell', [], [['stack.yaml'], ['*.cabal'], ['cabal.project'], ['package.yaml', '**.hs'], ['*.hs']]),
  language('Clojure', [['project.clj']], [['deps.edn'], ['build.boot'], ['*.clj']]),
  language('Gleam', [['gleam.toml']], []),
  language('Zig', [], [['build.zig'], ['*.zig']]),
  language('COBOL', [], [['*.cob'], ['*.cbl'], ['*.cobol'], ['src/**.cbl'], ['src/**.cob']]),
  language('Lunatic', [['.cargo/config.toml ~ lunatic'], ['Cargo.toml ~ lunatic =']], [], ['Cargo.toml']),
  language(
    'R',
    [
      ['app.R', '!package.json', '!requirements.txt'],
      ['server.R', 'ui.R'],
    ],
    [['app.R'], ['plumber.R'], ['renv.lock'], ['*.Rproj'], ['*.R'], ['*.Rmd', '!index.html']],
  ),
  language('Julia', [['Project.toml', '**.jl']], [['*.jl']]),
  language('OCaml', [], [['dune-project'], ['*.opam'], ['*.ml']]),
  language('Perl', [], [['cpanfile'], ['*.psgi'], ['*.pl'], ['cgi-bin/**.pl'], ['cgi-bin/**.cgi']]),
  language('Lua', [], [['*.rockspec'], ['nginx.conf ~ content_by_lua'], ['*.lua']]),
  language('Nim', [], [['*.nimble'], ['*.nim']]),
  language('D', [], [['dub.json'], ['dub.sdl']]),
  language('V', [], [['v.mod']]),
  language('Elm', [], [['elm.json']], ['src/**.elm']),
  language('Scheme', [], [['haunt.scm'], ['*.scm']]),
  language(
    'C or C++',
    [],
    [
      ['CMakeLists.txt'],
      ['meson.build'],
      ...['*.c', '*.cpp', '*.cc', 'src/**.c', 'src/**.cpp', 'src/**.cc'].flatMap(sign => [
        ['Makefile', sign],
        [sign, '!index.html'],
      ]),
    ],
    ['Makefile', '*.c', '*.cpp', 'src/**.c', 'src/**.cpp'],
  ),
  language('JSP', [], [['WEB-INF/web.xml'], ['*.jsp']]),
  language('classic ASP', [], [['*.asp'], ['*.aspx'], ['*.cshtml']]),
  language('ColdFusion', [], [['*.cfm']]),
  language(
    'Nix',
    [],
    ['flake.nix', 'default.nix', 'shell.nix'].map(file => [file, '!**.html']),
  ),
  language('shell script', [], [['*.sh', '!**.html']]),
  ...['Nixpacks', 'Railpack'].map(name => {
    const files = ['toml', 'json'].map(ending => `${name.toLowerCase()}.${ending}`);
    return {
      ...language(
        name,
        [],
        files.map(file => [file, '!**.html']),
      ),
      noun: 'configuration' as const,
    };
  }),
];

/** How much of the table counts: `always` beside an application that vibeD builds, `manifests` also where there is none at the root,
 * `sources` also where no folder holds any: then a single source file decides. */
export type ForeignSigns = 'always' | 'manifests' | 'sources';

/** The refusal of a tree that is of a kind which vibeD does not build. `prefix` is the folder that the tree was taken from, for the
 * message: '' or `folder/`. */
export function foreignFailure(tree: SourceTree, counts: ForeignSigns, prefix = ''): Refusal | undefined {
  const signs = new Signs(tree);
  const isComplete = (set: readonly Sign[]) => set.every(sign => signs.has(sign));
  const counted = (set: readonly Sign[]) => counts === 'sources' || (counts === 'manifests' && namesManifest(set));
  const found =
    kinds.find(kind => kind.always.some(isComplete)) ??
    kinds.find(kind => kind.alone.some(set => counted(set) && isComplete(set)));
  if (found === undefined) return undefined;
  const evidence = evidenceOf(found, signs)
    .map(path => shown(prefix + path))
    .join(', ');
  const article = /^(?:E|O|R$)/.test(found.name) ? 'an' : 'a';
  return fault(
    'LanguageUnknown',
    `this is ${article} ${found.name} ${found.noun} (${evidence}), which vibeD does not build`,
    remedyOf(found),
  );
}

/** Whether a set has a file that describes a project of this kind; files such as those of Nix describe the tools of any project. */
function namesManifest(set: readonly Sign[]): boolean {
  const isManifest = (sign: Sign) => projectFile.test(sign) || !(sign.includes('*') || toolFile.test(sign));
  return set.some(sign => !sign.startsWith('!') && isManifest(sign));
}

/** Project files that are called after the project. */
const projectFile = /^\*\.(?:csproj|fsproj|vbproj|slnx?|gemspec|cabal|opam|rockspec|nimble|Rproj)$/;

/** Files that say how some other tool builds a project. */
const toolFile = /\.nix$|^(?:nixpacks|railpack)\./;

/** The names of all kinds, for the documentation. */
export const foreignNames: readonly string[] = kinds.map(kind => kind.name);

function remedyOf({ name, noun, output }: Foreign): string {
  if (output !== undefined)
    return `Run \`${output.command}\` and send the generated folder ${output.folder} instead, or bring a Dockerfile`;
  if (name === 'Flutter')
    return 'Run `flutter build web` and send the generated folder build/web/ instead, or bring a Dockerfile';
  if (noun === 'configuration')
    return `vibeD does not read it: send the files of the application as well, or bring a Dockerfile`;
  if (name === 'Elm') return 'Run `elm make` and send the generated page instead, or bring a Dockerfile';
  return 'Bring a Dockerfile that builds and starts it, or write it for Node.js, Python, Go or Rust';
}

/** At most three names that made the decision. */
function evidenceOf(kind: Foreign, signs: Signs): string[] {
  const complete = [...kind.always, ...kind.alone].filter(set => set.every(sign => signs.has(sign)));
  const all = [...complete.flat(), ...(kind.shows ?? [])].filter(sign => !sign.startsWith('!'));
  return [...new Set(all.flatMap(sign => signs.named(sign)))].slice(0, 3);
}

/** Folders whose sources say nothing about what the tree is. */
const ignored = /^(?:node_modules|vendor|[Tt]ests?|spec|examples?|docs|fixtures|e2e|\.[^/]+)$/;

/** The signs of one tree. A tree may be large: it is indexed once. */
class Signs {
  readonly #tree: SourceTree;
  readonly #files: ReadonlySet<string>;
  readonly #folders: ReadonlySet<string>;
  /** Ending (`.php`) → paths outside of the ignored folders. */
  readonly #endings: ReadonlyMap<string, readonly string[]>;

  constructor(tree: SourceTree) {
    const endings = new Map<string, string[]>();
    const folders = new Set<string>();
    for (const path of tree.paths) {
      const parts = path.split('/');
      // Deeper folders are no sign of anything in the table.
      for (let depth = 1; depth < Math.min(parts.length, 5); depth++) folders.add(parts.slice(0, depth).join('/'));
      if (parts.slice(0, -1).some(part => ignored.test(part))) continue;
      const name = parts.at(-1) ?? '';
      const dot = name.lastIndexOf('.');
      if (dot <= 0 || name.startsWith('.')) continue;
      const known = endings.get(name.slice(dot));
      if (known === undefined) endings.set(name.slice(dot), [path]);
      else known.push(path);
    }
    this.#tree = tree;
    this.#files = new Set(tree.paths);
    this.#folders = folders;
    this.#endings = endings;
  }

  has(sign: Sign): boolean {
    return sign.startsWith('!') ? this.named(sign.slice(1)).length === 0 : this.named(sign).length > 0;
  }

  /** What the tree has of this sign, at most three names. */
  named(sign: Sign): string[] {
    const holds = sign.indexOf(' ~ ');
    if (holds >= 0) {
      const file = sign.slice(0, holds);
      return (this.#tree.read(file) ?? '').includes(sign.slice(holds + 3)) ? [file] : [];
    }
    if (sign.endsWith('/')) return this.#folders.has(sign.slice(0, -1)) ? [sign] : [];
    const star = sign.indexOf('*');
    if (star < 0) return this.#files.has(sign) ? [sign] : [];
    const found = this.#endings.get(sign.slice(sign.lastIndexOf('.'))) ?? [];
    const isDeep = sign.startsWith('**', star);
    const folder = sign.slice(0, star);
    return found.filter(path => path.startsWith(folder) && (isDeep || !path.includes('/'))).slice(0, 3);
  }
}
