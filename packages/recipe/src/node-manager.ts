/** Which package manager installs the dependencies of a Node project: the tool and the version that wrote its lockfile. */
import { hasFile, joined, type SourceTree } from './source-tree.ts';

/** How dependencies are installed. The tool itself is installed with npm at a pinned version: corepack left Node with version 25. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun';
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

/** One exact version of a tool for each format of its lockfile. */
const versions = {
  bun: '1.3.9',
  pnpm: { '5': '7.33.7', '6': '8.15.9', '9': '10.34.8' } as Readonly<Record<string, string>>,
  yarn: { classic: '1.22.22', three: '3.8.7', four: '4.12.0' },
} as const;

/** Installs Bun beside npm; the build stage of every project that runs `bun` needs it. */
export const bunTool = `npm install -g bun@${versions.bun}`;

interface Declared {
  readonly name: string;
  readonly version: string;
}

/** The manager that package.json declares, else the one whose lockfile is there, else npm. A lockfile of another manager than the
 * declared one wins when it is alone: it has the versions that the project was tried with. */
export function packageManager(
  tree: SourceTree,
  manifest: Readonly<Record<string, unknown>>,
  dependencies: readonly string[],
): PackageManager {
  const found = /^(npm|pnpm|yarn|bun)@(\d+\.\d+\.\d+)/.exec(String(manifest.packageManager ?? ''));
  const declared = found === null ? undefined : { name: found[1] ?? '', version: found[2] ?? '' };
  const locks = lockfilesIn(tree);
  const isOwn = locks.some(({ name }) => name === declared?.name) || JSON.stringify(manifest).includes('"workspace:');
  const isAlien = declared !== undefined && locks.length > 0 && !isOwn;
  const fitting = isAlien ? undefined : declared;
  const manager = managerNamed(fitting?.name ?? locks[0]?.name ?? withoutLockfile(tree, manifest), {
    tree,
    declared: fitting,
    dependencies,
  });
  const unused = locks.map(({ path }) => path).filter(path => path !== manager.lockfile);
  const notes = [
    ...(isAlien ? [`package.json names ${declared.name}, whose lockfile is not here`] : []),
    ...(unused.length === 0 ? [] : [`${unused.join(' and ')} ${unused.length === 1 ? 'is' : 'are'} not used`]),
  ];
  return { ...manager, why: [manager.why, ...notes].join('; ') };
}

interface ManagerInput {
  readonly tree: SourceTree;
  readonly declared: Declared | undefined;
  readonly dependencies: readonly string[];
}

function managerNamed(name: string, { tree, declared, dependencies }: ManagerInput): PackageManager {
  switch (name) {
    case 'bun':
      return bun(tree, declared?.version, dependencies);
    case 'pnpm':
      return pnpm(tree, declared?.version);
    case 'yarn':
      return yarn(tree, declared);
    default:
      return npm(tree);
  }
}

/** In the order in which they win: exports of AI tools keep a lockfile of Bun beside the one of npm that they use. */
const lockfiles = [
  { path: 'pnpm-lock.yaml', name: 'pnpm' },
  { path: 'yarn.lock', name: 'yarn' },
  { path: 'package-lock.json', name: 'npm' },
  { path: 'bun.lock', name: 'bun' },
  { path: 'bun.lockb', name: 'bun' },
  { path: 'npm-shrinkwrap.json', name: 'npm' },
];

/** Those of a folder. */
export const lockfilesIn = (tree: SourceTree, folder = '') =>
  lockfiles.filter(({ path }) => hasFile(tree, joined(folder, path)));

/** pnpm 10 also keeps settings in this file; only a `packages:` list makes a workspace of it. */
export const listsPackages = (tree: SourceTree): boolean =>
  /^packages\s{0,9}:/m.test(tree.read('pnpm-workspace.yaml') ?? '');

/** Only pnpm reads its list of packages. npm and the first Yarn refuse `workspace:`, which Bun knows. */
function withoutLockfile(tree: SourceTree, manifest: Readonly<Record<string, unknown>>): string {
  if (listsPackages(tree)) return 'pnpm';
  if (manifest.workspaces === undefined) return 'npm';
  const manifests = tree.paths.filter(path => /(?:^|\/)package\.json$/.test(path)).slice(0, 100);
  return manifests.some(path => (tree.read(path) ?? '').includes('"workspace:')) ? 'bun' : 'npm';
}

function bun(tree: SourceTree, version: string | undefined, dependencies: readonly string[]): PackageManager {
  const lockfile = ['bun.lock', 'bun.lockb'].find(path => hasFile(tree, path));
  const text = tree.read('bun.lock');
  // A lockfile without an entry for each dependency is older than package.json: --frozen-lockfile would refuse it.
  const isStale = text !== undefined && dependencies.some(name => !text.includes(`"${name}": [`));
  const frozen = lockfile === undefined || isStale ? '' : ' --frozen-lockfile';
  const stale = `Bun installs; ${lockfile} does not hold every dependency of package.json, so versions are not pinned`;
  const unlocked = 'Bun installs, because no lockfile is there and dependencies are written as workspace:';
  const locked = isStale ? stale : `Bun installs from ${lockfile}`;
  return {
    name: 'bun',
    why: lockfile === undefined ? (version === undefined ? unlocked : 'package.json names Bun') : locked,
    tool: version === undefined ? bunTool : `npm install -g bun@${version}`,
    ...(lockfile !== undefined && { lockfile }),
    install: `bun install${frozen}`,
    installRuntime: `bun install${frozen} --production`,
  };
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

function pnpm(tree: SourceTree, declared: string | undefined): PackageManager {
  const format = /^lockfileVersion:[ ]?['"]?(\d{1,3})/m.exec(tree.read('pnpm-lock.yaml') ?? '')?.[1] ?? '9';
  const fitting = versions.pnpm[format] ?? '10.34.8';
  // pnpm 8 and older do not read the lockfiles of pnpm 9.
  const isOlder = format === '9' && Number(declared?.split('.')[0] ?? '9') < 9;
  const version = isOlder ? fitting : (declared ?? fitting);
  const lockfile = hasFile(tree, 'pnpm-lock.yaml') ? 'pnpm-lock.yaml' : undefined;
  const frozen = lockfile === undefined ? '--no-frozen-lockfile' : '--frozen-lockfile';
  return {
    name: 'pnpm',
    why:
      lockfile === undefined
        ? `${declared === undefined ? 'pnpm-workspace.yaml' : 'package.json'} names pnpm`
        : `pnpm ${version.split('.')[0]} installs from pnpm-lock.yaml`,
    tool: `npm install -g pnpm@${version}`,
    ...(lockfile !== undefined && { lockfile }),
    install: `pnpm install ${frozen}`,
    installRuntime: `pnpm install ${frozen} --prod`,
    prune: 'CI=true pnpm prune --prod --ignore-scripts',
  };
}

/** The site's proxies and registry for Yarn 2 and newer, which read neither npm's settings nor the usual variables. A registry that the
 * project names itself stays. */
function siteOfYarn(tree: SourceTree): string {
  const proxies = 'YARN_HTTP_PROXY="$HTTP_PROXY" YARN_HTTPS_PROXY="$HTTPS_PROXY"';
  const isNamed = (tree.read('.yarnrc.yml') ?? '').includes('npmRegistryServer');
  return isNamed ? proxies : `${proxies} YARN_NPM_REGISTRY_SERVER="$(npm config get registry)"`;
}

function yarn(tree: SourceTree, declared: Declared | undefined): PackageManager {
  const lockfile = hasFile(tree, 'yarn.lock') ? 'yarn.lock' : undefined;
  const text = tree.read('yarn.lock') ?? '';
  const metadata = /^__metadata:\r?\n {2}version: (\d{1,3})/m.exec(text)?.[1];
  const isClassicLock = text.includes('# yarn lockfile v1');
  const berry =
    metadata !== undefined ||
    (declared === undefined ? hasFile(tree, '.yarnrc.yml') : !declared.version.startsWith('1.'));
  // A declared version that cannot read the lockfile is not the one that wrote it.
  const fits = declared !== undefined && (metadata === undefined || !declared.version.startsWith('1.'));
  const written = metadata !== undefined && Number(metadata) < 8 ? versions.yarn.three : versions.yarn.four;
  const version = fits ? declared.version : berry ? written : versions.yarn.classic;
  const tool = `npm install -g --force ${berry ? '@yarnpkg/cli-dist' : 'yarn'}@${version}`;
  const common = {
    name: 'yarn',
    why:
      lockfile === undefined
        ? 'package.json names yarn'
        : berry
          ? `Yarn ${version.split('.')[0]} installs from yarn.lock`
          : 'yarn installs from yarn.lock',
    tool,
  } as const;
  const lock = lockfile !== undefined && { lockfile };
  if (berry) {
    // Without node_modules the runtime image would need yarn itself.
    const immutable = lockfile === undefined || isClassicLock ? '' : ' --immutable';
    const install = `${siteOfYarn(tree)} YARN_NODE_LINKER=node-modules yarn install${immutable}`;
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
