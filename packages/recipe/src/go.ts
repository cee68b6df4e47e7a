/** Go: one static binary beside the files it may read at run time. */
import { chosenCommand } from './go-commands.ts';
import { missingEmbed } from './go-embed.ts';
import { goFile } from './go-file.ts';
import { type Command, type GoProject, goProject, reachedFiles } from './go-modules.ts';
import { goAddress } from './go-port.ts';
import { addressWarnings, portWhy } from './listen-address.ts';
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, RecipeResult, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { below, hasFile, joined } from './source-tree.ts';
import { cmd, copy, copyAll, copyBuilt, env, isPlain, run, runtime, type Stage, type Step, workdir } from './steps.ts';

/** Trees with a go.mod or a go.work, or with Go sources at the root. */
export const goRule: LanguageRule = {
  language: 'go',
  detect(tree) {
    if (hasFile(tree, 'go.mod')) return 'go.mod is there';
    if (hasFile(tree, 'go.work')) return 'go.work is there';
    const sources = tree.paths.filter(path => /^[^/]+\.go$/.test(path));
    const builds = sources.some(path => goFile(path, tree.read(path) ?? '').builds);
    return builds ? 'Go sources are there, and no go.mod' : undefined;
  },
  recipe(input) {
    const project = goProject(input.tree);
    const chosen = chosenCommand(project);
    if (!('command' in chosen)) return chosen;
    if (!isPlain(chosen.command.folder || '.'))
      return fault('PathUnsafe', 'the folder of the main package has unusual characters', 'rename it');
    const files = reachedFiles(project, chosen.command);
    return missingEmbed(input.tree, files) ?? goRecipe(input, { project, files, ...chosen });
  },
};

/** What is known when the command is chosen. */
interface Chosen {
  readonly project: GoProject;
  readonly command: Command;
  /** Why this command. */
  readonly why: string;
  /** The files that are compiled into it, its own first. */
  readonly files: readonly string[];
}

function goRecipe(input: RuleInput, chosen: Chosen): RecipeResult {
  const { request, tree } = input;
  const modules = namesOf(chosen);
  const cgo = modules.includes('github.com/mattn/go-sqlite3') || modules.includes('gorm.io/driver/sqlite');
  const address = goAddress(chosen.files.map(path => tree.read(path) ?? ''));
  const port = request.port ?? address.port ?? 8080;
  const why = [
    ...input.why,
    chosen.why,
    ...(cgo ? ['go-sqlite3 needs cgo'] : []),
    'templates and other files of the project are beside the binary, in its working folder',
  ];
  return {
    ok: true,
    recipe: {
      language: 'go',
      why,
      how: { stages: { build: buildStage(input, chosen, cgo), image: runStage(input, port) } },
      port,
      portWhy: portWhy(request.port, address),
      portFollowsEnv: address.port === undefined,
      user: { uid: appUid },
      warnings: [
        ...addressWarnings(address, { read: 'os.Getenv("PORT")', listen: '":"' }),
        ...localStateWarnings(tree, modules),
      ],
      readOnlyRoot: false,
    },
  };
}

function buildStage(input: RuleInput, chosen: Chosen, cgo: boolean): Stage {
  const at = placeOf(chosen);
  const folder = below(at, chosen.command.folder);
  const target = folder === '' ? '.' : `./${folder}`;
  const compile = `CGO_ENABLED=${cgo ? 1 : 0} ${go(at)} build -trimpath -ldflags="-s -w" -o /out/server ${target}`;
  return {
    base: input.settings.bases.go,
    steps: [workdir('/src'), ...dependencySteps(chosen), run('build', compile, `${go(at)} build ${target}`)],
  };
}

/** The folder that the go command runs in: a workspace is built at its root, any other module in its own folder. */
const placeOf = ({ project, command }: Chosen): string => (project.workspace ? '' : command.module.folder);

/** The go command in a folder; the folder is a part of the command's, which is plain. */
const go = (folder: string): string => (folder === '' ? 'go' : `go -C ${folder}`);

function runStage(input: RuleInput, port: number): Stage {
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

/** What the go.mod files in question require, and what the sources import of other modules. */
function namesOf({ project, command, files }: Chosen): string[] {
  const modules = project.workspace ? project.modules : [command.module];
  const own = project.modules.map(({ path }) => path);
  const isForeign = (name: string) =>
    (name.split('/')[0] ?? '').includes('.') && !own.some(path => name === path || name.startsWith(`${path}/`));
  const imports = files.flatMap(path => project.files.get(path)?.imports ?? []);
  return [...new Set([...modules.flatMap(({ requires }) => requires), ...imports])].filter(isForeign);
}

/** With go.sum the modules are a layer of their own; without it the imports decide, and they need the whole tree. */
function dependencySteps(chosen: Chosen): Step[] {
  const { tree, workspace } = chosen.project;
  const at = placeOf(chosen);
  if (hasFile(tree, joined(at, 'vendor/modules.txt'))) return [copyAll];
  if (workspace) return [copyAll, ...workspaceSteps(chosen)];
  const manifest = joined(at, 'go.mod');
  if (!hasFile(tree, manifest)) return [copyAll, run('install', 'go mod init app && go mod tidy')];
  if (namesOf(chosen).length === 0) return [copyAll];
  if (!hasFile(tree, joined(at, 'go.sum'))) return [copyAll, run('install', `${go(at)} mod tidy`)];
  const replaces = /=>[ \t]{0,20}\.{1,2}\//.test(tree.read(manifest) ?? '');
  if (replaces || at !== '') return [copyAll, run('install', `${go(at)} mod download`)];
  return [copy(['go.mod', 'go.sum'], './'), run('install', 'go mod download'), copyAll];
}

/** `go mod tidy` knows no workspace; `go work sync` writes the sums that its modules lack. */
function workspaceSteps(chosen: Chosen): Step[] {
  if (namesOf(chosen).length === 0) return [];
  const { tree, modules } = chosen.project;
  const summed = modules.every(
    ({ folder, requires }) => requires.length === 0 || hasFile(tree, joined(folder, 'go.sum')),
  );
  return [run('install', summed ? 'go mod download' : 'go work sync && go mod download')];
}
