import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect, test } from 'vitest';
import type { Deployment, Job, Pod } from './artifact/world.ts';
import type { KnativeService } from './deployer/knative-objects.ts';
import { leanFor } from './lean.ts';

const metadata = { name: 'todo', namespace: 'vibed-alice', uid: 'uid-1', labels: { a: 'b' } };
const lean = (kind: Parameters<typeof leanFor>[0], object: KubeObject) => leanFor(kind)(object);

test('a Job keeps whether it may run and how it ended', () => {
  const job: Job = {
    metadata,
    spec: { suspend: true, backoffLimit: 2, template: { spec: { containers: [{ name: 'build' }] } } },
    status: {
      conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', lastTransitionTime: '2026-01-01' }],
      active: 1,
    },
  };
  expect(lean(kinds.job, job)).toEqual({
    metadata,
    spec: { suspend: true },
    status: { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] },
  });
});

test('only annotations of vibeD are kept', () => {
  const annotations = { 'vibed.dev/desired-hash': 'h', 'example.com/large': 'text' };
  expect(lean(kinds.ingress, { metadata: { ...metadata, annotations } }).metadata.annotations).toEqual({
    'vibed.dev/desired-hash': 'h',
  });
  expect(lean(kinds.ingress, { metadata: { ...metadata, annotations: { a: 'b' } } })).toEqual({ metadata });
});

test('a ConfigMap keeps what finds it again', () => {
  const configMap = {
    metadata: { ...metadata, annotations: { long: 'text' }, finalizers: ['theirs'] },
    data: { a: 'b' },
  };
  expect(lean(kinds.configMap, configMap as KubeObject)).toEqual({ metadata });
});

test('a pod keeps its address, its readiness and what its containers say', () => {
  const said = { exitCode: 0, message: '{"ok":true}' };
  const pod: Pod = {
    metadata: { ...metadata, annotations: { long: 'text' } },
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
        {
          name: 'source',
          image: 'i',
          imageID: 'i@1',
          ready: true,
          restartCount: 0,
          state: { terminated: { ...said, finishedAt: '2026-01-01' } },
          containerID: 'c',
        },
      ],
      containerStatuses: [
        {
          name: 'app',
          image: 'i',
          imageID: 'i@1',
          ready: false,
          restartCount: 1,
          state: { running: { startedAt: '2026-01-01' } },
          lastState: { waiting: { reason: 'ErrImagePull', message: 'not found' } },
        },
      ],
    },
  };
  const kept = { image: 'i', restartCount: 0 };
  expect(lean(kinds.pod, pod)).toEqual({
    metadata,
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      initContainerStatuses: [{ ...kept, name: 'source', ready: true, state: { terminated: said }, lastState: {} }],
      containerStatuses: [
        {
          ...kept,
          name: 'app',
          ready: false,
          restartCount: 1,
          state: { running: {} },
          lastState: { waiting: { reason: 'ErrImagePull', message: 'not found' } },
        },
      ],
    },
  });
});

test('a pod keeps since when its app runs until it is ready', () => {
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const app = { name: 'app', image: 'i', imageID: 'i@1', ready: false, restartCount: 0, state };
  const pod = (ready: string): Pod => ({
    metadata,
    status: { conditions: [{ type: 'Ready', status: ready }], containerStatuses: [app] },
  });
  expect(lean(kinds.pod, pod('False'))).toMatchObject({ status: { containerStatuses: [{ state }] } });
  expect(lean(kinds.pod, pod('True'))).toMatchObject({ status: { containerStatuses: [{ state: { running: {} } }] } });
});

test('a Deployment keeps its spec, and what goes wrong', () => {
  const deployment: Deployment = {
    metadata,
    spec: { replicas: 1, selector: {}, template: {} },
    status: {
      observedGeneration: 3,
      readyReplicas: 1,
      conditions: [
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
        { type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' },
      ],
    },
  };
  expect(lean(kinds.deployment, deployment)).toEqual({
    metadata,
    spec: deployment.spec,
    status: {
      observedGeneration: 3,
      conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }],
    },
  });
});

test('a Knative Service keeps its spec, which is sent back, and what the Route says', () => {
  const service: KnativeService = {
    metadata,
    spec: { traffic: [{ revisionName: 'todo-1', percent: 100 }] },
    status: {
      observedGeneration: 2,
      url: 'http://todo.example.com',
      traffic: [{ revisionName: 'todo-1', percent: 100 }],
      conditions: [{ type: 'RoutesReady', status: 'True' }],
    },
  };
  expect(lean(kinds.knativeService, service)).toEqual(service);
});

test('equal parts of two objects are one', () => {
  const service = () => ({ metadata, spec: { ports: [{ name: 'http', port: 80 }] } });
  const [one, two] = [lean(kinds.service, service()), lean(kinds.service, service())] as ReturnType<typeof service>[];
  expect(one).toEqual(service());
  expect(two?.spec.ports).toBe(one?.spec.ports);
});
