import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { buildRules, clusterRules } from './rights.ts';

it('has the rights its actions declare: no Secret is read, no child or status written, nothing escalated', async () => {
  const rules = [...clusterRules(), ...buildRules()];
  await expect(stringify({ cluster: clusterRules(), builds: buildRules() })).toMatchFileSnapshot('goldens/rights.yaml');
  const text = JSON.stringify(rules);
  for (const forbidden of ['*', 'impersonate', 'bind', 'escalate', 'pods/exec', 'artifacts/status'])
    expect(text).not.toContain(`"${forbidden}"`);
  expect(rules.find(rule => rule.resources.includes('secrets'))?.verbs).toEqual(['create', 'delete']);
  for (const child of ['deployments', 'services', 'ingresses', 'jobs']) expect(text).not.toContain(`"${child}"`);
});
