import { expect, it } from 'vitest';
import type { Pod } from '../artifact/world.ts';
import { overdueProblem, problemOf, pullProblemOf, startingPod } from './pod-problems.ts';

type Status = Partial<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]>;
const pod = (status: Status, deleting = false): Pod => ({
  metadata: { name: 'p', ...(deleting && { deletionTimestamp: 'x' }) },
  status: {
    containerStatuses: [
      { name: 'app', image: 'reg/x@sha256:1', imageID: '', ready: false, restartCount: 0, ...status },
    ],
  },
});
const waiting = (reason: string, message = '') => pod({ state: { waiting: { reason, message } } });
const crashed = (restartCount: number, exitCode: number, reason = 'Error') =>
  pod({
    restartCount,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode, reason } },
  });

it.each<[string, Pod, string | undefined]>([
  ['a starting container', waiting('ContainerCreating'), undefined],
  ['a first failed pull', waiting('ErrImagePull', 'not found'), undefined],
  [
    'an image that is not there',
    waiting('ImagePullBackOff', 'Back-off pulling image "x": ErrImagePull: x: not found'),
    'ImagePullFailed',
  ],
  [
    'a registry that is away for a moment',
    waiting('ImagePullBackOff', 'Back-off pulling image "x": dial tcp: connection refused'),
    undefined,
  ],
  ['a name that is none', waiting('InvalidImageName'), 'ImagePullFailed'],
  [
    'an image that runs as root',
    waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root (pod: "x")'),
    'NeedsRoot',
  ],
  ['a Secret that is not there', waiting('CreateContainerConfigError', 'secret "db" not found'), 'SecretMissing'],
  [
    'a key that is not there',
    waiting('CreateContainerConfigError', "couldn't find key url in Secret n/db"),
    'SecretMissing',
  ],
  [
    'a Secret that the kubelet has not read yet',
    waiting('CreateContainerConfigError', 'failed to sync secret cache: timed out waiting for the condition'),
    undefined,
  ],
  [
    'a runtime that is slow',
    waiting('CreateContainerError', 'failed to reserve container name "app_0": name "app_0" is reserved for "e1f0"'),
    undefined,
  ],
  [
    'a command that is not there',
    waiting('RunContainerError', 'exec: "nope": executable file not found in $PATH'),
    'CrashLoop',
  ],
  ['one crash', crashed(1, 1), undefined],
  ['a crash loop', crashed(2, 1), 'CrashLoop'],
  ['a program that ends', crashed(2, 0, 'Completed'), 'CrashLoop'],
  ['too much memory', crashed(1, 137, 'OOMKilled'), 'OutOfMemory'],
  [
    'one that runs again after crashes',
    pod({ restartCount: 5, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }),
    undefined,
  ],
  [
    'a pod that goes',
    {
      ...crashed(9, 1),
      ...pod(
        {
          restartCount: 9,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1 } },
        },
        true,
      ),
    },
    undefined,
  ],
])('%s', (_what, given, reason) => {
  expect(problemOf([given])?.reason).toBe(reason);
});

it('an image still unpulled when the start-up time is over is told as such', () => {
  expect(pullProblemOf([waiting('ImagePullBackOff', 'connection refused')])).toMatchObject({
    reason: 'ImagePullFailed',
  });
  expect(pullProblemOf([waiting('ContainerCreating')])).toBeUndefined();
});

it('a container still not made when the start-up time is over is told in the kubelet’s words', () => {
  const said = 'failed to sync secret cache: timed out waiting for the condition';
  expect(overdueProblem([waiting('CreateContainerConfigError', said)], 8080)).toMatchObject({
    reason: 'StartTimeout',
    message: `the container could not be started: ${said}`,
  });
});

it.each([
  [
    'exec: "gunicorn": executable file not found in $PATH: unknown',
    'DependencyMissing',
    /gunicorn/,
    /requirements\.txt/,
  ],
  ['exec: "/app/start.sh": permission denied: unknown', 'CrashLoop', /permission denied/, /spec\.run\.command/],
  ['exec /app/tool: exec format error', 'CrashLoop', /architecture/, /architecture/],
])('a command that the runtime cannot run is explained by its message: %s', (said, reason, message, remedy) => {
  const problem = problemOf([
    pod({
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 128, reason: 'StartError', message: `runc create failed: ${said}` } },
    }),
  ]);
  expect(problem?.reason).toBe(reason);
  expect(problem?.message).toMatch(message);
  expect(problem?.remedy).toMatch(remedy);
  expect(problem?.log).toBeUndefined();
});

it('finds a pod whose app runs and is not ready', () => {
  const startedAt = '2026-01-01T00:00:00.000Z';
  const starting = pod({ state: { running: { startedAt } } });
  expect(startingPod([crashed(1, 1), starting])).toMatchObject({ pod: starting, restartCount: 0 });
  const ready = { ...starting, status: { ...starting.status, conditions: [{ type: 'Ready', status: 'True' }] } };
  const going = { ...starting, metadata: { name: 'p', deletionTimestamp: 'x' } };
  expect(startingPod([ready, going, waiting('ContainerCreating')])).toBeUndefined();
});
