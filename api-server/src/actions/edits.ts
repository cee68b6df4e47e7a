// Edits of text files: each old text must be there exactly once, and either all edits are made or none. Pure.
import type { TreeFile } from '@vibed/store/tree-digest';
import { Problem } from '../problems.ts';
import { shown, type Tree, TreeCollector } from '../storage/tree.ts';
import { closest } from './input.ts';

export interface Edit {
  path: string;
  old_text: string;
  new_text: string;
}

/** The tree with every edit made, in their order. */
export function edited(files: readonly TreeFile[], edits: readonly Edit[]): Tree {
  const texts = new Map(files.map(file => [file.path, file]));
  for (const edit of edits) {
    const file = texts.get(edit.path);
    if (file === undefined) throw notThere(edit.path, [...texts.keys()]);
    texts.set(edit.path, { ...file, bytes: Buffer.from(editedText(file, edit)) });
  }
  return collected(texts.values());
}

function editedText({ bytes, path }: TreeFile, { old_text, new_text }: Edit): string {
  const refuse = (why: string, hint: string) =>
    new Problem('InvalidInput', `edits: ${shown(path)} ${why}`, { field: 'edits', hint });
  const buffer = Buffer.from(bytes);
  const text = buffer.toString('utf8');
  if (!Buffer.from(text).equals(buffer)) throw refuse('is not text', 'send it whole, in changed, as base64');
  if (old_text === '')
    throw refuse('has an empty old_text', 'quote the text that is to be replaced, or send the file in changed');
  const first = text.indexOf(old_text);
  if (first < 0)
    throw refuse(
      'does not hold the old_text',
      'quote it exactly, spaces and line ends included: get_artifact_source shows the file',
    );
  const times = text.split(old_text).length - 1;
  if (times > 1 || text.indexOf(old_text, first + 1) >= 0)
    throw refuse(
      `holds the old_text ${Math.max(2, times)} times`,
      'quote more of what is around it, so that it is there once',
    );
  return text.slice(0, first) + new_text + text.slice(first + old_text.length);
}

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
  const hint = meant === undefined ? `the files are ${paths.slice(0, 20).join(', ')}` : `did you mean ${meant}?`;
  return new Problem('InvalidInput', `there is no file ${shown(path)}`, { field: 'path', hint });
}
