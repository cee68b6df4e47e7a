import { expect, it } from 'vitest';
import type { Job } from '../artifact/world.ts';
import { admit } from './admit.ts';

const job = (owner: string, name: string, more: Partial<Job> & { age?: number; suspended?: boolean } = {}): Job => ({
  metadata: {
    name,
    namespace: 'builds',
    labels: { owner },
    creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, more.age ?? 0)).toISOString(),
    ...more.metadata,
  },
  spec: { suspend: more.suspended ?? true, template: {} },
  ...(more.status && { status: more.status }),
});
const ownerOf = (j: Job) => j.metadata.labels?.owner ?? '';
const released = (jobs: Job[], parallel = 2, parallelPerOwner = 1) =>
  admit(jobs, { parallel, parallelPerOwner }, ownerOf).map(j => j.metadata.name);

it.each<[string, Job[], number, number, string[]]>([
  ['nothing waits', [job('a', 'a1', { suspended: false })], 2, 1, []],
  ['the longest waiting first', [job('a', 'late', { age: 9 }), job('b', 'early', { age: 1 })], 1, 1, ['early']],
  [
    'one owner does not take every place',
    [job('a', 'a1', { age: 1 }), job('a', 'a2', { age: 2 }), job('b', 'b1', { age: 3 })],
    2,
    1,
    ['a1', 'b1'],
  ],
  [
    'who runs least comes first',
    [job('a', 'a1', { suspended: false }), job('a', 'a2', { age: 1 }), job('b', 'b1', { age: 5 })],
    2,
    2,
    ['b1'],
  ],
  [
    'no place is left',
    [job('a', 'a1', { suspended: false }), job('b', 'b1', { suspended: false }), job('c', 'c1')],
    2,
    1,
    [],
  ],
  [
    'what has ended takes no place',
    [
      job('a', 'a1', { suspended: false, status: { conditions: [{ type: 'Complete', status: 'True' }] } }),
      job('a', 'a2'),
    ],
    1,
    1,
    ['a2'],
  ],
  [
    'what is being deleted takes no place and is not started',
    [job('a', 'a1', { metadata: { name: 'a1', deletionTimestamp: 'x', labels: { owner: 'a' } } }), job('b', 'b1')],
    1,
    1,
    ['b1'],
  ],
])('%s', (_name, jobs, parallel, perOwner, want) => {
  expect(released(jobs, parallel, perOwner)).toEqual(want);
});
