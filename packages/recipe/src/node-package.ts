/** What package.json and the lockfiles say: the package manager, the scripts, the dependencies. */
import { hasFile, hasFolder, isRecord, readJson, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** How dependencies are installed. The tool itself is installed with npm at a pinned version: corepack left Node with version 25. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn';
  readonly why: string;
  /** `npm install -g …` of the tool; undefined for npm, which the base has. */
  readonly tool?: string;
  readonly lockfile?: string;
  readonly install: string;
  /** The installation without development dependencies. */
  readonly installRuntime: string;
  /** Removes development dependencies after the build; undefined when the tool cannot without installing again. */
  readonly prune?: string;
}

/** The parts of package.json that decide something. */
export interface NodePackage {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
  /** Both of them. */
  readonly all: ReadonlySet<string>;
  readonly main?: string;
  readonly manager: PackageManager;
  /** Manifests that the installation needs; undefined when it needs the whole tree (workspaces, local packages, install scripts). */
  readonly manifests?: readonly string[];
}

/** Reads the root package.json; undefined when there is none or it is not an object. */
export function nodePackage(tree: SourceTree): NodePackage | undefined {
  const manifest = readJson(tree, 'package.json');
  if (manifest === undefined) return undefined;
  const dependencies = namesOf(manifest.dependencies, manifest.optionalDependencies);
  const devDependencies = namesOf(manifest.devDependencies);
  const manager = packageManager(tree, manifest);
  const manifests = manifestsOf(tree, manifest, manager);
  const main = manifest.main;
  return {
    scripts: stringsOf(manifest.scripts),
    dependencies,
    devDependencies,
    all: new Set([...dependencies, ...devDependencies]),
    ...(typeof main === 'string' && main !== '' && { main: main.replace(/^\.\//, '') }),
    manager,
    ...(manifests !== undefined && { manifests }),
  };
}

function packageManager(tree: SourceTree, manifest: Readonly<Record<string, unknown>>): PackageManager {
  const declared = /^(npm|pnpm|yarn)@(\d+\.\d+\.\d+)/.exec(String(manifest.packageManager ?? ''));
  const name = declared?.[1];
  if (name === 'pnpm' || (name === undefined && hasFile(tree, 'pnpm-lock.yaml'))) {
    return pnpm(tree, name === 'pnpm' ? declared?.[2] : undefined);
  }
  if (name === 'yarn' || (name === undefined && hasFile(tree, 'yarn.lock'))) {
    return yarn(tree, name === 'yarn' ? declared?.[2] : undefined);
  }
  return npm(tree);
}

function npm(tree: SourceTree): PackageManager {
  const lockfile = ['package-lock.json', 'npm-shrinkwrap.json'].find(path => hasFile(tree, path));
  const command = lockfile === undefined ? 'npm install' : 'npm ci';
  return {
    name: 'npm',
    why:
      lockfile === undefined
        ? 'npm installs without a lockfile: versions are not pinned'
        : `npm ci installs from ${lockfile}`,
    ...(lockfile !== undefined && { lockfile }),
    install: `${command} --no-audit --no-fund`,
    installRuntime: `${command} --omit=dev --no-audit --no-fund`,
    prune: 'npm prune --omit=dev --no-audit --no-fund',
  };
}

function pnpm(tree: SourceTree, version = '10.18.3'): PackageManager {
  const lockfile = hasFile(tree, 'pnpm-lock.yaml') ? 'pnpm-lock.yaml' : undefined;
  const frozen = lockfile === undefined ? '--no-frozen-lockfile' : '--frozen-lockfile';
  return {
    name: 'pnpm',
    why: lockfile === undefined ? 'package.json names pnpm' : 'pnpm installs from pnpm-lock.yaml',
    tool: `npm install -g pnpm@${version}`,
    ...(lockfile !== undefined && { lockfile }),
    install: `pnpm install ${frozen}`,
    installRuntime: `pnpm install ${frozen} --prod`,
    prune: 'CI=true pnpm prune --prod --ignore-scripts',
  };
}

function yarn(tree: SourceTree, version?: string): PackageManager {
  const lockfile = hasFile(tree, 'yarn.lock') ? 'yarn.lock' : undefined;
  const berry = (version !== undefined && !version.startsWith('1.')) || hasFile(tree, '.yarnrc.yml');
  const tool = `npm install -g --force ${berry ? `@yarnpkg/cli-dist@${version ?? '4.9.4'}` : `yarn@${version ?? '1.22.22'}`}`;
  const common = {
    name: 'yarn',
    why: lockfile === undefined ? 'package.json names yarn' : 'yarn installs from yarn.lock',
    tool,
  } as const;
  const lock = lockfile !== undefined && { lockfile };
  if (berry) {
    // Without node_modules the runtime image would need yarn itself.
    const install = `YARN_NODE_LINKER=node-modules yarn install${lockfile === undefined ? '' : ' --immutable'}`;
    return { ...common, ...lock, install, installRuntime: install };
  }
  const install = `yarn install --non-interactive${lockfile === undefined ? '' : ' --frozen-lockfile'}`;
  const installRuntime = `${install} --production=true`;
  return {
    ...common,
    ...lock,
    install: `${install} --production=false`,
    installRuntime,
    prune: `${installRuntime} --ignore-scripts --prefer-offline`,
  };
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
    hasWorkspaceFile(tree) ||
    installScripts.some(name => scripts[name] !== undefined) ||
    specs.some(spec => /^(?:file|link|workspace|portal|patch):/.test(spec)) ||
    hasFolder(tree, 'prisma') ||
    hasFolder(tree, 'patches') ||
    hasFolder(tree, '.yarn');
  if (needsTree) return undefined;
  const extras = ['.npmrc', '.yarnrc', '.yarnrc.yml', 'pnpm-workspace.yaml'].filter(path => hasFile(tree, path));
  return ['package.json', ...(manager.lockfile === undefined ? [] : [manager.lockfile]), ...extras];
}

/** pnpm 10 also keeps settings in this file; only a `packages:` list makes a workspace of it. */
function hasWorkspaceFile(tree: SourceTree): boolean {
  return /^packages\s*:/m.test(tree.read('pnpm-workspace.yaml') ?? '');
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
