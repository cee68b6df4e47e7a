import { expect, test } from 'vitest';
import { KubeError } from './errors.ts';
import { exceededQuota } from './exceeded-quota.ts';

const message = (quota: string, list: string) =>
  `secrets "x" is forbidden: exceeded quota: ${quota}, requested: ${list}=1, used: ${list}=5, limited: ${list}=5`;

test.for([
  [message('vibed', 'count/secrets'), { quota: 'vibed', limits: 'count/secrets=5' }],
  [
    'pods "x" is forbidden: exceeded quota: vibed, requested: pods=1,requests.memory=1Gi, used: pods=9,requests.memory=1Gi, limited: pods=9,requests.memory=1Gi',
    { quota: 'vibed', limits: 'pods=9,requests.memory=1Gi' },
  ],
  ['exceeded quota: vibed', { quota: 'vibed', limits: 'it does not say what' }],
  ['status unknown for quota: vibed', undefined],
  ['secrets is forbidden: User "x" cannot create', undefined],
] as const)('%s', ([text, want]) => {
  expect(exceededQuota(new KubeError('Forbidden', text))).toEqual(want);
});

test('another failure is none of a quota, whatever it says', () => {
  expect(exceededQuota(new KubeError('Unavailable', message('vibed', 'pods')))).toBeUndefined();
  expect(exceededQuota(new Error(message('vibed', 'pods')))).toBeUndefined();
});
