import { describe, expect, it } from 'vitest';
import { dockerfileOf, planDockerfile, summaryOf, treeOf } from '../recipe.ts';
import { node } from './node.ts';

const settings = {
  bases: {
    node: 'node',
    python: 'python',
    go: 'go',
    rust: 'rust',
    rustRuntime: 'run',
    static: 'static',
    debian: 'debian',
  },
};

describe('Node projects', () => {
  it.each(node)('$name', ({ files, expect: expected }) => {
    const result = planDockerfile(treeOf(files), { language: 'auto' }, settings);
    if ('refused' in expected) {
      expect(result).toMatchObject({ ok: false, reason: expected.refused });
      for (const word of expected.says) expect(JSON.stringify(result)).toContain(word);
      return;
    }
    if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
    const { plan } = result;
    const text = 'stages' in plan.how ? dockerfileOf(plan.how.stages) : '';
    expect(plan.language).toBe(expected.language);
    if (expected.framework !== undefined) expect(plan.framework).toBe(expected.framework);
    const said = [...plan.why, ...plan.warnings, summaryOf(plan)].join('\n');
    for (const word of expected.says ?? []) expect(said).toContain(word);
    for (const word of expected.runs ?? []) expect(text).toContain(word);
    for (const word of expected.never ?? []) expect(text).not.toContain(word);
  });
});
