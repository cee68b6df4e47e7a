import { expect, it } from 'vitest';
import { deployer } from '../artifact/world.testing.ts';
import { installManifests } from './manifests.ts';
import { buildRights, clusterRights, installRights, systemRights } from './rights.ts';

const rights = [...clusterRights([deployer]), ...buildRights, ...installRights, ...systemRights];

it('asks for no wildcard, no escalation and no way into a pod', () => {
  const text = JSON.stringify(rights.map(({ why: _, ...rule }) => rule));
  expect(text).not.toMatch(/"\*"|escalate|"bind"|impersonate|pods\/exec|pods\/attach|pods\/portforward/);
});

it('reads no Secret anywhere by default: a tenant has to opt in', () => {
  const secrets = rights.filter(r => r.resources.includes('secrets'));
  expect(new Set(secrets.flatMap(r => r.verbs))).toEqual(new Set(['create', 'delete']));
  const objects = installManifests('image', [deployer]) as {
    kind: string;
    roleRef?: { name: string };
    metadata: { name: string };
  }[];
  expect(objects.some(o => o.metadata.name === 'vibed-git-credentials')).toBe(true);
  expect(objects.some(o => o.roleRef?.name === 'vibed-git-credentials')).toBe(false);
});

it('says for each right what it is for', () => {
  for (const right of rights) expect(right.why).toMatch(/\w/);
});
