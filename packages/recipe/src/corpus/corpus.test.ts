import { describe, expect, it } from 'vitest';
import { dockerfileOf, recipeFor, summaryOf, treeOf } from '../recipe.ts';
import type { Entry } from './entry.ts';
import { bases, corpus } from './index.ts';

/** What a person sees of the answer. */
function answerOf({ files, path }: Entry) {
  const result = recipeFor(treeOf(files), { language: 'auto', ...(path !== undefined && { path }) }, { bases });
  if (!result.ok) return { refused: result.reason, said: `${result.message}\n${result.remedy}`, printed: '' };
  const { recipe } = result;
  const said = [summaryOf(recipe), ...recipe.why, ...recipe.warnings].join('\n');
  const printed = 'stages' in recipe.how ? dockerfileOf(recipe.how.stages) : '';
  return { language: recipe.language, framework: recipe.framework, folder: recipe.folder, said, printed };
}

describe.each(Object.entries(corpus))('%s', (_title, entries) => {
  it.each(entries)('$name', entry => {
    const answer = answerOf(entry);
    const { expect: wanted } = entry;
    if ('refused' in wanted) {
      expect(answer.refused, answer.said).toBe(wanted.refused);
    } else {
      expect(answer.language, `${answer.refused}: ${answer.said}`).toBe(wanted.language);
      if (wanted.framework !== undefined) expect(answer.framework).toBe(wanted.framework);
      expect(answer.folder ?? '').toBe(wanted.folder ?? '');
      for (const text of wanted.runs ?? []) expect(answer.printed).toContain(text);
      for (const text of wanted.never ?? []) expect(`${answer.printed}\n${answer.said}`).not.toContain(text);
    }
    for (const text of wanted.says ?? []) expect(answer.said).toContain(text);
  });
});

it('no two entries have the same name', () => {
  const names = Object.values(corpus).flatMap(entries => entries.map(({ name }) => name));
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
