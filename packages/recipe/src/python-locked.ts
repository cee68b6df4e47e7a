/** Locked Python projects: the tool that wrote the lock file installs exactly what it names. */
import { declaresScripts, isPackage } from './python-scripts.ts';
import { hasFile, type SourceTree } from './source-tree.ts';
import { copy, copyAll, run, type Step } from './steps.ts';

/** Installs into the virtual environment that the image gets. */
export const pip = '/venv/bin/pip install --no-cache-dir --disable-pip-version-check';

/** Installs a tool beside the base's own Python, or into the user's folder where the user is not root. */
export const ownPip = 'pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore';

/** How a lock file is installed, and why so. */
export interface Locked {
  readonly why: string;
  readonly steps: readonly Step[];
}

/** The lock file of a PEP 621 project, in the order uv, PDM, Poetry; undefined when there is none. */
export function lockedInstall(tree: SourceTree, project: string): Locked | undefined {
  if (hasFile(tree, 'uv.lock')) return { why: 'uv installs from uv.lock', steps: uvSteps(tree, project) };
  if (hasFile(tree, 'pdm.lock')) return { why: 'PDM installs from pdm.lock', steps: pdmSteps(tree, project) };
  if (!hasFile(tree, 'poetry.lock')) return undefined;
  return { why: 'poetry installs from poetry.lock', steps: poetrySteps(tree, project) };
}

/** Whether the project can be imported, or its command started, only after it is installed. */
function isPackaged(tree: SourceTree, project: string): boolean {
  const isBelowSrc = tree.paths.some(path => /^src\/[^/]+\/__init__\.py$/.test(path));
  return isPackage(project) && (isBelowSrc || declaresScripts(project));
}

/** Poetry without the project itself, which is installed afterwards where it needs to be. */
export function poetrySteps(tree: SourceTree, project: string): Step[] {
  const files = ['pyproject.toml', 'poetry.lock'].filter(path => hasFile(tree, path));
  const install = 'VIRTUAL_ENV=/venv PATH="/venv/bin:$PATH" poetry install --no-root --only main --no-interaction';
  const sources = hasLocalSources(project) ? copyAll : copy(files, './');
  return [run('tool', `${ownPip} poetry==2.2.1`), sources, run('install', install), ...ownPackage(tree, project)];
}

/** uv never fetches another Python: what it installs must run on the base of the image. */
function uvSteps(tree: SourceTree, project: string): Step[] {
  const variables =
    'UV_PROJECT_ENVIRONMENT=/venv UV_PYTHON=/venv/bin/python UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy';
  const sync = `${variables} uv sync --no-cache --frozen --no-dev`;
  const tool = run('tool', `${ownPip} uv==0.13.9`);
  if (/^\[tool\.uv\.workspace\]/m.test(project))
    return [tool, copyAll, run('install', `${sync} --all-packages --no-editable`)];
  const sources = hasLocalSources(project) ? copyAll : copy(['pyproject.toml', 'uv.lock'], './');
  return [tool, sources, run('install', `${sync} --no-install-project`), ...ownPackage(tree, project)];
}

function pdmSteps(tree: SourceTree, project: string): Step[] {
  const install = 'VIRTUAL_ENV=/venv PATH="/venv/bin:$PATH" PDM_CHECK_UPDATE=0 pdm sync --prod --no-self --no-editable';
  const sources = hasLocalSources(project) ? copyAll : copy(['pyproject.toml', 'pdm.lock'], './');
  return [
    run('tool', `${ownPip} pdm==2.29.4 'hishel<2'`),
    sources,
    run('install', install),
    ...ownPackage(tree, project),
  ];
}

/** The project itself, without its dependencies, where it can be imported only then. */
export function ownPackage(tree: SourceTree, project: string): Step[] {
  if (!isPackaged(tree, project)) return [];
  return [copyAll, run('build', `${pip} --no-deps .`)];
}

/** Dependencies that are folders of the source tree. */
function hasLocalSources(project: string): boolean {
  return /\bpath ?= ?["']|file:/.test(project);
}
