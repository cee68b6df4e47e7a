/** Rust: a release build, dependencies compiled in a layer of their own. */
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, RecipeResult, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { hasFile, type SourceTree } from './source-tree.ts';
import { cmd, copy, copyAll, copyBuilt, env, isPlain, run, runtime, type Stages, type Step, workdir } from './steps.ts';

/** Trees with a Cargo.toml. */
export const rustRule: LanguageRule = {
  language: 'rust',
  detect: tree => (hasFile(tree, 'Cargo.toml') ? 'Cargo.toml is there' : undefined),
  recipe(input) {
    const binary = binaryName(input.tree);
    if (binary === undefined) {
      return fault(
        'EntrypointMissing',
        'Cargo.toml names no package with a src/main.rs, or several binaries',
        'keep one [package] with src/main.rs',
      );
    }
    if (!isPlain(binary))
      return fault('PathUnsafe', 'the name of the binary has unusual characters', 'rename the package');
    return rustRecipe(input, binary);
  },
};

function rustRecipe(input: RuleInput, binary: string): RecipeResult {
  const { request, tree } = input;
  const port = request.port ?? 8080;
  const dependencies = [...(tree.read('Cargo.toml') ?? '').matchAll(/^([\w-]+)\s*=/gm)].map(match => match[1] ?? '');
  return {
    ok: true,
    recipe: {
      language: 'rust',
      why: [...input.why, `cargo builds ${binary}`],
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

function stagesOf({ settings, tree }: RuleInput, binary: string, port: number): Stages {
  const locked = hasFile(tree, 'Cargo.lock') ? ' --locked' : '';
  const compile = run('build', `cargo build --release${locked} --bin ${binary}`);
  return {
    build: { base: settings.bases.rust, steps: [workdir('/src'), ...dependencySteps(tree, locked), compile] },
    image: {
      base: settings.bases.rustRuntime,
      steps: [
        copyBuilt('/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt'),
        copy(['.'], '/app/', appUid),
        copyBuilt(`/src/target/release/${binary}`, '/usr/local/bin/server'),
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

function binaryName(tree: SourceTree): string | undefined {
  const text = tree.read('Cargo.toml') ?? '';
  const binaries = namesIn(text, '[[bin]]');
  if (binaries.length === 1) return binaries[0];
  if (binaries.length > 1 || !hasFile(tree, 'src/main.rs')) return undefined;
  return namesIn(text, '[package]')[0];
}

/** The names that sections with this header give. */
function namesIn(text: string, header: string): string[] {
  const names: string[] = [];
  let section: string | undefined;
  for (const line of text.split('\n')) {
    section = /^\[[^\]]*\]{1,2}/.exec(line)?.[0] ?? section;
    const name = section === header ? /^[ \t]*name\s*=\s*"([^"]+)"/.exec(line)?.[1] : undefined;
    if (name !== undefined) names.push(name);
  }
  return names;
}
