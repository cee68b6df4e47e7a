/** What a Python project declares, and how that is installed. */
import { lockedInstall, ownPackage, ownPip, pip, poetrySteps } from './python-locked.ts';
import { firstFile, hasFile, hasFolder, type SourceTree } from './source-tree.ts';
import { copy, copyAll, isPlain, run, type Step } from './steps.ts';

/** How the dependencies get into /venv. */
export interface PythonInstall {
  readonly why: string;
  /** Steps of the stage `build` in /app. */
  readonly steps: readonly Step[];
  /** Lower-case names of the declared packages; only a best reading, never used to install. */
  readonly names: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/** PEP 621 dependencies without the project itself: pip alone cannot install only those. */
const extractDependencies = `python3 -c 'import tomllib; print("\\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"].get("dependencies", [])))' > /tmp/requirements.txt`;

/** Reads the first manifest that exists: a lock file, requirements.txt, requirements.in, pyproject.toml, setup.py, then Pipfile. */
export function pythonInstall(tree: SourceTree): PythonInstall | undefined {
  const project = tree.read('pyproject.toml');
  const locked = project !== undefined && isStandard(project) ? lockedInstall(tree, project) : undefined;
  if (project !== undefined && locked !== undefined) return { ...locked, names: namesIn(project), warnings: [] };
  const requirements = firstFile(tree, [
    'requirements.txt',
    'requirements/prod.txt',
    'requirements/production.txt',
    'requirements/base.txt',
  ]);
  if (requirements !== undefined) return fromRequirements(tree, requirements);
  if (hasFile(tree, 'requirements.in')) return fromRequirements(tree, 'requirements.in');
  if (project !== undefined) return fromProject(tree, project);
  if (hasFile(tree, 'setup.py')) return fromSetup(tree);
  if (!hasFile(tree, 'Pipfile')) return undefined;
  const names = declared(tree.read('Pipfile') ?? '', /^["']?([A-Za-z0-9][\w.-]*)["']?\s*=/);
  const steps = [copy([...['Pipfile', 'Pipfile.lock'].filter(path => hasFile(tree, path))], './'), ...pipenv(tree)];
  return {
    why: 'pipenv installs from Pipfile',
    steps,
    names,
    warnings: ['Pipfile is supported as it is; requirements.txt builds faster'],
  };
}

/** The installation of packages that the sources import and nobody declared. */
export function installPackages(packages: readonly string[]): Step {
  return run('install', `${pip} ${packages.join(' ')}`);
}

function fromRequirements(tree: SourceTree, path: string): PythonInstall {
  const text = tree.read(path) ?? '';
  const names = new Set(declared(text, /^([A-Za-z0-9][\w.-]*)/));
  const local = /^[ \t]*(?:-e|--editable|\.|file:)/m.test(text) || path.includes('/');
  const included = [...text.matchAll(/^[ \t]*(?:-r|-c|--requirement|--constraint)[ =]+(\S+)/gm)].map(
    match => match[1] ?? '',
  );
  for (const file of included)
    for (const name of declared(tree.read(file) ?? '', /^([A-Za-z0-9][\w.-]*)/)) names.add(name);
  const whole = local || included.some(file => !isPlain(file) || file.includes('/') || !hasFile(tree, file));
  const files = whole ? copyAll : copy([path, ...new Set(included)], './');
  const why = `pip installs from ${path}`;
  return { why, steps: [files, run('install', `${pip} -r ${path}`)], names, warnings: [] };
}

function fromSetup(tree: SourceTree): PythonInstall {
  const names = declared(tree.read('setup.py') ?? '', /^["']([A-Za-z0-9][\w.-]*)/);
  const why = 'pip installs the project as setup.py declares it';
  return { why, steps: [copyAll, run('install', `${pip} .`)], names, warnings: [] };
}

/** A project without a lock file that its tool would install. */
function fromProject(tree: SourceTree, text: string): PythonInstall {
  const common = { names: namesIn(text), warnings: [] };
  const asPackage = [copyAll, run('install', `${pip} .`)];
  if (isStandard(text) && isDynamic(text)) return { ...common, why: 'pip installs the project', steps: asPackage };
  if (isStandard(text))
    return { ...common, why: 'pip installs the dependencies of pyproject.toml', steps: standardSteps(tree, text) };
  if (!/^\[tool\.poetry\]/m.test(text)) return { ...common, why: 'pyproject.toml declares no dependencies', steps: [] };
  if (isPoetryPackage(tree, text)) return { ...common, why: 'pip installs the Poetry package', steps: asPackage };
  return { ...common, why: 'poetry installs from pyproject.toml', steps: poetrySteps(tree, text) };
}

/** Whether the project is described as PEP 621 says. */
const isStandard = (project: string): boolean => /^\[project\]/m.test(project);

const namesIn = (project: string): Set<string> => declared(project, /^\s*["']?([A-Za-z0-9][\w.-]*)/);

function isPoetryPackage(tree: SourceTree, project: string): boolean {
  const name = /^name\s*=\s*["']([\w.-]+)["']/m.exec(project)?.[1]?.replace(/[-.]/g, '_') ?? '';
  return !/^package-mode\s*=\s*false/m.test(project) && (hasFolder(tree, name) || hasFolder(tree, `src/${name}`));
}

function standardSteps(tree: SourceTree, text: string): Step[] {
  const install = `${extractDependencies} && ${pip} -r /tmp/requirements.txt`;
  const dependencies = [copy(['pyproject.toml'], './'), run('install', install, 'pip install (pyproject.toml)')];
  return [...dependencies, ...ownPackage(tree, text)];
}

/** Whether the build backend computes the dependencies, from setup.py or a file that the project names. */
function isDynamic(project: string): boolean {
  return /^dynamic ?= ?\[[^\]]{0,200}["']dependencies["']/m.test(project);
}

function pipenv(tree: SourceTree): Step[] {
  const how = hasFile(tree, 'Pipfile.lock') ? 'install --deploy' : 'install --skip-lock';
  return [
    run('tool', `${ownPip} pipenv==2025.0.4`),
    run('install', `VIRTUAL_ENV=/venv PATH="/venv/bin:$PATH" pipenv ${how}`),
  ];
}

/** Package names at the starts of lines or as the first string of a list entry, normalised as PyPI does. */
function declared(text: string, pattern: RegExp): Set<string> {
  const names = new Set<string>();
  for (const line of text.split(/[\r\n,[]+/)) {
    const name = pattern.exec(line.trim())?.[1];
    if (name !== undefined) names.add(name.toLowerCase().replace(/[-_.]+/g, '-'));
  }
  return names;
}
