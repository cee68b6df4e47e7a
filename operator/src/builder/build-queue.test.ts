import { type KubeClient, KubeError, kinds } from '@vibed/store/kube';
import { beforeEach, expect, it } from 'vitest';
import { settings } from '../artifact/world.testing.ts';
import type { Job } from '../artifact/world.ts';
import type { ChildStore } from '../children.ts';
import { Metrics } from '../metrics.ts';
import { admitBuilds } from './build-queue.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const job = (name: string, tenant: string): Job => ({
  metadata: { name, namespace: 'vibed-builds', uid: name, labels: { 'vibed.dev/artifact-namespace': tenant } },
  spec: { suspend: true, template: {} },
});

let refusals: Record<string, KubeError>;
let asked: string[];
let metrics: Metrics;
beforeEach(() => {
  refusals = {};
  asked = [];
  metrics = new Metrics();
});

function round(...jobs: Job[]) {
  const client = {
    jsonPatch: async (_kind: unknown, { name }: { name: string }) => {
      asked.push(name);
      const refusal = refusals[name];
      if (refusal !== undefined) throw refusal;
      return { metadata: { name }, spec: { suspend: false } };
    },
  } as unknown as KubeClient;
  const children = {
    jobs: () => jobs,
    learn: (kind: unknown) => expect(kind).toBe(kinds.job),
  } as unknown as ChildStore;
  return admitBuilds({ client, children, settings, metrics, log });
}

it('starts as many as there are places', async () => {
  expect(await round(job('a', 'one'), job('b', 'two'), job('c', 'three'))).toEqual({});
  expect(asked).toEqual(['a', 'b']);
});

it.each([
  ['is refused', new KubeError('Forbidden', 'no'), { recheckAfterMs: 10_000 }, 1],
  ['fails', new KubeError('Unavailable', 'away'), { recheckAfterMs: 10_000 }, 1],
  ['is gone', new KubeError('NotFound', 'gone'), {}, 0],
])('gives the place of one that %s to the next', async (_what, error, settled, failures) => {
  refusals = { a: error };
  expect(await round(job('a', 'one'), job('b', 'two'), job('c', 'three'))).toEqual(settled);
  expect(asked).toEqual(['a', 'b', 'c']);
  expect(await metrics.registry.metrics()).toContain(`vibed_build_start_failures_total ${failures}`);
});

it('ends when none can be started', async () => {
  const jobs = ['a', 'b', 'c'].map(name => job(name, name));
  refusals = Object.fromEntries(jobs.map(({ metadata: { name } }) => [name, new KubeError('Forbidden', 'no')]));
  expect(await round(...jobs)).toEqual({ recheckAfterMs: 10_000 });
  expect(asked).toEqual(['a', 'b', 'c']);
});
