/** The `web` line of a Procfile: the command that the author already starts the application with. */
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

/** The line's start, with what the sources say about the framework; undefined when the line needs more than plain words. */
export function procfileStart(tree: SourceTree, found: PythonStart | undefined): PythonStart | undefined {
  const line = webLine(tree) ?? '';
  const words = line.length > most ? [] : line.split(/[ \t]/).filter(word => word !== '');
  const program = words[0];
  if (program === undefined || program.includes('=') || !words.every(isWord)) return undefined;
  const server = Object.hasOwn(servers, program) ? servers[program] : undefined;
  const others = found?.needs.filter(name => name !== gunicorn && name !== uvicorn) ?? [];
  const follows = words.some(word => /\$\{?PORT/.test(word)) || program === 'gunicorn';
  return {
    ...(found?.framework !== undefined && { framework: found.framework }),
    command: cmd(['sh', '-c', `exec ${words.join(' ')}`]),
    why: 'the web line of Procfile names the command',
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
