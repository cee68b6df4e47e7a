// The clone Job as a reviewer reads it, what must hold for each, what its pod says in the words of the Builder port, and what follows.
import type { CompactSpec } from '@vibed/store';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Child } from '../../artifact/outcome.ts';
import { settings as someSettings, worldOf } from '../../artifact/world.testing.ts';
import type { Job, Pod } from '../../artifact/world.ts';
import type { SourceReport } from '../../build-pod/job.ts';
import type { JobPlan } from '../builder.ts';
import { builders } from '../builders.ts';

const settings = {
  ...someSettings,
  registry: { ...someSettings.registry, pushSecret: 'push' },
  builds: { ...someSettings.builds, network: { httpsProxy: 'http://proxy:3128', npmRegistry: 'https://npm.example/' } },
};
const builder = builders({ settings, stepsImage: 'vibed/operator@sha256:op', caBundle: 'PEM' });
const key = 'k'.repeat(16);
const git = { url: 'https://git.example/x.git', ref: 'main', path: 'web', secretRef: { name: 'mine' } };
const specOf = (build: CompactSpec['build'] = {}): CompactSpec => ({ source: { git }, build });
const inputOf = (spec = specOf(), plan?: JobPlan) => ({ artifact: worldOf({ spec }).artifact, key, plan });
const desired = (spec?: CompactSpec, plan?: JobPlan) => builder.desired(inputOf(spec, plan));
const job = desired()[0]?.object as Job;
const pod = job.spec?.template.spec;
const sourceOf = (one: Job | undefined) => {
  const source = one?.spec?.template.spec?.initContainers?.find(c => c.name === 'source');
  return JSON.parse(source?.env?.find(e => e.name === 'VIBED_SOURCE')?.value ?? '').source;
};

const whyOf = (child: Child | undefined) => child?.object.metadata.annotations?.['vibed.dev/builder-why'];

describe('the clone Job', () => {
  it('is the golden one', async () => {
    const text = desired()
      .map(c => stringify(c.object, { lineWidth: 140, aliasDuplicateObjects: false }))
      .join('---\n');
    await expect(text).toMatchFileSnapshot('../goldens/clone.yaml');
  });

  it('is one that Pod Security restricted admits', () => {
    expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])])
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
  });

  it('shows each credential to one container, and no token to anyone', () => {
    const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
    const seeing = (volume: string) => all.filter(c => c.volumeMounts?.some(m => m.name === volume)).map(c => c.name);
    expect([seeing('git-credential'), seeing('credential')]).toEqual([['source'], ['keep']]);
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(all.find(c => c.name === 'source')?.env?.map(e => e.name)).not.toContain('VIBED_LAYERS');
  });

  it('runs git when nothing else runs', () => {
    expect(pod?.initContainers?.map(c => [c.name, c.restartPolicy])).toEqual([['source', undefined]]);
    expect(pod?.containers.map(c => c.name)).toEqual(['keep']);
  });

  it('has the credential copied to where it is, once for each of its starts', () => {
    const [, secret] = desired();
    expect(secret).toMatchObject({ completedBy: 'git-credential', createOnly: true, kind: { kind: 'Secret' } });
    expect(secret?.object.metadata).toMatchObject({ namespace: 'vibed-installs', name: job.metadata.name });
    expect(builder.inputs(inputOf(), job)).toEqual([secret]);
  });

  it('is the same for the same input, and beside the Job that follows it', () => {
    expect(desired()).toEqual(desired());
    const next = desired(specOf(), { builder: 'buildah', why: 'buildah: a reason' })[0]?.object.metadata;
    expect(next?.name).not.toBe(job.metadata.name);
    expect(job.metadata.labels?.['vibed.dev/build-key']).toBe(next?.labels?.['vibed.dev/build-key']);
    expect(`${'n'.repeat(40)}${job.metadata.name.slice('todo'.length)}`.length).toBeLessThanOrEqual(63);
  });
});

describe('Buildah', () => {
  it('clones in its own Job where it is asked for', () => {
    const [one, secret] = desired(specOf({ builder: 'buildah' }));
    expect(one?.object.metadata.namespace).toBe('vibed-builds');
    expect(secret?.object.metadata).toMatchObject({ namespace: 'vibed-builds', name: one?.object.metadata.name });
    expect(sourceOf(one?.object as Job)).toMatchObject({ kind: 'git', ref: 'main', path: 'web' });
    expect(whyOf(one)).toBe('buildah: spec.build.builder asks for it');
  });

  it('builds the commit that was looked at, whatever its branch is by then', () => {
    const plan = { builder: 'buildah', why: 'buildah: there is a Dockerfile of your own', commit: 'abc' } as const;
    const [one] = desired(specOf(), plan);
    expect(sourceOf(one?.object as Job)).toMatchObject({ kind: 'git', ref: 'abc', path: 'web' });
    expect(whyOf(one)).toBe(plan.why);
  });
});

describe('what the pod says', () => {
  const recipe = {
    language: 'static',
    why: ['index.html'],
    port: 8080,
    portWhy: '',
    portFollowsEnv: false,
    summary: 'Static files: the files are served as static pages',
    user: { uid: 10001 },
    readOnlyRoot: true,
    warnings: [],
  } as const;
  const found = { digest: 'sha256:tree', commit: 'abc', ignored: 1, ignoredSample: ['.env'] };
  const source: SourceReport = { ok: true, ...found, recipe, files: 1, bytes: 1 };
  const kept = { ok: true, digest: 'sha256:blob', user: 'set', exposed: [] };
  const ended = (name: string, exitCode: number, message?: object) => ({
    name,
    state: { terminated: { exitCode, ...(message && { message: JSON.stringify(message) }) } },
  });
  const podWith = (statuses: object[], more: object = {}) =>
    ({
      metadata: { name: 'p', namespace: 'vibed-installs', ownerReferences: [{ uid: 'job-uid' }] },
      status: { initContainerStatuses: statuses, ...more },
    }) as unknown as Pod;
  const observed = (pods: Pod[], conditions: object[] = [{ type: 'Failed', status: 'True' }], suspend = false) => {
    const metadata = { ...job.metadata, uid: 'job-uid' };
    const live = { ...job, metadata, spec: { suspend }, status: { conditions } } as Job;
    return builder.observe(key, live, pods, inputOf().artifact);
  };
  const complete = [{ type: 'Complete', status: 'True' }];

  it('is where the tree is, and what was found in it', () => {
    const one = podWith([ended('source', 0, source), ended('keep', 0, kept)]);
    expect(observed([one], [])).toEqual({ state: 'fetched', tree: { blob: 'sha256:blob', found } });
  });

  it.each([
    ['waits for its turn', [], [], true, 'queued'],
    ['clones', [podWith([])], [], false, 'running'],
    ['has cloned', [podWith([ended('source', 0, source)])], [], false, 'running'],
    ['is done before its pod is seen to be', [podWith([ended('source', 0, source)])], complete, false, 'running'],
    ['is done and has lost its pod', [], complete, false, 'failed'],
  ] as const)('%s', (_what, pods, conditions, suspend, state) => {
    expect(observed([...pods], [...conditions], suspend)).toMatchObject({ state });
  });

  const refused = (reason: string) => ended('source', 1, { ok: false, reason, message: 'm', remedy: 'r' });
  it.each([
    ['a ref that is not there', [refused('GitRefNotFound')], {}, 'GitRefNotFound'],
    ['a refused credential', [refused('GitAuthFailed')], {}, 'GitAuthFailed'],
    ['a server that is away', [refused('GitUnreachable')], {}, 'SourceUnavailable'],
    ['a tree that has no recipe', [refused('LanguageUnknown')], {}, 'LanguageUnknown'],
    ['a full disk', [], { reason: 'Evicted' }, 'DiskFull'],
    [
      'a registry that took nothing',
      [ended('source', 0, source), ended('keep', 42, { ok: false, step: 'push' })],
      {},
      'RegistryUnavailable',
    ],
    ['nothing at all', [], {}, 'BuildFailed'],
  ] as const)('is %s', (_what, statuses, more, reason) => {
    expect(observed([podWith([...statuses], more)])).toMatchObject({
      state: 'failed',
      reason,
      remedy: expect.stringMatching(/\w/),
      containers: ['source', 'keep'],
    });
  });

  it('is that it took too long', () => {
    expect(observed([], [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }])).toMatchObject({
      reason: 'BuildTimeout',
    });
  });
});
