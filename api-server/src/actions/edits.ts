// Edits of text files: each old text must be there exactly once, and either all edits are made or none.
import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TreeFile } from '@vibed/store/tree-digest';
import { Problem } from '../problems.ts';
import { shown, type Tree, TreeCollector } from '../storage/tree.ts';
import { closest } from './closest.ts';

export interface Edit {
  path: string;
  old_text: string;
  new_text: string;
}

/** What edits may cost: a larger text is sent whole, which costs less than looking for places in it. */
const editable = { fileBytes: 1024 * 1024, allBytes: 16 * 1024 * 1024 };
const countedMatches = 1_000;

/** The tree with every edit made, in their order. */
export async function edited(files: readonly TreeFile[], edits: readonly Edit[]): Promise<Tree> {
  const byPath = new Map(files.map(file => [file.path, file]));
  const texts = new Map<string, string>();
  let left = editable.allBytes;
  for (const edit of edits) {
    const file = byPath.get(edit.path);
    if (file === undefined) throw notThere(edit.path, [...byPath.keys()]);
    const text = texts.get(edit.path) ?? textOf(file);
    left -= text.length;
    if (left < 0)
      throw refused(file.path, 'and the other files are too large for so many edits', 'send them in changed');
    texts.set(edit.path, editedText(text, edit));
    // A search takes milliseconds at most; a hundred of them give way to other work.
    await nextTurn();
  }
  return collected(
    [...byPath.values()].map(file => {
      const text = texts.get(file.path);
      return text === undefined ? file : { ...file, bytes: Buffer.from(text) };
    }),
  );
}

function textOf({ path, bytes }: TreeFile): string {
  if (bytes.length > editable.fileBytes)
    throw refused(
      path,
      `has ${bytes.length} bytes, and edits take at most ${editable.fileBytes}`,
      'send it whole, in changed',
    );
  if (!isUtf8(bytes)) throw refused(path, 'is not text', 'send it whole, in changed, as base64');
  return Buffer.from(bytes).toString('utf8');
}

function editedText(text: string, { path, old_text, new_text }: Edit): string {
  if (old_text === '')
    throw refused(path, 'has an empty old_text', 'quote the text that is to be replaced, or send the file in changed');
  const { first, count } = matchesOf(text, old_text);
  if (count === 0)
    throw refused(
      path,
      'does not hold the old_text',
      'quote it exactly, spaces and line ends included: get_artifact_source shows the file, and each ⟨U+…⟩ in it stands for one character',
    );
  if (count > 1)
    throw refused(
      path,
      `holds the old_text ${count === countedMatches ? `${count} times or more` : `${count} times`}`,
      'quote more of what is around it, so that it is there once',
    );
  const all = text.slice(0, first) + new_text + text.slice(first + old_text.length);
  if (all.length > editable.fileBytes)
    throw refused(path, `is longer than ${editable.fileBytes} bytes with the new text`, 'send it whole, in changed');
  return all;
}

/**
 * Where a part is first, and how often it is there, overlaps included, up to countedMatches. Knuth, Morris and Pratt's search: its
 * time is linear for any text and part, while that of indexOf() grows with their product.
 */
function matchesOf(text: string, part: string): { first: number; count: number } {
  const found = { first: -1, count: 0 };
  if (part.length > text.length) return found;
  const prefix = prefixesOf(part);
  let matched = 0;
  for (let at = 0; at < text.length && found.count < countedMatches; at += 1) {
    while (matched > 0 && text.charCodeAt(at) !== part.charCodeAt(matched)) matched = prefix[matched - 1] ?? 0;
    if (text.charCodeAt(at) === part.charCodeAt(matched)) matched += 1;
    if (matched < part.length) continue;
    if (found.count === 0) found.first = at + 1 - part.length;
    found.count += 1;
    matched = prefix[matched - 1] ?? 0;
  }
  return found;
}

/** For each beginning of the part: the length of its longest proper beginning that is its end as well. */
function prefixesOf(part: string): Int32Array {
  const prefix = new Int32Array(part.length);
  let length = 0;
  for (let at = 1; at < part.length; at += 1) {
    while (length > 0 && part.charCodeAt(at) !== part.charCodeAt(length)) length = prefix[length - 1] ?? 0;
    if (part.charCodeAt(at) === part.charCodeAt(length)) length += 1;
    prefix[at] = length;
  }
  return prefix;
}

const refused = (path: string, why: string, hint: string) =>
  new Problem('InvalidInput', `edits: ${shown(path)} ${why}`, { field: 'edits', hint });

/** The tree with files put in or replaced, and others gone. */
export function replaced(files: readonly TreeFile[], changed: readonly TreeFile[], deleted: readonly string[]): Tree {
  const all = new Map(files.map(file => [file.path, file]));
  for (const path of deleted) if (!all.delete(path)) throw notThere(path, [...all.keys()]);
  for (const file of changed) {
    const executable = all.get(file.path)?.executable ?? file.executable;
    all.set(file.path, { ...file, executable });
  }
  return collected(all.values());
}

function collected(files: Iterable<TreeFile>): Tree {
  const collector = new TreeCollector();
  for (const { path, bytes, executable } of files) collector.add(path, bytes, executable);
  return collector.finish();
}

function notThere(path: string, paths: readonly string[]): Problem {
  const meant = closest(path, paths);
  const hint =
    meant === undefined ? `the files are ${paths.slice(0, 20).map(shown).join(', ')}` : `did you mean ${meant}?`;
  return new Problem('InvalidInput', `there is no file ${shown(path)}`, { field: 'path', hint });
}
