import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect, test } from 'vitest';
import type { Job, Pod } from './artifact/world.ts';
import { leanFor } from './lean.ts';

const metadata = { name: 'todo', namespace: 'vibed-alice', uid: 'uid-1', labels: { a: 'b' } };
const lean = (kind: Parameters<typeof leanFor>[0], object: KubeObject) => leanFor(kind)?.(object);

test('a Job keeps whether it may run and how it ended', () => {
  const job: Job = {
    metadata,
    spec: { suspend: true, backoffLimit: 2, template: { spec: { containers: [{ name: 'build' }] } } },
    status: { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }], active: 1 },
  };
  expect(lean(kinds.job, job)).toEqual({
    metadata,
    spec: { suspend: true },
    status: { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] },
  });
});

test('a pod keeps its address, its readiness and what its containers say', () => {
  const said = { terminated: { exitCode: 0, message: '{"ok":true}' } };
  const pod: Pod = {
    metadata,
    spec: { containers: [{ name: 'app' }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      qosClass: 'Burstable',
      conditions: [
        { type: 'Initialized', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
      initContainerStatuses: [
        { name: 'source', image: 'i', imageID: 'i@1', ready: true, restartCount: 0, state: said, containerID: 'c' },
      ],
    },
  };
  expect(lean(kinds.pod, pod)).toEqual({
    metadata,
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      initContainerStatuses: [{ name: 'source', image: 'i', ready: true, restartCount: 0, state: said }],
    },
  });
});

test('what is compared with a wish stays whole', () => {
  for (const kind of [kinds.deployment, kinds.service, kinds.ingress]) expect(leanFor(kind)).toBeUndefined();
});
