/** What a slim Python base cannot give to a declared package, said before the build fails or the application crashes. */
import { shown } from './shown.ts';
import { hasFile, type SourceTree } from './source-tree.ts';

/** Warnings from the declared packages, requirements.txt and packages.txt. */
export function pythonWarnings(tree: SourceTree, names: ReadonlySet<string>): string[] {
  return [...nativePackages(names), ...aptPackages(tree), ...requirementLines(tree)];
}

function nativePackages(names: ReadonlySet<string>): string[] {
  const opencv = ['opencv-python', 'opencv-contrib-python'].filter(
    name => names.has(name) && !names.has(`${name}-headless`),
  );
  const warnings = opencv.map(
    name =>
      `${name} needs the system library libGL.so.1, which the image does not have: declare ${name}-headless, or bring a Dockerfile that installs libgl1`,
  );
  if (names.has('psycopg2'))
    warnings.push('psycopg2 needs a C compiler and libpq, which the base does not have: declare psycopg2-binary');
  if (names.has('mysqlclient'))
    warnings.push(
      'mysqlclient needs a C compiler and the MySQL client library, which the base does not have: use PyMySQL',
    );
  return warnings;
}

/** packages.txt is how Streamlit's own hosting asks for system packages. */
function aptPackages(tree: SourceTree): string[] {
  if (!hasFile(tree, 'packages.txt')) return [];
  const lines = (tree.read('packages.txt') ?? '').split('\n').map(line => line.trim());
  const packages = lines.filter(line => /^[a-z0-9][a-z0-9.+-]{1,60}$/.test(line)).slice(0, 8);
  if (packages.length === 0) return [];
  return [
    `packages.txt asks for system packages (${packages.join(', ')}), which are not installed: bring a Dockerfile`,
  ];
}

function requirementLines(tree: SourceTree): string[] {
  const lines = (tree.read('requirements.txt') ?? '').split('\n').map(line => line.trim());
  const git = lines.find(line => !line.startsWith('#') && line.includes('git+'));
  if (git === undefined) return [];
  const where = shown(git.replace(/\/\/[^/@]{0,200}@/, '//'));
  return [
    `requirements.txt names ${where}, but the base has no git: name a released version, or the address of an archive`,
  ];
}
