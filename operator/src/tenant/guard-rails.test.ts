import { expect, it } from 'vitest';
import { settings } from '../artifact/world.testing.ts';
import { guardRails, isTenant } from './guard-rails.ts';

const namespace = (
  name: string,
  labels: Record<string, string> = { 'vibed.dev/owner': 'alice' },
  deletionTimestamp?: string,
) => ({
  metadata: { name, labels, ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
});

it.each([
  ['an owned one', namespace('vibed-alice'), true],
  ['nobody’s', namespace('someone-else', {}), false],
  ['a system one, even with the label', namespace('kube-system'), false],
  ['vibeD’s own, even with the label', namespace('vibed-system'), false],
  ['where builds run, even with the label', namespace('vibed-builds'), false],
  ['a protected one, even with the label', namespace('default'), false],
  ['one that goes', namespace('vibed-alice', { 'vibed.dev/owner': 'alice' }, 'x'), false],
])('keeps the guard rails of %s: %s', (_what, given, want) => {
  expect(isTenant(given, settings)).toBe(want);
});

it('gives a tenant a quota on Artifacts, a policy and an account without a token', () => {
  const rails = guardRails('vibed-alice', settings);
  expect(rails.map(r => r.kind.kind)).toEqual(['ServiceAccount', 'ResourceQuota', 'NetworkPolicy']);
  expect(rails[0]?.object).toMatchObject({ automountServiceAccountToken: false });
  expect(rails[1]?.object).toMatchObject({ spec: { hard: { 'count/artifacts.vibed.dev': '50' } } });
});
