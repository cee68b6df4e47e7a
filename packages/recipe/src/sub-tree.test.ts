import { describe, expect, it } from 'vitest';
import { subTree } from './sub-tree.ts';

const files = (...paths: string[]) => paths.map(path => ({ path, size: path.length }));
const monorepo = files(
  'README.md',
  'backend/main.py',
  'backend/requirements.txt',
  'frontend/package.json',
  'frontend/src/main.ts',
);

describe('the folder of a source', () => {
  it('is the whole source unless a folder is named', () => {
    expect(subTree(monorepo, undefined)).toEqual({ ok: true, files: monorepo });
  });

  it('holds the files below it, named from there, with what else is known of them', () => {
    expect(subTree(monorepo, 'frontend')).toEqual({
      ok: true,
      files: [
        { path: 'package.json', size: 21 },
        { path: 'src/main.ts', size: 20 },
      ],
    });
    expect(subTree(files('a/b/c.py', 'a/bc/d.py'), 'a/b')).toMatchObject({ files: [{ path: 'c.py' }] });
  });

  it.each([
    ['nope', monorepo, 'no file of the source is below nope; the source has the folders backend, frontend'],
    ['front', monorepo, 'no file of the source is below front; the source has the folders backend, frontend'],
    ['README.md', monorepo, 'README.md is a file and no folder; the source has the folders backend, frontend'],
    [
      'web',
      files('docs/a.md', 'lib/b.txt'),
      'no file of the source is below web; the source has the folders docs, lib',
    ],
    ['web', files('index.html'), 'no file of the source is below web; the source has no folders'],
  ])('that is not there (%j) is refused with the folders that are', (folder, tree, message) => {
    expect(subTree(tree, folder)).toEqual({ ok: false, reason: 'PathNotFound', message, remedy: expect.any(String) });
  });

  it('is never guessed from many folders: the shallow ones are named, and not all', () => {
    const many = files(...Array.from({ length: 9 }, (_, i) => `apps/${i}/package.json`), 'web/package.json');
    expect(subTree(many, 'x')).toMatchObject({
      message: expect.stringMatching(/folders web, apps\/0, apps\/1, apps\/2, apps\/3, …$/),
    });
  });
});
