/** The port that a Deno program listens on. */
import type { SourceTree } from './source-tree.ts';

/** Where `Deno.serve` and `deno serve` listen when nobody names a port. */
export const denoPort = 8000;

/** Whether the file reads PORT from its environment. */
export function readsPort(tree: SourceTree, path: string): boolean {
  return /\benv\b[^\n]{0,80}\bPORT\b|\bPORT\b[^\n]{0,80}\benv\b/.test(tree.read(path) ?? '');
}

/** A port written into the file. */
export function writtenPort(tree: SourceTree, path: string): number | undefined {
  const text = tree.read(path) ?? '';
  if (readsPort(tree, path)) return undefined;
  const found =
    /\b(?:serve|listen)\s{0,9}\(\s{0,9}(?:[\w.]{1,60}\s{0,9},\s{0,9})?\{[^;{}]{0,300}?\bport\s{0,9}:\s{0,9}(\d{2,5})\b/.exec(
      text,
    ) ??
    /[)}],\s{0,9}\{[^;{}]{0,100}?\bport\s{0,9}:\s{0,9}(\d{2,5})\b/.exec(text) ??
    /\blisten\s{0,9}\(\s{0,9}(\d{2,5})\b/.exec(text) ??
    /\b(?:const|let|var)\s{1,9}port\s{0,9}(?::\s{0,9}number\s{0,9})?=\s{0,9}(\d{2,5})\b/i.exec(text);
  const port = Number(found?.[1]);
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** Whether the file listens where only the container itself can reach it. */
export function listensLocally(tree: SourceTree, path: string): boolean {
  return /\bhostname\s{0,9}:\s{0,9}["'`](?:localhost|127\.0\.0\.1)["'`]/.test(tree.read(path) ?? '');
}

/** Whether Deno can move the server of this program: one that opens its socket by hand, as older libraries do, stays where it is. */
export function isMovable(tree: SourceTree, path: string): boolean {
  return !/\bDeno\.listen\b|\bdeno\.land\/(?:std|x)\b/.test(tree.read(path) ?? '');
}
