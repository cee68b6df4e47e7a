import { describe, expect, it } from 'vitest';
import { dockerfileOf, planDockerfile, summaryOf, treeOf } from '../recipe.ts';
import type { Entry } from './entry.ts';
import { python } from './python.ts';

const names = ['node', 'python', 'go', 'rust', 'rustRuntime', 'static', 'debian'] as const;
const bases = Object.fromEntries(names.map(name => [name, `${name}:1`])) as Record<(typeof names)[number], string>;

function answerOf(files: Entry['files']) {
  const result = planDockerfile(treeOf(files), { language: 'auto' }, { bases });
  if (!result.ok) return { kind: result.reason, said: `${result.message}\n${result.remedy}`, printed: '' };
  const { plan } = result;
  const said = [...plan.why, summaryOf(plan), ...plan.warnings].join('\n');
  const printed = 'stages' in plan.how ? dockerfileOf(plan.how.stages) : '';
  return { kind: plan.language, framework: plan.framework, said, printed };
}

describe('a Python project gets its right answer', () => {
  it.each(python.map(entry => [entry.name, entry] as const))('%s', (_name, { files, expect: wanted }) => {
    const answer = answerOf(files);
    expect(answer.kind).toBe('refused' in wanted ? wanted.refused : wanted.language);
    for (const text of wanted.says ?? []) expect(answer.said).toContain(text);
    if ('refused' in wanted) return;
    if (wanted.framework !== undefined) expect(answer.framework).toBe(wanted.framework);
    for (const text of wanted.runs ?? []) expect(answer.printed).toContain(text);
    for (const text of wanted.never ?? []) expect(answer.printed + answer.said).not.toContain(text);
  });
});
