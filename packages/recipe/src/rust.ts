/** Rust: a release build, dependencies compiled in a layer of their own. */

import { addressWarnings, portWhy } from './listen-address.ts';
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, RecipeResult, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { chosenBinary, textsOf } from './rust-binary.ts';
import { rustAddress } from './rust-port.ts';
import { newerRust, toolchainWhy } from './rust-version.ts';
import { rustWarnings, wasmFailure } from './rust-warnings.ts';
import { type Binary, manifestAt, type RustProject, rustProject } from './rust-workspace.ts';
import { hasFile, hasFolder, joined, type SourceTree } from './source-tree.ts';
import {
  cmd,
  copy,
  copyAll,
  copyBuilt,
  env,
  isPlain,
  run,
  runtime,
  type Stage,
  type Step,
  shellCmd,
  workdir,
} from './steps.ts';

/** Trees with a Cargo.toml. */
export const rustRule: LanguageRule = {
  language: 'rust',
  detect: tree => (hasFile(tree, 'Cargo.toml') ? 'Cargo.toml is there' : undefined),
  recipe(input) {
    if (manifestAt(input.tree, '') === undefined)
      return fault('Unsupported', 'Cargo.toml is not valid TOML', 'correct Cargo.toml: cargo refuses it as well');
    if (isLost(input.tree)) return lostMember();
    const project = rustProject(input.tree);
    const chosen = chosenBinary(project, input.request.path);
    const site = wasmFailure(project, 'binary' in chosen ? chosen.binary : undefined);
    if (site !== undefined) return site;
    if (!('binary' in chosen)) return chosen;
    const { binary, why } = chosen;
    const names = [binary.name, binary.package.name, binary.package.folder || '.'];
    if (!names.every(isPlain))
      return fault('PathUnsafe', 'the name of the binary has unusual characters', 'rename the package');
    const newer = newerRust(input.tree, binary.package.folder, input.settings.bases.rust);
    return newer ?? rustRecipe(input, { project, binary, ...(why !== undefined && { why }) });
  },
};

/** Whether this folder came without the workspace that it takes settings or packages from. */
function isLost(tree: SourceTree): boolean {
  const text = tree.read('Cargo.toml') ?? '';
  const isRoot = /^[ \t]*\[workspace\b/m.test(text);
  return !isRoot && /\bworkspace\s*=\s*true|\bpath\s*=\s*"\.\.\//.test(text);
}

function lostMember(): RecipeResult {
  return fault(
    'Unsupported',
    'Cargo.toml takes settings or packages from a workspace that did not come with it',
    'send the whole workspace, and choose this member with spec.build.path (`build_path` in the tools)',
  );
}

/** What is known when the program is chosen. */
interface Chosen {
  readonly project: RustProject;
  readonly binary: Binary;
  /** Why this program, where there are several. */
  readonly why?: string;
}

function rustRecipe(input: RuleInput, chosen: Chosen): RecipeResult {
  const { request, tree } = input;
  const { dependencies } = chosen.binary.package;
  const isRocket = dependencies.includes('rocket');
  const address = isRocket ? {} : rustAddress(textsOf(chosen.project, chosen.binary));
  const port = request.port ?? address.port ?? 8080;
  const why = [...input.why, builtWhy(chosen), ...toolchainWhy(tree)];
  return {
    ok: true,
    recipe: {
      language: 'rust',
      ...(isRocket && { framework: 'rocket' }),
      why,
      how: { stages: { build: buildStage(input, chosen), image: runStage(input, chosen, port) } },
      port,
      portWhy: portWhy(request.port, address),
      portFollowsEnv: address.port === undefined,
      user: { uid: appUid },
      warnings: [
        ...addressWarnings(address, { read: 'std::env::var("PORT")', listen: '0.0.0.0' }),
        ...rustWarnings(tree, chosen.binary.package),
        ...localStateWarnings(tree, dependencies),
      ],
      readOnlyRoot: false,
    },
  };
}

function builtWhy({ project, binary, why }: Chosen): string {
  const { folder, name } = binary.package;
  const where = project.isWorkspace && folder !== '' ? ` of the workspace's member ${name}` : '';
  return `cargo builds ${binary.name}${where}${why === undefined ? '' : `: ${why}`}`;
}

function buildStage({ settings, tree }: RuleInput, { project, binary }: Chosen): Stage {
  const locked = hasFile(tree, 'Cargo.lock') ? ' --locked' : '';
  const member = project.isWorkspace ? ` -p ${binary.package.name}` : '';
  const compile = run('build', `cargo build --release${locked}${member} --bin ${binary.name}`);
  return { base: settings.bases.rust, steps: [workdir('/src'), ...dependencySteps(project, locked), compile] };
}

function runStage({ settings, tree }: RuleInput, { binary }: Chosen, port: number): Stage {
  const server = '/usr/local/bin/server';
  const isRocket = binary.package.dependencies.includes('rocket');
  return {
    base: settings.bases.rustRuntime,
    steps: [
      copyBuilt('/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt'),
      copy(['.'], '/app/', appUid),
      copyBuilt(`/src/target/release/${binary.name}`, server),
      workdir(joined('/app', workingFolder(tree, binary)).replace(/\/$/, '')),
      ...env({ HOME: '/tmp', HOST: '0.0.0.0', PORT: port, ROCKET_ADDRESS: '0.0.0.0' }),
      ...runtime(appUid, port),
      // Rocket does not know PORT.
      isRocket ? shellCmd(['env', 'ROCKET_PORT="$PORT"', server]) : cmd([server]),
    ],
  };
}

/** The folder of a member that alone has the files that are read at run time; else the root, where `cargo run` starts programs. */
function workingFolder(tree: SourceTree, binary: Binary): string {
  const { folder } = binary.package;
  const names = ['templates', 'static', 'public', 'assets'];
  const isIn = (place: string) => names.some(name => hasFolder(tree, joined(place, name)));
  return folder !== '' && isIn(folder) && !isIn('') ? folder : '';
}

/** An empty program compiles the dependencies first; a workspace, a build script or a second program has more to it than that. */
function dependencySteps({ tree, isWorkspace, root }: RustProject, locked: string): Step[] {
  const simple =
    hasFile(tree, 'src/main.rs') &&
    root?.binaries.length === 1 &&
    !isWorkspace &&
    !hasFile(tree, 'build.rs') &&
    !hasFile(tree, 'src/lib.rs') &&
    !/^\[\[?(?:workspace|bin|lib|bench|example)/m.test(tree.read('Cargo.toml') ?? '') &&
    !/\bpath ?= ?"/.test(tree.read('Cargo.toml') ?? '');
  if (!simple) return [copyAll];
  const manifests = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain', 'rust-toolchain.toml'].filter(path =>
    hasFile(tree, path),
  );
  const empty = `mkdir src && echo 'fn main() {}' > src/main.rs && cargo build --release${locked} && rm -r src`;
  return [
    copy(manifests, './'),
    run('install', empty, ''),
    copyAll,
    // cargo compares times, and the copied sources may be older than the empty program.
    run('build', 'touch src/main.rs', ''),
  ];
}
