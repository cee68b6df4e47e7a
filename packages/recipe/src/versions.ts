/** The base image of a language: the version that the source asks for, among those that the installation has. */
import { type BuildBases, fault, type Language, type Refusal, type RuleBases, type VersionedBase } from './model.ts';
import { listed, shown } from './shown.ts';
import type { SourceTree } from './source-tree.ts';
import { coverage, newestFirst, type Range } from './version-ranges.ts';
import { type Wanted, type Wish, wantedGo, wantedNode, wantedPython } from './wanted-versions.ts';

/** Languages whose version can be chosen, as the settings name them. */
export type VersionedLanguage = 'node' | 'python' | 'go';

const titles: Readonly<Record<VersionedLanguage, string>> = { node: 'Node.js', python: 'Python', go: 'Go' };
const wishes: Readonly<Record<VersionedLanguage, (tree: SourceTree) => Wish>> = {
  node: wantedNode,
  python: wantedPython,
  go: wantedGo,
};
const languages: Readonly<Partial<Record<Language, VersionedLanguage>>> = {
  nodejs: 'node',
  python: 'python',
  go: 'go',
};

/** The chosen base and the reason, or why none fits. */
export type VersionChoice = { readonly ok: true; readonly base: VersionedBase; readonly why: string } | Refusal;

/** Chooses the default (the first base) when that satisfies the source, else the newest base that does. */
export function chooseVersion(
  language: VersionedLanguage,
  wanted: Wanted | undefined,
  bases: readonly VersionedBase[],
): VersionChoice {
  const title = titles[language];
  const [first] = bases;
  if (first === undefined)
    return fault('VersionUnavailable', `no base for ${title} is configured`, administrator(language, title));
  if (wanted === undefined)
    return { ok: true, base: first, why: `${title} ${first.version} is the default: the source names no version` };
  const asked = `${wanted.file} asks for ${title} ${shown(wanted.asked)}`;
  const base = fitting(wanted.range, bases) ?? fitting(wanted.otherwise ?? [], bases);
  if (base !== undefined) return { ok: true, base, why: `${asked}: ${title} ${base.version} is used` };
  return fault(
    'VersionUnavailable',
    `${asked}, and vibeD builds with ${title} ${listed(sorted(bases).map(({ version }) => version))} here`,
    `change ${wanted.file} to a version that is configured, or ${administrator(language, `${title} ${shown(wanted.asked)}`)}`,
  );
}

/** The bases that a rule starts from, after the choice of a version. */
export type BasesChoice =
  | {
      readonly ok: true;
      readonly bases: RuleBases;
      readonly version?: string;
      readonly why: readonly string[];
      readonly warnings: readonly string[];
    }
  | Refusal;

/** Chooses the version of the language for this tree; the other languages have their defaults. */
export function basesFor(language: Language, tree: SourceTree, bases: BuildBases): BasesChoice {
  const versioned = languages[language];
  if (versioned === undefined) return { ok: true, bases: defaultBases(bases), why: [], warnings: [] };
  const { wanted, notes } = wishes[versioned](tree);
  const choice = chooseVersion(versioned, wanted, bases[versioned]);
  if (!choice.ok) return choice;
  const { base, why } = choice;
  return {
    ok: true,
    bases: { ...defaultBases(bases), [versioned]: base.image },
    version: base.version,
    why: wanted === undefined ? [] : [why],
    warnings: notes,
  };
}

/** The first base of each language; an empty text where a language has none. */
function defaultBases(bases: BuildBases): RuleBases {
  const image = (list: readonly VersionedBase[]) => list[0]?.image ?? '';
  return { ...bases, node: image(bases.node), python: image(bases.python), go: image(bases.go) };
}

/** The default when the range allows its newest release, else the newest such base; then the same with older releases of a base. */
function fitting(range: Range, bases: readonly VersionedBase[]): VersionedBase | undefined {
  for (const much of ['newest', 'some'] as const) {
    const found = bases.filter(({ version }) => coverage(range, version) === much);
    if (found.length > 0) return found.find(base => base === bases[0]) ?? sorted(found)[0];
  }
  return undefined;
}

const sorted = (bases: readonly VersionedBase[]) => [...bases].sort((a, b) => newestFirst(a.version, b.version));

const administrator = (language: VersionedLanguage, what: string): string =>
  `ask an administrator to add ${what} to builds.bases.${language} in the settings`;
