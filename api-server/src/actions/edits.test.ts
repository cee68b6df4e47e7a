import { describe, expect, it } from 'vitest';
import { edited, replaced } from './edits.ts';

const file = (path: string, text: string | Buffer, executable = false) => ({
  path,
  bytes: Buffer.from(text),
  executable,
});
const texts = (tree: { files: readonly { path: string; bytes: Uint8Array }[] }) =>
  Object.fromEntries(tree.files.map(f => [f.path, Buffer.from(f.bytes).toString()]));

describe('edits', () => {
  const files = [file('a.js', 'let a = 1;\nlet b = 1;\n', true), file('b.bin', Buffer.from([0xff, 0xfe]))];

  it('are made in order, on what the one before left, and leave everything else as it was', async () => {
    const tree = await edited(files, [
      { path: 'a.js', old_text: 'let a = 1', new_text: 'let a = 2' },
      { path: 'a.js', old_text: 'a = 2', new_text: "a = '$&$1'" },
    ]);
    expect(texts(tree)['a.js']).toBe("let a = '$&$1';\nlet b = 1;\n");
    expect(tree.files[0]?.executable).toBe(true);
    expect(tree.files[1]?.bytes).toEqual(files[1]?.bytes);
  });

  it.each([
    [{ path: 'a.js', old_text: '= 1', new_text: '' }, /2 times/],
    [{ path: 'a.js', old_text: 'let c', new_text: '' }, /does not hold/],
    [{ path: 'a.js', old_text: '', new_text: '' }, /empty old_text/],
    [{ path: 'A.JS', old_text: 'x', new_text: '' }, /no file/],
    [{ path: 'b.bin', old_text: 'x', new_text: '' }, /not text/],
  ])('refuse %j', async (edit, message) => {
    await expect(edited(files, [edit])).rejects.toThrow(message);
  });

  it('count matches that overlap as two', async () => {
    const edit = { path: 'a', old_text: 'aa', new_text: 'b' };
    await expect(edited([file('a', 'aaa')], [edit])).rejects.toThrow(/2 times/);
  });

  it.each([
    ['aab', 'xaaab', 2],
    ['abcabd', 'abcabcabdabc', 3],
    ['ü—', 'üü—ü', 1],
    ['end', 'the end', 4],
  ])('find %j in %j', async (old_text, text, at) => {
    const tree = await edited([file('a', text)], [{ path: 'a', old_text, new_text: '' }]);
    expect(texts(tree).a).toBe(text.slice(0, at) + text.slice(at + old_text.length));
  });

  it('replace whole files, keep who is executable, and delete', () => {
    const tree = replaced(files, [file('a.js', 'new'), file('c.txt', 'c')], ['b.bin']);
    expect(texts(tree)).toEqual({ 'a.js': 'new', 'c.txt': 'c' });
    expect(tree.files[0]?.executable).toBe(true);
    expect(() => replaced(files, [], ['nope'])).toThrow(/no file/);
  });
});
