/** Go: one static binary beside the files it may read at run time. */
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, PlanInput, PlanResult } from './model.ts';
import { appUid, fault } from './model.ts';
import { folderOf, hasFile, hasFolder, type SourceTree } from './source-tree.ts';
import { cmd, copy, copyAll, copyBuilt, env, isPlain, run, runtime, type Stage, type Step, workdir } from './steps.ts';

/** Trees with a go.mod, or with Go sources at the root. */
export const goRule: LanguageRule = {
  language: 'go',
  detect(tree) {
    if (hasFile(tree, 'go.mod')) return 'go.mod is there';
    const source = tree.paths.find(path => /^[^/]+\.go$/.test(path) && !path.endsWith('_test.go'));
    return source === undefined ? undefined : 'Go sources are there, and no go.mod';
  },
  plan(input) {
    const main = mainPackage(input.tree);
    if (main === undefined) {
      return fault(
        'EntrypointMissing',
        'no folder holds `package main`, or several do',
        'put the program at the root or in cmd/<name>',
      );
    }
    if (!isPlain(main))
      return fault('PathUnsafe', 'the folder of the main package has unusual characters', 'rename it');
    return goPlan(input, main);
  },
};

function goPlan(input: PlanInput, main: string): PlanResult {
  const { request, tree } = input;
  const modules = requiredModules(tree);
  const cgo = modules.includes('github.com/mattn/go-sqlite3');
  const literal = literalPort(tree, main);
  const port = request.port ?? literal ?? 8080;
  const why = [
    ...input.why,
    main === '.' ? 'the main package is at the root' : `the main package is ${main}`,
    ...(cgo ? ['go-sqlite3 needs cgo'] : []),
    'templates and other files of the project are beside the binary, in its working folder',
  ];
  const fixed = `the program listens on ${literal} whatever PORT says: read it with os.Getenv("PORT")`;
  return {
    ok: true,
    plan: {
      language: 'go',
      why,
      how: { stages: { build: buildStage(input, main, cgo), image: runStage(input, port) } },
      port,
      portWhy: portWhy(request.port, literal),
      portFollowsEnv: literal === undefined,
      user: { uid: appUid },
      warnings: [...(literal === undefined ? [] : [fixed]), ...localStateWarnings(tree, modules)],
      readOnlyRoot: false,
    },
  };
}

function buildStage(input: PlanInput, main: string, cgo: boolean): Stage {
  const target = main === '.' ? '.' : `./${main}`;
  const compile = `CGO_ENABLED=${cgo ? 1 : 0} go build -trimpath -ldflags="-s -w" -o /out/server ${target}`;
  return {
    base: input.settings.bases.go,
    steps: [workdir('/src'), ...dependencySteps(input.tree), run('build', compile, `go build ${target}`)],
  };
}

function runStage(input: PlanInput, port: number): Stage {
  return {
    base: input.settings.bases.debian,
    steps: [
      copyBuilt('/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt'),
      copy(['.'], '/app/', appUid),
      copyBuilt('/out/server', '/usr/local/bin/server'),
      workdir('/app'),
      ...env({ HOME: '/tmp', HOST: '0.0.0.0', PORT: port }),
      ...runtime(appUid, port),
      cmd(['/usr/local/bin/server']),
    ],
  };
}

function requiredModules(tree: SourceTree): string[] {
  const requirements = (tree.read('go.mod') ?? '').matchAll(
    /^[ \t]*(?:require[ \t]+)?((?=[\w/-]*\.)[\w./-]+)[ \t]+v/gm,
  );
  return [...requirements].map(match => match[1] ?? '');
}

/** With go.sum the modules are a layer of their own; without it the imports decide, and they need the whole tree. */
function dependencySteps(tree: SourceTree): Step[] {
  if (hasFolder(tree, 'vendor') && hasFile(tree, 'vendor/modules.txt')) return [copyAll];
  if (!hasFile(tree, 'go.mod')) return [copyAll, run('install', 'go mod init app && go mod tidy')];
  const text = tree.read('go.mod') ?? '';
  if (!/^[ \t]*require\b/m.test(text) && !importsModules(tree)) return [copyAll];
  if (!hasFile(tree, 'go.sum') || hasFile(tree, 'go.work')) return [copyAll, run('install', 'go mod tidy')];
  if (/=>\s*\.{1,2}\//.test(text)) return [copyAll, run('install', 'go mod download')];
  return [copy(['go.mod', 'go.sum'], './'), run('install', 'go mod download'), copyAll];
}

/** Whether some source imports a path with a dot in its first element, as every module outside the standard library has. */
function importsModules(tree: SourceTree): boolean {
  const own = /^module\s+(\S+)/m.exec(tree.read('go.mod') ?? '')?.[1] ?? '';
  const imports = tree.paths
    .filter(path => path.endsWith('.go'))
    .flatMap(path => [
      ...(tree.read(path) ?? '').matchAll(/^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w-]+\.[\w./-]+)"/gm),
    ]);
  return imports.some(match => match[1] !== undefined && match[1] !== own && !match[1].startsWith(`${own}/`));
}

/** The folder of the program: the root, else the only cmd/*, else the only one at all. */
function mainPackage(tree: SourceTree): string | undefined {
  const programs = tree.paths.filter(
    path => path.endsWith('.go') && !path.endsWith('_test.go') && /^package main\b/m.test(tree.read(path) ?? ''),
  );
  const folders = [...new Set(programs.map(folderOf))].filter(folder => !folder.startsWith('vendor/'));
  if (folders.includes('')) return '.';
  const usual = ['cmd/server', 'cmd/app', 'cmd/web', 'cmd/api', 'cmd', 'server', 'src'].find(folder =>
    folders.includes(folder),
  );
  if (usual !== undefined) return usual;
  const commands = folders.filter(folder => folder.startsWith('cmd/'));
  if (commands.length === 1) return commands[0];
  return folders.length === 1 ? folders[0] : undefined;
}

function literalPort(tree: SourceTree, main: string): number | undefined {
  const files = tree.paths.filter(path => path.endsWith('.go') && !path.endsWith('_test.go'));
  const texts = files.map(path => tree.read(path) ?? '');
  if (texts.some(text => /"PORT"/.test(text))) return undefined;
  const own = files.findIndex(path => folderOf(path) === (main === '.' ? '' : main));
  const port = Number(
    /(?:ListenAndServe|\.Run|\.Start|\.Listen|Addr:)\s*(?:\(\s*)?"[^":]*:(\d{2,5})"/.exec(
      [texts[own], ...texts].join('\n'),
    )?.[1],
  );
  return port >= 1 && port <= 65535 ? port : undefined;
}

function portWhy(named: number | undefined, literal: number | undefined): string {
  if (named !== undefined) return 'named by the user';
  return literal === undefined ? 'PORT is set to 8080 by convention' : 'written in the source';
}
