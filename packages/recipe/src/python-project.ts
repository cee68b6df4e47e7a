/** What a Python project declares, and how that is installed. */
import { copy, isPlain } from './instructions.ts';
import { firstFile, hasFile, hasFolder, type SourceTree } from './source-tree.ts';

/** How the dependencies get into /venv. */
export interface PythonInstall {
  readonly why: string;
  /** Instructions of the build stage after `WORKDIR /app`. */
  readonly lines: readonly string[];
  /** Lower-case names of the declared packages; only a best reading, never used to install. */
  readonly names: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

const pip = '/venv/bin/pip install --no-cache-dir --disable-pip-version-check';

/** PEP 621 dependencies without the project itself: pip alone cannot install only those. */
const extractDependencies = `python3 -c 'import tomllib; print("\\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"].get("dependencies", [])))' > /tmp/requirements.txt`;

/** Reads the first manifest that exists: requirements.txt, then pyproject.toml. */
export function pythonInstall(tree: SourceTree): PythonInstall | undefined {
  const requirements = firstFile(tree, [
    'requirements.txt',
    'requirements/prod.txt',
    'requirements/production.txt',
    'requirements/base.txt',
  ]);
  if (requirements !== undefined) return fromRequirements(tree, requirements);
  const project = tree.read('pyproject.toml');
  if (project !== undefined) return fromProject(tree, project);
  if (!hasFile(tree, 'Pipfile')) return undefined;
  const names = declared(tree.read('Pipfile') ?? '', /^["']?([A-Za-z0-9][\w.-]*)["']?\s*=/);
  const lines = [copy([...['Pipfile', 'Pipfile.lock'].filter(path => hasFile(tree, path))], './'), ...pipenv(tree)];
  return {
    why: 'pipenv installs from Pipfile',
    lines,
    names,
    warnings: ['Pipfile is supported as it is; requirements.txt builds faster'],
  };
}

/** The installation of packages that the sources import and nobody declared. */
export function installPackages(packages: readonly string[]): string {
  return `RUN ${pip} ${packages.join(' ')}`;
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
  const files = whole ? 'COPY [".", "./"]' : copy([path, ...new Set(included)], './');
  const why = `pip installs from ${path}`;
  return { why, lines: [files, `RUN ${pip} -r ${path}`], names, warnings: [] };
}

function fromProject(tree: SourceTree, text: string): PythonInstall {
  const standard = /^\[project\]/m.test(text);
  const names = declared(text, /^\s*["']?([A-Za-z0-9][\w.-]*)/);
  const unlocked = firstFile(tree, ['uv.lock', 'pdm.lock', ...(standard ? ['poetry.lock'] : [])]);
  const warnings =
    unlocked === undefined
      ? []
      : [`${unlocked} is not used: pip resolves versions by itself; requirements.txt can pin them`];
  if (standard)
    return {
      why: 'pip installs the dependencies of pyproject.toml',
      lines: standardLines(tree, text),
      names,
      warnings,
    };
  if (!/^\[tool\.poetry\]/m.test(text))
    return { why: 'pyproject.toml declares no dependencies', lines: [], names, warnings: [] };
  const package_ = /^name\s*=\s*["']([\w.-]+)["']/m.exec(text)?.[1]?.replace(/[-.]/g, '_') ?? '';
  const isPackage =
    !/^package-mode\s*=\s*false/m.test(text) && (hasFolder(tree, package_) || hasFolder(tree, `src/${package_}`));
  if (isPackage)
    return { why: 'pip installs the Poetry package', lines: ['COPY [".", "./"]', `RUN ${pip} .`], names, warnings };
  return { why: 'poetry installs from pyproject.toml', lines: poetryLines(tree), names, warnings: [] };
}

/** The package itself is installed only where it cannot be imported from the working folder. */
function standardLines(tree: SourceTree, text: string): string[] {
  const lines = [copy(['pyproject.toml'], './'), `RUN ${extractDependencies} && ${pip} -r /tmp/requirements.txt`];
  const packaged = /^\[build-system\]/m.test(text) && tree.paths.some(path => /^src\/[^/]+\/__init__\.py$/.test(path));
  return packaged ? [...lines, 'COPY [".", "./"]', `RUN ${pip} --no-deps .`] : lines;
}

function poetryLines(tree: SourceTree): string[] {
  const files = ['pyproject.toml', 'poetry.lock'].filter(path => hasFile(tree, path));
  return [
    'RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore poetry==2.2.1',
    copy(files, './'),
    'RUN VIRTUAL_ENV=/venv PATH="/venv/bin:$PATH" poetry install --no-root --only main --no-interaction',
  ];
}

function pipenv(tree: SourceTree): string[] {
  const how = hasFile(tree, 'Pipfile.lock') ? 'install --deploy' : 'install --skip-lock';
  return [
    'RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore pipenv==2025.0.4',
    `RUN VIRTUAL_ENV=/venv PATH="/venv/bin:$PATH" pipenv ${how}`,
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
