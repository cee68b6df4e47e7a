/** The commands that a packaged Python project installs: https://packaging.python.org/en/latest/specifications/entry-points/ */
import { parse } from 'smol-toml';
import { isRecord } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** The one command that starts the project: the only one, or the one that is called like the project. */
export function projectScript(project: string): string | undefined {
  const { name, scripts } = projectTable(project);
  if (!isPackage(project) || !isRecord(scripts)) return undefined;
  const names = Object.keys(scripts).filter(isPlain);
  return names.length === 1 ? names[0] : names.find(script => script === name);
}

/** Whether the project is built and installed, not only run from its folder. */
export const isPackage = (project: string): boolean => /^\[build-system\]/m.test(project);

/** Whether it declares commands, which exist only after it is installed. */
export const declaresScripts = (project: string): boolean => /^\[project\.scripts\]/m.test(project);

function projectTable(project: string): Readonly<Record<string, unknown>> {
  try {
    const table = parse(project).project;
    return isRecord(table) ? table : {};
  } catch {
    return {};
  }
}
