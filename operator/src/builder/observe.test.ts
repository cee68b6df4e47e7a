import { describe, expect, it } from 'vitest';
import type { Job, Pod } from '../artifact/world.ts';
import type { BuildReport, SourceReport } from '../build-pod/job.ts';
import { observeBuild } from './observe.ts';

const source = {
  ok: true,
  digest: 'sha256:tree',
  recipe: {
    language: 'nodejs',
    why: ['package.json'],
    port: 8080,
    portWhy: '',
    portFollowsEnv: true,
    summary: 'Static files: the files are served as static pages',
    user: { uid: 10001 },
    readOnlyRoot: false,
    warnings: [],
  },
  ignored: 0,
  ignoredSample: [],
  files: 1,
  bytes: 1,
} satisfies SourceReport;
const image = { ok: true, digest: 'sha256:image', user: '10001', exposed: ['8080/tcp'] } satisfies BuildReport;

const job = (conditions: { type: string; reason?: string }[] = [], suspend = false): Job => ({
  metadata: { name: 'j', uid: 'job' },
  spec: { suspend, template: {} },
  status: { conditions: conditions.map(c => ({ ...c, status: 'True' })) },
});
const ended = (name: string, message: unknown, exitCode = 0, reason = 'Completed') => ({
  name,
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
  state: {
    terminated: {
      exitCode,
      reason,
      ...(message !== undefined && { message: typeof message === 'string' ? message : JSON.stringify(message) }),
    },
  },
});
const pod = (sourceMessage: unknown, buildStatus?: ReturnType<typeof ended>): Pod => ({
  metadata: { name: 'p', ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'job' }] },
  status: {
    initContainerStatuses: [ended('source', sourceMessage)],
    containerStatuses: buildStatus ? [buildStatus] : [],
  },
});
const see = (j: Job, p?: Pod) => observeBuild('k', j, p ? [p] : [], d => `pull.example/x@${d}`);

describe('a build Job', () => {
  it('is queued while it is suspended, then runs', () => {
    expect(see(job([], true))).toEqual({ state: 'queued' });
    expect(see(job())).toEqual({ state: 'running' });
  });
  it('tells the facts of its image', () => {
    expect(see(job([{ type: 'Complete' }]), pod(source, ended('build', image)))).toMatchObject({
      state: 'succeeded',
      facts: {
        key: 'k',
        digest: 'sha256:image',
        image: 'pull.example/x@sha256:image',
        port: 8080,
        uid: 10001,
        language: 'nodejs',
        why: ['package.json'],
      },
    });
  });
  it('does not wait for the Job to say so', () => {
    expect(see(job(), pod(source, ended('build', image)))).toMatchObject({ state: 'succeeded' });
  });
  it('lets an image without a user, or with root, run as nobody in particular, and says so', () => {
    const own = { ...source, recipe: { ...source.recipe, language: 'dockerfile' as const, user: 'image' as const } };
    const seen = see(
      job([{ type: 'Complete' }]),
      pod(own, ended('build', { ...image, user: 'root', exposed: ['3000/tcp'] })),
    );
    expect(seen).toMatchObject({ facts: { uid: 10001, port: 3000, warnings: [expect.stringContaining('10001')] } });
  });
  it('reports what was left out', () => {
    const seen = see(
      job([{ type: 'Complete' }]),
      pod({ ...source, ignored: 2, ignoredSample: ['.env'] }, ended('build', image)),
    );
    expect(seen).toMatchObject({ facts: { warnings: ['left out of the build: .env, …'] } });
  });
  it('that ended well but lost its report is a failure with a remedy, not a guess', () => {
    expect(see(job([{ type: 'Complete' }]))).toMatchObject({
      state: 'failed',
      remedy: expect.stringContaining('vibed.dev/retry'),
    });
  });
  const fails = job([{ type: 'Failed', reason: 'PodFailurePolicy' }]);
  const evicted = (one: Pod): Pod => ({ ...one, status: { ...one.status, reason: 'Evicted' } });
  it.each<[string, Job, Pod | undefined, string]>([
    [
      'a refused source',
      fails,
      pod({ ok: false, reason: 'GitRefNotFound', message: 'm', remedy: 'r' }),
      'GitRefNotFound',
    ],
    ['a failed step', fails, pod(source, ended('build', { ok: false, step: 'build', code: 1 }, 40)), 'BuildFailed'],
    ['a killed step', fails, pod(source, ended('build', { ok: false, step: 'build', code: 137 }, 40)), 'OutOfMemory'],
    ['a killed container', fails, pod(source, ended('build', undefined, 137, 'OOMKilled')), 'OutOfMemory'],
    ['more on disk than its limit', fails, evicted(pod(source, ended('build', undefined, 137, 'Error'))), 'DiskFull'],
    ['its own time limit', fails, pod(source, ended('build', { ok: false, step: 'timeout' }, 44)), 'BuildTimeout'],
    ['the Job’s deadline', job([{ type: 'Failed', reason: 'DeadlineExceeded' }]), undefined, 'BuildTimeout'],
    [
      'a registry that takes nothing',
      fails,
      pod(source, ended('build', { ok: false, step: 'push' }, 42)),
      'RegistryUnavailable',
    ],
    [
      'a base that is not there',
      fails,
      pod(source, ended('build', { ok: false, step: 'base' }, 43)),
      'BaseUnavailable',
    ],
    ['words that are not ours', fails, pod('panic: x', ended('build', 'panic: y', 2)), 'BuildFailed'],
  ])('fails by %s', (_what, j, p, reason) => {
    expect(see(j, p)).toMatchObject({ state: 'failed', reason, remedy: expect.stringMatching(/\w/) });
  });
});
