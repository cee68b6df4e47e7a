/** Python: a virtual environment made in one stage and copied into the next. */
import { localStateWarnings } from './local-state.ts';
import type { LanguageRule, Recipe, RuleInput } from './model.ts';
import { appUid, fault } from './model.ts';
import { writtenStart } from './python-procfile.ts';
import { installPackages, type PythonInstall, pythonInstall } from './python-project.ts';
import { mainPythonFile, type PythonStart, pythonStart } from './python-start.ts';
import { pythonWarnings } from './python-warnings.ts';
import { firstFile, folderOf, hasFile, type SourceTree } from './source-tree.ts';
import { copy, copyBuilt, env, run, runtime, type Setting, type Stages, type Step, workdir } from './steps.ts';

const manifests = ['requirements.txt', 'requirements.in', 'pyproject.toml', 'Pipfile', 'manage.py', 'setup.py'];

/** Trees with a Python manifest, or with a file that looks like the start of a Python application. */
export const pythonRule: LanguageRule = {
  language: 'python',
  detect(tree) {
    const manifest = firstFile(tree, manifests);
    if (manifest !== undefined && tree.paths.some(path => path.endsWith('.py'))) return `${manifest} is there`;
    const main = mainPythonFile(tree) ?? onlySource(tree);
    // A program with a manifest of its own is another application than what is here.
    const own = main === undefined ? '' : folderOf(main);
    if (
      own !== '' &&
      firstFile(
        tree,
        manifests.map(name => `${own}/${name}`),
      ) !== undefined
    )
      return undefined;
    return main === undefined ? undefined : `${main} is there, and no other language's manifest`;
  },
  recipe(input) {
    const declared = pythonInstall(input.tree);
    if (declared?.names.has('reflex'))
      return fault(
        'Unsupported',
        'this is a Reflex application: it needs Node.js beside Python, and two ports',
        'add a Dockerfile that runs `reflex run --env prod --single-port`',
      );
    const found = pythonStart(input.tree, declared?.names ?? new Set());
    const start = writtenStart(input.tree, found);
    if (start === undefined) {
      const message = 'no FastAPI, Flask, Django or similar application was found, and no main.py or app.py';
      return fault('EntrypointMissing', message, 'name the file that starts the server main.py, or add a Dockerfile');
    }
    return { ok: true, recipe: pythonRecipe(input, declared, start) };
  },
};

function pythonRecipe(input: RuleInput, declared: PythonInstall | undefined, start: PythonStart): Recipe {
  const { request, tree } = input;
  const missing = start.needs.filter(name => !declares(declared, name));
  const port = request.port ?? start.port;
  const install = [...(declared?.steps ?? []), ...(missing.length === 0 ? [] : [installPackages(missing)])];
  const why = [
    ...(declared === undefined ? ['no requirements.txt and no pyproject.toml'] : [declared.why]),
    start.why,
    ...missing.map(name => `${name} is installed, because it is needed and not declared`),
  ];
  return {
    language: 'python',
    ...(start.framework !== undefined && { framework: start.framework }),
    why: [...input.why, ...why],
    how: { stages: stagesOf(input, install, settingsOf(port, start)) },
    port,
    portWhy: portWhy(input, start),
    portFollowsEnv: start.followsPort,
    user: { uid: appUid },
    warnings: [
      ...(declared?.warnings ?? []),
      ...start.warnings,
      ...pythonWarnings(tree, declared?.names ?? new Set()),
      ...localStateWarnings(tree, declared?.names ?? []),
      ...sqliteImport(tree),
    ],
    readOnlyRoot: false,
  };
}

function stagesOf({ settings }: RuleInput, install: readonly Step[], last: readonly Step[]): Stages {
  const base = settings.bases.python;
  const source = copy(['.'], '/app/', appUid);
  if (install.length === 0) return { image: { base, steps: [source, ...last] } };
  const environment = [copyBuilt('/venv/', '/venv/'), source, ...env({ PATH: '/venv/bin:$PATH' })];
  return {
    build: { base, steps: [workdir('/app'), run('tool', 'python3 -m venv /venv'), ...install] },
    image: { base, steps: [...environment, ...last] },
  };
}

function settingsOf(port: number, { command }: PythonStart): (Setting | Step)[] {
  const variables = { PYTHONUNBUFFERED: 1, PYTHONDONTWRITEBYTECODE: 1, HOME: '/tmp', HOST: '0.0.0.0', PORT: port };
  return [workdir('/app'), ...env(variables), ...runtime(appUid, port), command];
}

function portWhy(input: RuleInput, start: PythonStart): string {
  if (input.request.port !== undefined) return 'named by the user';
  if (!start.followsPort) return 'written in the source';
  return start.framework === undefined ? 'PORT is set to 8080 by convention' : `the usual port of ${start.framework}`;
}

/** A pinned need counts as declared whatever version the project asks for. */
function declares(declared: PythonInstall | undefined, need: string): boolean {
  return declared?.names.has(need.split('==')[0] ?? need) ?? false;
}

function onlySource(tree: SourceTree): string | undefined {
  const files = tree.paths.filter(path => /^[^/]+\.py$/.test(path));
  return files.length === 1 && !hasFile(tree, 'index.html') ? files[0] : undefined;
}

/** sqlite3 is part of Python, so no dependency tells. */
function sqliteImport(tree: SourceTree): string[] {
  const path = tree.paths.find(
    file => file.endsWith('.py') && /^[ \t]*import[ \t]+sqlite3\b|sqlite:\/\/\//m.test(tree.read(file) ?? ''),
  );
  return path === undefined
    ? []
    : [`${path} uses SQLite; there is no durable disk: its data is gone with the next version or restart`];
}
