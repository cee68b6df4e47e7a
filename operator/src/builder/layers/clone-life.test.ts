// A git source from clone to image with the real plan and builders, in a cluster that is a double: its Jobs do what real ones report.
// The operator is killed at each of its writes, with every answer that it had.
import type { ArtifactStatus } from '@vibed/crds';
import type { CompactSpec } from '@vibed/store';
import { expect, it } from 'vitest';
import { buildKey } from '../../artifact/keys.ts';
import { planFor } from '../../artifact/plan.ts';
import type { AnswerValue, LayersAnswer } from '../../artifact/questions.ts';
import { statusOf } from '../../artifact/status.ts';
import { portsWith, settings, worldOf } from '../../artifact/world.testing.ts';
import type { ConfigMap, Job, Pod } from '../../artifact/world.ts';
import { builders } from '../builders.ts';
import { isClone } from './clone.ts';

const spec: CompactSpec = { source: { git: { url: 'https://git.example/x.git', secretRef: { name: 'mine' } } } };
const ports = portsWith(builders({ settings, stepsImage: 'steps', caBundle: undefined }));
const recipe = {
  language: 'dockerfile',
  why: ['there is a Dockerfile'],
  port: 8080,
  portWhy: '',
  portFollowsEnv: true,
  summary: 'Static files: the files are served as static pages',
  user: 'image',
  readOnlyRoot: false,
  warnings: [],
};
const reports = {
  source: { ok: true, digest: 'sha256:tree', commit: 'abc', recipe, ignored: 0, ignoredSample: [], files: 1, bytes: 1 },
  keep: { ok: true, digest: 'sha256:blob', user: 'set', exposed: [] },
  build: { ok: true, digest: 'sha256:image', user: '10001', exposed: [] },
};

class Life {
  status: ArtifactStatus | undefined;
  readonly jobs = new Map<string, Job>();
  readonly logs = new Map<string, ConfigMap>();
  readonly pods: Pod[] = [];
  answers: Record<string, AnswerValue> = {};
  writes = 0;
  readonly #answer: LayersAnswer;
  readonly #killedAt: number;

  constructor(answer: LayersAnswer, killedAt = 0) {
    this.#answer = answer;
    this.#killedAt = killedAt;
  }

  /** Until the build is over. */
  run(): Life {
    for (let round = 0; round < 60; round += 1) {
      if (this.status?.build !== undefined || this.status?.failure !== undefined) return this;
      this.reconcile();
      this.#work();
    }
    throw new Error('the build did not come to an end');
  }

  reconcile(): void {
    const children = { jobs: [...this.jobs.values()], pods: this.pods, configMaps: [...this.logs.values()] };
    const world = worldOf({ spec, children, answers: this.answers, ...(this.status && { status: this.status }) });
    const next = planFor(world, ports);
    const status = statusOf(world, next, [], ports);
    expect(next.stale).toEqual([]);
    const isWritten = [
      ...next.desired.map(({ kind, object }) => () => {
        const there = kind.kind === 'Job' ? this.jobs : this.logs;
        if (!['Job', 'ConfigMap'].includes(kind.kind) || there.has(object.metadata.name)) return true;
        const metadata = { ...object.metadata, uid: object.metadata.name };
        there.set(metadata.name, { ...object, metadata } as Job);
        return this.#lives();
      }),
      () => {
        if (JSON.stringify(status) === JSON.stringify(this.status)) return true;
        this.status = status;
        return this.#lives();
      },
    ].every(write => write());
    this.answers = isWritten
      ? Object.fromEntries(next.asks.map(({ id, kind }) => [id, kind === 'layers' ? this.#answer : noLog]))
      : {};
  }

  #lives(): boolean {
    this.writes += 1;
    return this.writes !== this.#killedAt;
  }

  /** The queue lets Jobs in, and pods end. */
  #work(): void {
    for (const [name, job] of this.jobs) {
      if (job.spec?.suspend === true) this.jobs.set(name, { ...job, spec: { ...job.spec, suspend: false } });
      else if (!this.pods.some(p => p.metadata.name === name))
        this.pods.push(podOf(name, isClone(job) ? 'keep' : 'build'));
    }
  }
}

const noLog: AnswerValue = { kind: 'buildLog', tail: '', gzip: new Uint8Array() };

function podOf(name: string, last: 'keep' | 'build'): Pod {
  const ended = (container: 'source' | 'keep' | 'build') => ({
    name: container,
    state: { terminated: { exitCode: 0, message: JSON.stringify(reports[container]) } },
  });
  return {
    metadata: { name, namespace: 'x', ownerReferences: [{ uid: name }] },
    status: { initContainerStatuses: [ended('source')], containerStatuses: [ended(last)] },
  } as unknown as Pod;
}

const log = { kind: 'layers', log: 'said' } as const;
const byBuildah = { builder: 'buildah', why: 'buildah: there is a Dockerfile of your own', commit: 'abc' } as const;
const image = { key: buildKey(spec, undefined), digest: 'sha256:image', commit: 'abc', port: 8080 };

it.each<[string, LayersAnswer, object]>([
  ['an image by Buildah', { ...log, result: 'job', plan: byBuildah }, { jobs: 2, commit: 'abc' }],
  ['an image at once', { ...log, result: 'built', facts: image }, { jobs: 1, commit: 'abc' }],
  [
    'a refusal',
    { ...log, result: 'failed', reason: 'BuilderUnfit', message: 'm', remedy: 'r' },
    { jobs: 1, reason: 'BuilderUnfit' },
  ],
])('%s is the end, wherever the operator is killed', (_what, answer, wanted) => {
  const endOf = (life: Life) => {
    // A new operator, which has no answers, sees it the same way.
    life.answers = {};
    life.reconcile();
    const { jobs, logs, status } = life;
    return { jobs: jobs.size, logs: logs.size, commit: status?.build?.commit, reason: status?.failure?.reason };
  };
  const undisturbed = new Life(answer).run();
  const { writes } = undisturbed;
  const end = endOf(undisturbed);
  expect(end).toMatchObject(wanted);
  expect(writes).toBeGreaterThan(4);
  for (let at = 1; at <= writes; at += 1)
    expect(endOf(new Life(answer, at).run()), `killed at write ${at}`).toEqual(end);
});
