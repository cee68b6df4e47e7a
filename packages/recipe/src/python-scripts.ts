/** The commands that a packaged Python project installs: https://packaging.python.org/en/latest/specifications/entry-points/ */
import { isPlain } from './steps.ts';
import { keysAt, textAt, tomlOf } from './toml.ts';

/** The one command that starts the project: the only one, or the one that is called like the project. */
export function projectScript(project: string): string | undefined {
  if (!isPackage(project)) return undefined;
  const table = tomlOf(project);
  const names = keysAt(table, 'project', 'scripts').filter(isPlain);
  return names.length === 1 ? names[0] : names.find(script => script === textAt(table, 'project', 'name'));
}

/** Whether the project is built and installed, not only run from its folder. */
export const isPackage = (project: string): boolean => /^\[build-system\]/m.test(project);

/** Whether it declares commands, which exist only after it is installed. */
export const declaresScripts = (project: string): boolean => /^\[project\.scripts\]/m.test(project);
