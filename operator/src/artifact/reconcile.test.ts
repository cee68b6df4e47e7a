// World in, ordered writes out. The doubles only write down what they are asked; what the real cluster makes of it, killed at
// any point, is proven in e2e (crash points).
import { finalizer } from '@vibed/crds';
import type { ArtifactStore, CompactArtifact } from '@vibed/store';
import { type Kind, KubeError, type KubeObject, kinds } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import type { ApplyProblem, ChildStore } from '../children.ts';
import { type Answer, Asker } from '../runtime/asker.ts';
import type { AnswerValue, Question } from './questions.ts';
import { type ReconcileContext, reconcile } from './reconcile.ts';
import {
  deploymentFor,
  factsFor,
  fileSpec,
  type Given,
  ingress,
  podFor,
  portsWith,
  readyStatus,
  recordFor,
  serviceFor,
  servingStatus,
  worldOf,
} from './world.testing.ts';

const spec = fileSpec();
const settled: Given = {
  spec,
  status: servingStatus(spec, 1),
  versions: [recordFor(spec, 1)],
  children: {
    deployments: [deploymentFor(spec)],
    pods: [podFor(spec, readyStatus)],
    services: [serviceFor(spec)],
    ingresses: [ingress],
  },
};

class Bench {
  readonly writes: string[] = [];
  problems: ApplyProblem[] = [];
  left: { kind: Kind; object: KubeObject }[] = [];
  /** To the question about images. */
  answer: Answer<AnswerValue> | undefined;
  readonly context: ReconcileContext;
  current: CompactArtifact;

  constructor(given: Given, metadata: Partial<CompactArtifact['metadata']> = { finalizers: [finalizer] }) {
    const world = worldOf(given);
    this.current = { ...world.artifact, metadata: { ...world.artifact.metadata, ...metadata } };
    const note = <T>(line: string, value: T): T => {
      this.writes.push(line);
      return value;
    };
    const store = {
      versions: () => world.versions,
      holdFinalizer: async (a: CompactArtifact) =>
        a.metadata.finalizers?.includes(finalizer)
          ? a
          : note('finalizer', { ...a, metadata: { ...a.metadata, finalizers: [finalizer] } }),
      releaseFinalizer: async () => note('release', undefined),
      recordVersion: async (_a: unknown, record: { version: number }) => note(`record v${record.version}`, undefined),
      dropVersion: async (_a: unknown, version: number) => note(`drop v${version}`, undefined),
      updateStatus: async (a: CompactArtifact, status: CompactArtifact['status']) => {
        this.current = { ...a, ...(status && { status }) };
        return note(`status ${status?.phase}`, this.current);
      },
    } as unknown as ArtifactStore;
    const children = {
      apply: async (wishes: { kind: { kind: string } }[]) =>
        note(`apply ${wishes.map(w => w.kind.kind).join(' ')}`, this.problems),
      remove: async (stale: { kind: { kind: string } }[]) =>
        stale.length > 0 ? note(`remove ${stale.map(s => s.kind.kind).join(' ')}`, []) : [],
      findAll: async () => this.left,
    } as unknown as ChildStore;
    const asker = {
      retain: () => undefined,
      ask: (_key: string, q: Question) => note(`ask ${q.kind}`, undefined),
    } as unknown as Asker<Question, AnswerValue>;
    const farewells = {
      ...asker,
      answers: () => new Map(this.answer === undefined ? [] : [['images/uid-1', this.answer]]),
    } as unknown as typeof asker;
    this.context = {
      farewells,
      tell: (_a, { reason }) => note(`tell ${reason}`, undefined),
      store,
      children,
      asker,
      answer: () => Promise.reject(new Error('not asked here')),
      ports: portsWith(),
      view: { get: () => this.current, all: () => [this.current] } as unknown as ReconcileContext['view'],
      observe: artifact => ({ ...world, artifact }),
      report: () => note('report', undefined),
    };
  }
  run = () => reconcile('vibed-alice/todo', this.context);
}

it('holds the Artifact before it makes anything, and reports last', async () => {
  const bench = new Bench({ spec }, {});
  await bench.run();
  expect(bench.writes).toEqual(['finalizer', 'apply Job', 'status pending', 'report']);
});

it('records a version before anything of it exists', async () => {
  const bench = new Bench({ spec, status: { build: factsFor(spec) } });
  await bench.run();
  expect(bench.writes).toEqual(['record v1', 'apply Deployment Service Ingress', 'status deploying', 'report']);
});

it('tells that a quota has no room for the record of a version, and makes nothing of it', async () => {
  const bench = new Bench({ spec, status: { build: factsFor(spec) } });
  const message = 'exceeded quota: vibed, requested: x=1, used: x=9, limited: count/controllerrevisions.apps=9';
  bench.context.store.recordVersion = () => Promise.reject(new KubeError('Forbidden', message));
  expect(await bench.run()).toEqual({ recheckAfterMs: 30_000 });
  expect(bench.writes).toEqual(['status failed', 'report']);
  expect(bench.current.status?.failure).toMatchObject({
    reason: 'QuotaExceeded',
    message: expect.stringContaining('count/controllerrevisions.apps=9'),
  });
});

it('tells that somebody else’s object has the name of a record', async () => {
  const bench = new Bench({ spec, status: { build: factsFor(spec) } });
  const message = 'ControllerRevision todo-v1 exists and does not belong to this Artifact';
  bench.context.store.recordVersion = () => Promise.reject(new KubeError('AlreadyExists', message));
  await bench.run();
  expect(bench.current.status?.failure).toMatchObject({ reason: 'NotOwned', message });
});

it('asks only after the status is written', async () => {
  const bench = new Bench({ ...settled, status: { build: factsFor(spec) } });
  await bench.run();
  expect(bench.writes).toEqual(['apply Deployment Service Ingress', 'status deploying', 'report', 'ask probe']);
});

it('writes nothing the second time', async () => {
  const bench = new Bench(settled);
  await bench.run();
  bench.writes.length = 0;
  await bench.run();
  expect(bench.writes).toEqual(['apply Deployment Service Ingress']);
});

it('tells a refused write as the failure it is, and looks again later', async () => {
  const bench = new Bench(settled);
  bench.problems = [{ reason: 'NotOwned', message: 'Service vibed-alice/todo exists', remedy: 'rename it' }];
  expect(await bench.run()).toEqual({ recheckAfterMs: 30_000 });
  expect(bench.current.status).toMatchObject({ phase: 'failed', failure: { reason: 'NotOwned', step: 'deploy' } });
});

it('forgets an Artifact that is gone', async () => {
  const bench = new Bench(settled);
  const context = { ...bench.context, view: { get: () => undefined } as unknown as ReconcileContext['view'] };
  expect(await reconcile('vibed-alice/todo', context)).toEqual({});
  expect(bench.writes).toEqual([]);
});

it('lets a deleted Artifact go only when nothing of it is found any more', async () => {
  const bench = new Bench(settled, { finalizers: [finalizer], deletionTimestamp: 'x' });
  const record = { kind: kinds.controllerRevision, object: { metadata: { name: 'v1' } } };
  bench.left = [
    { kind: kinds.deployment, object: { metadata: { name: 'd' } } },
    { kind: kinds.pod, object: { metadata: { name: 'p' } } },
    record,
  ];
  const runs = async () => {
    bench.writes.length = 0;
    return [await bench.run(), bench.writes];
  };
  expect(await runs()).toEqual([{ recheckAfterMs: 5_000 }, ['status deleting', 'report', 'remove Deployment']]);
  bench.left = [record];
  expect(await runs()).toEqual([{}, ['ask images']]);
  bench.answer = { at: 'x', error: new Error('the registry does not delete') };
  expect(await runs()).toEqual([{ recheckAfterMs: 0 }, ['remove ControllerRevision']]);
  bench.left = [];
  expect(await runs()).toEqual([{}, ['release', 'tell ImagesLeft']]);
});

it('lets it go also when the registry never answers', async () => {
  const bench = new Bench(settled, { finalizers: [finalizer], deletionTimestamp: 'x' });
  const { promise, resolve } = Promise.withResolvers<string>();
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  bench.context.farewells = new Asker({ concurrency: 1, timeoutMs: 20, onAnswer: resolve, log });
  bench.context.answer = () => new Promise(() => undefined);
  expect(await bench.run()).toEqual({});
  await promise;
  await bench.run();
  expect(bench.writes.slice(-2)).toEqual(['release', 'tell ImagesLeft']);
});

it('tries again what the cluster refuses to delete', async () => {
  const bench = new Bench(settled);
  bench.context.children.remove = async () => [
    { kind: kinds.deployment, object: { metadata: { name: 'old' } }, why: 'a webhook says no' },
  ];
  await expect(bench.run()).rejects.toThrow('Deployment old cannot be deleted: a webhook says no');
});

it('names what a deletion waits for, and lets the Artifact go without what the cluster refuses to delete', async () => {
  const requested = (at: string) => ({ finalizers: [finalizer], deletionTimestamp: at });
  const service = { kind: kinds.service, object: { metadata: { name: 'held', namespace: 'vibed-alice', uid: 's' } } };
  const held = (at: string) => {
    const bench = new Bench(settled, requested(at));
    bench.left = [service];
    bench.answer = { at: 'x', value: { kind: 'images', deleted: 0 } };
    bench.context.children.remove = async () => [{ ...service, why: 'a webhook says no' }];
    return bench;
  };
  const early = held('2025-12-31T23:59:00Z');
  expect(await early.run()).toEqual({ recheckAfterMs: 5_000 });
  expect(early.current.status?.conditions?.find(c => c.type === 'Reconciling')?.message).toBe(
    'still there: Service vibed-alice/held (a webhook says no)',
  );
  const late = held('2025-12-31T23:00:00Z');
  expect(await late.run()).toEqual({});
  expect(late.writes.slice(-2)).toEqual(['release', 'tell ChildrenLeft']);
});

it('lets an unexpected failure be one, and tells before how far it is', async () => {
  const bench = new Bench({ spec, status: { build: factsFor(spec) } });
  bench.context.children.apply = () => Promise.reject(new Error('a webhook is away'));
  await expect(bench.run()).rejects.toThrow('a webhook is away');
  expect(bench.writes).toEqual(['record v1', 'status deploying', 'report']);
});
