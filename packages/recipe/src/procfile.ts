/** What a Procfile says about the start of an application. */
import type { SourceTree } from './source-tree.ts';
import { cmd, isPlain, type Setting } from './steps.ts';

/** The text behind `web:`, whatever it is; undefined when there is none. */
export function webLine(tree: SourceTree): string | undefined {
  const line = (tree.read('Procfile') ?? '').split('\n').find(text => text.startsWith('web:'));
  return line?.slice('web:'.length).trim();
}

/** The command of the `web:` process; undefined when there is none, or when it is not one line of printable ASCII. */
export function procfileWeb(tree: SourceTree): string | undefined {
  const command = webLine(tree);
  return command !== undefined && /^[ -~]{1,500}$/.test(command) ? command : undefined;
}

/** A command line as the argv of an image: the program itself when every word is plain, a shell otherwise. */
export function commandOfLine(line: string): Setting & { do: 'cmd' } {
  const words = line.split(' ').filter(word => word !== '');
  const isOption = (word: string) => /^--?[A-Za-z][A-Za-z0-9=._/:-]{0,100}$/.test(word);
  const isProgram = isPlain(words[0] ?? '') && !(words[0] ?? '').includes('=');
  if (isProgram && words.every(word => isPlain(word) || isOption(word))) return cmd(words);
  // `exec` takes one program, not a list of commands or assignments.
  return cmd(['sh', '-c', isProgram && !/[;&|]/.test(line) ? `exec ${line}` : line]);
}
