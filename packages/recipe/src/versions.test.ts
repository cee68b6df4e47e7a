import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bases } from './corpus/index.ts';
import { versions } from './corpus/versions.ts';
import type { BuildBases } from './model.ts';
import { dockerfileOf, recipeFor, summaryOf, treeOf } from './recipe.ts';
import { parseRange } from './version-ranges.ts';
import { basesFor, chooseVersion } from './versions.ts';
import { wantedGo, wantedNode, wantedPython } from './wanted-versions.ts';

const imagesOf = ({ node, python, go }: BuildBases) => [...node, ...python, ...go].map(({ image }) => image);

describe('a tree that asks for a version', () => {
  it.each(versions.map(entry => [entry.name, entry] as const))('%s', (_, { files, expect: wanted }) => {
    const result = recipeFor(treeOf(files), { language: 'auto' }, { bases });
    if ('refused' in wanted) {
      if (result.ok) throw new Error(`it is built: ${result.recipe.why.join('; ')}`);
      expect(result.reason).toBe(wanted.refused);
      for (const text of wanted.says) expect(`${result.message}; ${result.remedy}`).toContain(text);
      return;
    }
    if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
    const { recipe } = result;
    const said = [...recipe.why, summaryOf(recipe), ...recipe.warnings].join('\n');
    const dockerfile = 'stages' in recipe.how ? dockerfileOf(recipe.how.stages) : '';
    expect(recipe.language).toBe(wanted.language);
    if (wanted.framework !== undefined) expect(recipe.framework).toBe(wanted.framework);
    for (const text of wanted.says ?? []) expect(said).toContain(text);
    for (const text of wanted.runs ?? []) expect(dockerfile).toContain(text);
    for (const text of wanted.never ?? []) expect(dockerfile).not.toContain(text);
  });

  it('has the version in its summary', () => {
    const [entry] = versions;
    const result = recipeFor(treeOf(entry?.files ?? {}), { language: 'auto' }, { bases });
    expect(result.ok && summaryOf(result.recipe)).toMatch(/^Python 3\.13: /);
  });
});

describe('the choice of a base', () => {
  const wanted = (asked: string) => ({ asked, file: '.nvmrc', range: parseRange(asked, 'semver') ?? [] });

  it('is the first of the list where nothing is asked for', () => {
    expect(chooseVersion('node', undefined, bases.node)).toMatchObject({ ok: true, base: { version: '24' } });
  });

  it('is the first that satisfies the range only when it is the default, else the newest', () => {
    const old = ['20', '22', '24'].map(version => ({ version, image: `node:${version}` }));
    expect(chooseVersion('node', wanted('>=18'), old)).toMatchObject({ base: { version: '20' } });
    expect(chooseVersion('node', wanted('>=21'), old)).toMatchObject({ base: { version: '24' } });
  });

  it('names the file, the version and what there is when none fits', () => {
    expect(chooseVersion('node', wanted('v18.20.0'), bases.node)).toEqual({
      ok: false,
      reason: 'VersionUnavailable',
      message: '.nvmrc asks for Node.js v18.20.0, and vibeD builds with Node.js 24, 22 and 20 here',
      remedy:
        'change .nvmrc to a version that is configured, or ask an administrator to add Node.js v18.20.0 to builds.bases.node in the settings',
    });
  });

  it('leaves the other languages on their defaults', () => {
    const tree = treeOf({ '.nvmrc': '20', '.python-version': '3.10' });
    expect(basesFor('nodejs', tree, bases)).toMatchObject({
      ok: true,
      version: '20',
      bases: { node: 'node:20-slim', python: 'python:3.13-slim', go: 'golang:1.26' },
    });
    expect(basesFor('static', tree, bases)).toMatchObject({ ok: true, bases: { node: 'node:24-slim' } });
  });
});

describe('whatever the files hold', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'lts/constructor',
      '__proto__',
      '[tools]\nnode = "',
      'go\ngo 1\n',
      '||',
      '{"engines":{"node":"||"}}',
    ),
  );
  const names = [
    '.nvmrc',
    '.node-version',
    '.python-version',
    '.go-version',
    '.tool-versions',
    'mise.toml',
    'runtime.txt',
  ];
  const files = fc.dictionary(fc.constantFrom(...names, 'package.json', 'pyproject.toml', 'Pipfile', 'go.mod'), text);
  const languages = fc.constantFrom('nodejs' as const, 'python' as const, 'go' as const);

  it('a base of the list is chosen, or the version is refused', () => {
    fc.assert(
      fc.property(files, languages, (tree, language) => {
        const choice = basesFor(language, treeOf(tree), bases);
        if (choice.ok) expect(imagesOf(bases)).toContain(choice.bases[language === 'nodejs' ? 'node' : language]);
        else expect(choice.reason).toBe('VersionUnavailable');
      }),
    );
  });

  it('files that name no version change nothing', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), text, languages, (name, content, language) => {
        const tree = { '.nvmrc': '22', 'runtime.txt': 'python-3.12', 'go.mod': 'go 1.25' };
        const more = { ...tree, [`other/${name}`]: content };
        expect(basesFor(language, treeOf(more), bases)).toEqual(basesFor(language, treeOf(tree), bases));
      }),
    );
  });
});

describe('what a tree asks for', () => {
  const asked = (wish: ReturnType<typeof wantedNode>) => wish.wanted && `${wish.wanted.file}: ${wish.wanted.asked}`;

  it.each([
    [{ '.tool-versions': '# tools\nnodejs\t22.1.0\n' }, '.tool-versions: 22.1.0'],
    [{ 'mise.toml': '[tools]\nnode = ["22", "20"]\n' }, 'mise.toml: 22'],
    [{ '.mise.toml': "[tools.node]\nversion = '20'\n" }, '.mise.toml: 20'],
    [{ '.nvmrc': 'lts/-1', 'package.json': '{"engines":{"node":"22"}}' }, 'package.json: 22'],
    [{ 'package.json': '{"engines":{"npm":">=9","node":7}}' }, undefined],
    [{ 'package.json': '{"engines":"22","volta":null,"devEngines":{"runtime":[null,{"name":"bun"}]}}' }, undefined],
    [{ 'package.json': 'no JSON' }, undefined],
  ])('Node: %j', (files, expected) => {
    expect(asked(wantedNode(treeOf(files as Record<string, string>)))).toBe(expected);
  });

  it.each([
    [{ Pipfile: '[requires]\npython_version = "3.12"\npython_full_version = "3.12.4"\n' }, 'Pipfile: 3.12.4'],
    [{ 'pyproject.toml': '[tool.other]\nrequires-python = ">=3.9"\n' }, undefined],
    [{ 'pyproject.toml': '[project]\nrequires-python = ">=3.12" # new syntax\n' }, 'pyproject.toml: >=3.12'],
    [{ 'pyproject.toml': '[tool.poetry.dependencies]\npython = { version = "^3.12" }\n' }, 'pyproject.toml: ^3.12'],
    [{ '.python-version': 'pypy3.10-7.3.12', 'runtime.txt': '3.11' }, 'runtime.txt: 3.11'],
  ])('Python: %j', (files, expected) => {
    expect(asked(wantedPython(treeOf(files as Record<string, string>)))).toBe(expected);
  });

  it.each([
    [{ 'go.mod': 'module x\ngo 1.22 // old\n' }, 'go.mod: 1.22 or newer'],
    [{ 'go.mod': 'module x\n' }, undefined],
    [{ '.go-version': 'go1.25.2\n' }, '.go-version: 1.25.2'],
  ])('Go: %j', (files, expected) => {
    expect(asked(wantedGo(treeOf(files as Record<string, string>)))).toBe(expected);
  });
});
