/** What package.json and the lockfiles say: the package manager, the scripts, the dependencies. */
import { listsPackages, type PackageManager, packageManager } from './node-manager.ts';
import { hasFile, hasFolder, isRecord, readJson, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** The parts of package.json that decide something. */
export interface NodePackage {
  /** `build` also holds the text of `heroku-postbuild`, or the implied build, where that is the only one. */
  readonly scripts: Readonly<Record<string, string>>;
  /** The script that `npm run` is given to build. */
  readonly buildScript: 'build' | 'heroku-postbuild';
  /** The build of a project that has none and whose scripts start the development server of a framework. */
  readonly impliedBuild?: string;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
  /** Both of them. */
  readonly all: ReadonlySet<string>;
  readonly main?: string;
  readonly manager: PackageManager;
  /** Manifests that the installation needs; undefined when it needs the whole tree (workspaces, local packages, install scripts). */
  readonly manifests?: readonly string[];
  /** Present when other packages are part of the project. */
  readonly place?: PackagePlace;
}

/** Where a package is in a project of several, and how it is built there. */
export interface PackagePlace {
  /** Its folder, '' for the root. */
  readonly folder: string;
  /** Commands that install what the installation of the root does not. */
  readonly installs?: readonly string[];
  /** Commands that run at the root: the builds of what the package needs, then its own. */
  readonly builds: readonly string[];
  /** The installation at the root calls development dependencies. */
  readonly needsTools?: boolean;
  /** Removes development dependencies of every member. */
  readonly prune?: string;
}

/** Reads the root package.json; undefined when there is none or it is not an object. */
export function nodePackage(tree: SourceTree): NodePackage | undefined {
  const manifest = readJson(tree, 'package.json');
  if (manifest === undefined) return undefined;
  const dependencies = namesOf(manifest.dependencies, manifest.optionalDependencies);
  const devDependencies = namesOf(manifest.devDependencies);
  const manager = packageManager(tree, manifest, [...dependencies, ...devDependencies]);
  const manifests = manifestsOf(tree, manifest, manager);
  // `bun init` names its entry file in `module`.
  const { module } = manifest;
  const main = manifest.main ?? (typeof module === 'string' && hasFile(tree, module) ? module : undefined);
  const scripts = stringsOf(manifest.scripts);
  const all = new Set([...dependencies, ...devDependencies]);
  const heroku = scripts.build === undefined ? scripts['heroku-postbuild'] : undefined;
  const implied = scripts.build === undefined && heroku === undefined ? impliedBuild(scripts, all) : undefined;
  const build = heroku ?? implied;
  return {
    scripts: build === undefined ? scripts : { ...scripts, build },
    buildScript: heroku === undefined ? 'build' : 'heroku-postbuild',
    ...(implied !== undefined && { impliedBuild: implied }),
    dependencies,
    devDependencies,
    all,
    ...(typeof main === 'string' && main !== '' && { main: main.replace(/^\.\//, '') }),
    manager,
    ...(manifests !== undefined && { manifests }),
  };
}

/** Development servers by the command that starts them, and the build beside each. */
const developed: readonly (readonly [dependency: string, starts: RegExp, build: string])[] = [
  ['next', /^next(?: dev)?(?:\s|$)/, 'npx next build'],
  ['nuxt', /^(?:nuxt|nuxi)(?: dev)?(?:\s|$)/, 'npx nuxt build'],
  ['astro', /^astro(?: dev| start)?(?:\s|$)/, 'npx astro build'],
  ['gatsby', /^gatsby (?:develop|start)/, 'npx gatsby build'],
  ['react-scripts', /^react-scripts start/, 'npx react-scripts build'],
  ['@vue/cli-service', /^vue-cli-service serve/, 'npx vue-cli-service build'],
  ['@angular/cli', /^ng serve/, 'npx ng build'],
  ['vite', /^vite(?: dev| serve)?(?:\s+-|$)/, 'npx vite build'],
];

/** What an author forgets who only ever looked at the development server. */
function impliedBuild(scripts: Readonly<Record<string, string>>, all: ReadonlySet<string>): string | undefined {
  const compiles = /^(?:npx )?(tsc(?: -[pb] [\w./-]{1,100})?) && /.exec((scripts.start ?? '').trim())?.[1];
  if (compiles !== undefined) return `npx ${compiles}`;
  const texts = ['start', 'dev', 'serve', 'develop', 'client', 'frontend', 'web'].map(name => scripts[name] ?? '');
  const lines = texts.flatMap(text => [text, ...text.split(/["']/)]).map(text => text.trim().replace(/^npx /, ''));
  return developed.find(([dependency, starts]) => all.has(dependency) && lines.some(line => starts.test(line)))?.[2];
}

const installScripts = ['preinstall', 'install', 'postinstall', 'prepare'];

function manifestsOf(
  tree: SourceTree,
  manifest: Readonly<Record<string, unknown>>,
  manager: PackageManager,
): string[] | undefined {
  const scripts = stringsOf(manifest.scripts);
  const specs = [manifest.dependencies, manifest.devDependencies].flatMap(group => Object.values(stringsOf(group)));
  const needsTree =
    manifest.workspaces !== undefined ||
    listsPackages(tree) ||
    installScripts.some(name => scripts[name] !== undefined) ||
    specs.some(spec => /^(?:file|link|workspace|portal|patch):/.test(spec)) ||
    hasFolder(tree, 'prisma') ||
    hasFolder(tree, 'patches') ||
    hasFolder(tree, '.yarn');
  if (needsTree) return undefined;
  const extras = ['.npmrc', '.yarnrc', '.yarnrc.yml', 'pnpm-workspace.yaml'].filter(path => hasFile(tree, path));
  return ['package.json', ...(manager.lockfile === undefined ? [] : [manager.lockfile]), ...extras];
}

function namesOf(...groups: readonly unknown[]): Set<string> {
  return new Set(groups.flatMap(group => Object.keys(isRecord(group) ? group : {})));
}

function stringsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries);
}

/** The words of a script that is one plain command without any shell syntax; undefined for everything else. */
export function plainCommand(script: string): string[] | undefined {
  const words = script.trim().split(/\s+/);
  return words.every(word => isPlain(word) || /^--?[A-Za-z][A-Za-z0-9=._/-]*$/.test(word)) ? words : undefined;
}

/** Whether there is nothing to install; the members of a workspace may have dependencies that its root has not. */
export const isEmpty = ({ all, place }: NodePackage): boolean => all.size === 0 && place === undefined;

/** The commands that build the package, at the root of the project. */
export function buildCommands({ scripts, buildScript, impliedBuild: implied, place }: NodePackage): readonly string[] {
  return place?.builds ?? (scripts.build === undefined ? [] : [implied ?? `npm run ${buildScript}`]);
}

/** Whether a script of the installation calls a development dependency, such as husky or prisma: without it the installation fails. */
export function needsTools({ scripts, devDependencies, place }: NodePackage): boolean {
  const words = installScripts.flatMap(name => (scripts[name] ?? '').split(/[\s;&|]+/));
  return place?.needsTools ?? words.some(word => devDependencies.has(word));
}
