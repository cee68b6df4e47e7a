/** Rust: a release build, dependencies compiled in a layer of their own. */
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, RecipeResult, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { type Binary, binariesOf, cargoManifest } from './rust-binaries.ts';
import { listed, shown } from './shown.ts';
import { hasFile, type SourceTree } from './source-tree.ts';
import { cmd, copy, copyAll, copyBuilt, env, isPlain, run, runtime, type Stages, type Step, workdir } from './steps.ts';

/** Trees with a Cargo.toml. */
export const rustRule: LanguageRule = {
  language: 'rust',
  detect: tree => (hasFile(tree, 'Cargo.toml') ? 'Cargo.toml is there' : undefined),
  recipe(input) {
    const { tree } = input;
    const manifest = cargoManifest(tree);
    if (manifest === undefined)
      return fault('Unsupported', 'Cargo.toml is not valid TOML', 'correct Cargo.toml: cargo refuses it as well');
    if (isLost(tree)) return lostMemberFault();
    const found = binariesOf(tree);
    const [only] = found;
    if (only === undefined) return libraryFault(manifest.workspace !== undefined);
    if (found.length > 1) return severalFault(found);
    if (!isPlain(only.name) || !isPlain(only.package))
      return fault('PathUnsafe', 'the name of the binary has unusual characters', 'rename the package');
    return rustRecipe(input, only);
  },
};

/** Whether this folder was cut out of a workspace that it takes settings or packages from. */
function isLost(tree: SourceTree): boolean {
  const text = tree.read('Cargo.toml') ?? '';
  const isRoot = /^[ \t]*\[workspace\b/m.test(text);
  return !isRoot && /\bworkspace\s*=\s*true|\bpath\s*=\s*"\.\.\//.test(text);
}

function lostMemberFault(): RecipeResult {
  return fault(
    'Unsupported',
    'Cargo.toml takes settings or packages from the workspace above this folder, which is not built with it',
    'leave spec.build.path out and name this member in "default-members" of the Cargo.toml with [workspace]',
  );
}

function libraryFault(isWorkspace: boolean): RecipeResult {
  const where = isWorkspace
    ? 'no member of the workspace in Cargo.toml has'
    : 'the package in Cargo.toml has no program:';
  const files = isWorkspace
    ? 'a program: a src/main.rs, a src/bin/*.rs or a [[bin]]'
    : 'no src/main.rs, no src/bin/*.rs, no [[bin]]';
  return fault('EntrypointMissing', `${where} ${files}`, 'add a src/main.rs that listens on PORT');
}

function severalFault(found: readonly Binary[]): RecipeResult {
  const names = found.map(binary => (binary.folder === '' ? binary.name : `${binary.name} (${binary.folder}/)`));
  const isWorkspace = found.some(binary => binary.folder !== '');
  return fault(
    'EntrypointMissing',
    `there are ${found.length} Rust programs, ${listed(names.map(shown))}, and nothing says which of them to start`,
    isWorkspace
      ? 'name the member to start in "default-members" of [workspace] in Cargo.toml'
      : 'name the program to start in "default-run" of [package] in Cargo.toml',
  );
}

function rustRecipe(input: RuleInput, binary: Binary): RecipeResult {
  const { request, tree } = input;
  const port = request.port ?? 8080;
  const manifests = [...new Set(['Cargo.toml', binary.folder === '' ? 'Cargo.toml' : `${binary.folder}/Cargo.toml`])];
  const text = manifests.map(path => tree.read(path) ?? '').join('\n');
  const dependencies = [...text.matchAll(/^([\w-]+)\s*=/gm)].map(match => match[1] ?? '');
  const from = binary.folder === '' ? '' : ` of the workspace member ${binary.folder}/`;
  return {
    ok: true,
    recipe: {
      language: 'rust',
      why: [...input.why, `cargo builds ${binary.name}${from}`],
      how: { stages: stagesOf(input, binary, port) },
      port,
      portWhy: request.port === undefined ? 'PORT is set to 8080 by convention' : 'named by the user',
      portFollowsEnv: true,
      user: { uid: appUid },
      warnings: localStateWarnings(tree, dependencies),
      readOnlyRoot: false,
    },
  };
}

function stagesOf({ settings, tree }: RuleInput, binary: Binary, port: number): Stages {
  const locked = hasFile(tree, 'Cargo.lock') ? ' --locked' : '';
  const member = binary.folder === '' ? '' : ` --package ${binary.package}`;
  const compile = run('build', `cargo build --release${locked}${member} --bin ${binary.name}`);
  return {
    build: { base: settings.bases.rust, steps: [workdir('/src'), ...dependencySteps(tree, locked), compile] },
    image: {
      base: settings.bases.rustRuntime,
      steps: [
        copyBuilt('/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt'),
        copy(['.'], '/app/', appUid),
        copyBuilt(`/src/target/release/${binary.name}`, '/usr/local/bin/server'),
        workdir('/app'),
        ...env({ HOME: '/tmp', HOST: '0.0.0.0', PORT: port, ROCKET_ADDRESS: '0.0.0.0' }),
        ...runtime(appUid, port),
        cmd(['/usr/local/bin/server']),
      ],
    },
  };
}

/** An empty program compiles the dependencies first; a workspace or a build script has more to it than that. */
function dependencySteps(tree: SourceTree, locked: string): Step[] {
  const simple =
    hasFile(tree, 'src/main.rs') &&
    !hasFile(tree, 'build.rs') &&
    !hasFile(tree, 'src/lib.rs') &&
    !/^\[\[?(?:workspace|bin|lib)/m.test(tree.read('Cargo.toml') ?? '');
  if (!simple) return [copyAll];
  const manifests = ['Cargo.toml', 'Cargo.lock'].filter(path => hasFile(tree, path));
  const empty = `mkdir src && echo 'fn main() {}' > src/main.rs && cargo build --release${locked} && rm -r src`;
  return [
    copy(manifests, './'),
    run('install', empty, ''),
    copyAll,
    // cargo compares times, and the copied sources may be older than the empty program.
    run('build', 'touch src/main.rs', ''),
  ];
}
