/** The command that the author already starts the application with: the `web` line of a Procfile, or a compose file's. */
import { composeCommand } from './compose.ts';
import { webLine } from './procfile.ts';
import { gunicorn, type PythonStart, uvicorn } from './python-start.ts';
import type { SourceTree } from './source-tree.ts';
import { cmd } from './steps.ts';

/** Characters of a line that is followed. */
const most = 501;

const servers: Readonly<Record<string, string>> = {
  gunicorn,
  uvicorn,
  daphne: 'daphne',
  hypercorn: 'hypercorn',
  'waitress-serve': 'waitress',
};

/** The start by the Procfile, else what the sources say, else the command of a compose file. */
export function writtenStart(tree: SourceTree, found: PythonStart | undefined): PythonStart | undefined {
  return (
    lineStart(webLine(tree) ?? '', 'the web line of Procfile names the command', found) ??
    found ??
    lineStart(composeCommand(tree) ?? '', 'the compose file names the command', undefined)
  );
}

/** The line's start, with what the sources say about the framework; undefined when the line needs more than plain words. */
function lineStart(line: string, why: string, found: PythonStart | undefined): PythonStart | undefined {
  const words = line.length > most ? [] : line.split(/[ \t]/).filter(word => word !== '');
  const program = words[0];
  if (program === undefined || program.includes('=') || !words.every(isWord)) return undefined;
  const server = Object.hasOwn(servers, program) ? servers[program] : undefined;
  const others = found?.needs.filter(name => name !== gunicorn && name !== uvicorn) ?? [];
  const follows = words.some(word => /\$\{?PORT/.test(word)) || program === 'gunicorn';
  return {
    ...(found?.framework !== undefined && { framework: found.framework }),
    command: cmd(['sh', '-c', `exec ${words.join(' ')}`]),
    why,
    needs: [...others, ...(server === undefined ? [] : [server])],
    port: found?.port ?? 8000,
    followsPort: follows || (found?.followsPort ?? true),
    warnings: found?.warnings ?? [],
  };
}

/** A word that the shell passes on as it is, but for one $PORT. */
function isWord(word: string): boolean {
  return /^[A-Za-z0-9_@.+/=:,-]+$/.test(word.replace(/\$PORT$|\$\{PORT(?::-[0-9]{1,5})?\}/, '0'));
}
