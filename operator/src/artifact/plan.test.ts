import { kinds } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
import type { Builder, BuildState } from '../builder/builder.ts';
import type { Plan } from './plan.ts';
import { planFor } from './plan.ts';
import type { AnswerValue } from './questions.ts';
import { statusOf } from './status.ts';
import {
  builderSaying,
  deploymentFor,
  factsFor,
  fileSpec,
  type Given,
  hashFor,
  ingress,
  jobFor,
  knativeServiceFor,
  podFor,
  portsWith,
  readyStatus,
  recordFor,
  revisionFor,
  revisionReady,
  serviceFor,
  servingStatus,
  trafficTo,
  withKnative,
  worldOf,
} from './world.testing.ts';
import type { Job } from './world.ts';

const one = fileSpec('sha256:one');
const two = fileSpec('sha256:two');
const key = (spec = one) => factsFor(spec).key;
const probe = (status: number) => ({ kind: 'probe' as const, status, latencyMs: 3 });
const gateId = (spec = one) => `gate/${hashFor(spec)}`;
const said = (items: Plan['desired']) => items.map(c => `${c.kind.kind} ${c.object.metadata.name}`);

/** What a person and kubectl would see of this world: which step holds, what is made, what goes, what is asked, the phase. */
function seen(given: Given, builder = builderSaying()) {
  const world = worldOf(given);
  const ports = portsWith(builder);
  const plan = planFor(world, ports);
  const status = statusOf(world, plan, [], ports);
  const ready = status.conditions?.find(c => c.type === 'Ready');
  const service = plan.desired.find(c => c.kind.kind === 'Service')?.object as
    | { spec?: { selector?: Record<string, string> } }
    | undefined;
  return {
    desired: said(plan.desired),
    stale: plan.stale.map(s => `${s.kind.kind} ${s.object.metadata.name}`),
    asks: plan.asks.map(q => q.id),
    traffic: service?.spec?.selector?.['vibed.dev/version-hash'],
    phase: status.phase,
    ready: `${ready?.status} ${ready?.reason}`,
    serving: status.serving?.version,
    url: status.url,
    plan,
    status,
  };
}

const url = 'http://todo-2c15e910.apps.example.com';
const workload = (spec = one) => `Deployment todo-${hashFor(spec)}`;
const route = ['Service todo', 'Ingress todo'];
const serving = { status: servingStatus(one, 1), versions: [recordFor(one, 1)] };
const servingChildren = {
  deployments: [deploymentFor(one)],
  pods: [podFor(one, readyStatus)],
  services: [serviceFor(one)],
  ingresses: [ingress],
};

describe('accept', () => {
  it('refuses a namespace that nobody owns, and makes nothing', () => {
    expect(seen({ namespaceLabels: {} })).toMatchObject({
      desired: [],
      phase: 'failed',
      ready: 'False NamespaceRefused',
    });
  });
  it('refuses an object that got in before the schema did, alone', () => {
    const spec = { ...one, run: { port: 99999 } };
    expect(seen({ spec })).toMatchObject({ desired: [], phase: 'failed', ready: 'False Invalid' });
  });
  it('waits for a namespace that the watch has not told of yet', () => {
    const world = { ...worldOf(), namespace: undefined };
    const plan = planFor(world, portsWith());
    expect(plan).toMatchObject({ desired: [], recheckAfterMs: 2_000, accepted: { state: 'waiting' } });
    expect(statusOf(world, plan, [], portsWith())).toMatchObject({ phase: 'pending' });
  });
  it('makes nothing in a namespace that is being deleted', () => {
    const world = worldOf({ ...serving, children: {} });
    const leaving = { metadata: { ...world.namespace?.metadata, name: 'vibed-alice', deletionTimestamp: 'x' } };
    expect(planFor({ ...world, namespace: leaving }, portsWith())).toMatchObject({ desired: [], stale: [], asks: [] });
  });
  it('waits for a target that is not installed', () => {
    expect(seen({ spec: { ...one, target: 'knative' } })).toMatchObject({
      desired: [],
      phase: 'pending',
      ready: 'Unknown TargetUnavailable',
    });
  });
  it('stops the app and its builds on suspend, and keeps the versions', () => {
    const got = seen({
      ...serving,
      spec: { ...one, suspend: true },
      children: { ...servingChildren, jobs: [jobFor(key())] },
    });
    expect(got).toMatchObject({
      desired: [],
      phase: 'suspended',
      ready: 'True Suspended',
      serving: undefined,
      url: undefined,
    });
    expect(got.stale).toEqual([...route.toReversed(), workload(), `Job todo-${key()}`]);
    expect(got.plan.forget).toEqual([]);
  });
  it('starts again before expiresAt and looks again when it comes', () => {
    const spec = { ...one, expiresAt: '2026-01-01T00:01:00.000Z' };
    expect(seen({ spec }).plan.recheckAfterMs).toBe(60_050);
    expect(seen({ spec, at: new Date('2026-01-01T00:02:00Z') })).toMatchObject({
      phase: 'suspended',
      ready: 'True Expired',
    });
  });
});

describe('target', () => {
  const byKnative = { status: servingStatus(one, 1, 'knative'), versions: [recordFor(one, 1, 'knative')] };
  const said = (given: Given) => seen(given).status.conditions?.find(c => c.type === 'Accepted');

  it('takes the first that the cluster has, and says so', () => {
    expect(seen({ served: withKnative }).status.target).toBe('knative');
    expect(seen({}).status.target).toBe('kubernetes');
    expect(said({})?.message).toBe(
      'the spec can be acted on; auto chose kubernetes: an app stays where it runs, and else takes the first of knative, kubernetes',
    );
    expect(said({ spec: { ...one, target: 'kubernetes' }, served: withKnative })?.message).toContain(
      'kubernetes is the target that the spec names',
    );
  });
  it('stays where it runs when another one is installed', () => {
    const got = seen({ ...serving, children: servingChildren, served: withKnative });
    expect(got).toMatchObject({ phase: 'running', stale: [], desired: [workload(), ...route] });
    expect(got.status.target).toBe('kubernetes');
  });
  it('stays where it runs when the kind is away, and waits for it', () => {
    const got = seen(byKnative);
    expect(got).toMatchObject({
      desired: [],
      stale: [],
      phase: 'pending',
      ready: 'Unknown TargetUnavailable',
      serving: 1,
    });
    expect(got.status.conditions?.find(c => c.type === 'Available')).toMatchObject({
      status: 'False',
      reason: 'TargetUnavailable',
    });
  });
  it('stops on suspend also while its target is away', () => {
    const spec = { ...one, suspend: true, target: 'wasmcloud' as const };
    const got = seen({ ...serving, spec, children: servingChildren });
    expect(got).toMatchObject({ phase: 'suspended', stale: [...route.toReversed(), workload()] });
  });
  it('says what it knows of a target that is not there', () => {
    expect(said({ spec: { ...one, target: 'wasmcloud' } })?.message).toMatch(
      /wasmCloud v2 .* not installed.*spec.target: auto/,
    );
  });

  describe('is changed', () => {
    const spec = { ...one, target: 'knative' as const };
    const hash = hashFor(one, 'knative');
    const ksvc = 'Service todo-2c15e910';
    const changing = {
      spec,
      served: withKnative,
      generation: 2,
      status: { ...servingStatus(one, 1), desired: { version: 2, hash } },
      versions: [recordFor(one, 1), { ...recordFor(one, 2, 'knative'), spec }],
    };
    const there = {
      ...servingChildren,
      knativeRevisions: [revisionFor(one, revisionReady)],
      pods: [podFor(one, readyStatus), podFor(one, readyStatus, 'knative')],
    };
    const tagged = { ...there, knativeServices: [knativeServiceFor(one, [trafficTo(one, 2, 100)])] };
    const [gate, through] = [`gate/${hash}`, `route/${hash}`];

    it('by starting on the new one beside the old one, which keeps its route', () => {
      const got = seen({ ...changing, children: servingChildren });
      expect(got.desired).toEqual([ksvc, workload(), ...route]);
      expect(got).toMatchObject({ stale: [], serving: 1, url, phase: 'deploying' });
    });
    it('by giving up the old route only after the new one has answered at its own URL', () => {
      expect(seen({ ...changing, children: tagged })).toMatchObject({ asks: [gate], stale: [] });
      const moving = seen({ ...changing, children: tagged, answers: { [gate]: probe(200) } });
      expect(moving).toMatchObject({ asks: [gate], stale: ['Ingress todo'], serving: 1 });
      expect(moving.desired).toEqual([ksvc, workload()]);
    });
    it('by giving up the old workload only after the URL was answered by the new one', () => {
      const moved = { ...tagged, ingresses: [] };
      const asked = seen({ ...changing, children: moved, answers: { [gate]: probe(200) } });
      expect(asked).toMatchObject({ asks: [gate, through], stale: [] });
      const answers = { [gate]: probe(200), [through]: probe(200) };
      const proven = seen({ ...changing, children: moved, answers });
      expect(proven).toMatchObject({ serving: 2, stale: [] });
      const after = seen({ ...changing, status: proven.status, children: moved });
      expect(after).toMatchObject({ desired: [ksvc], stale: ['Service todo', workload()], phase: 'running' });
    });
    it('and changed back by the old route where the new one answers badly', () => {
      const moved = { ...tagged, ingresses: [] };
      const answers = { [gate]: probe(200), [through]: probe(503) };
      const asked = seen({ ...changing, children: moved, answers });
      const log = { [asked.asks[2] ?? '']: { kind: 'podLog' as const, tail: 'x' } };
      const got = seen({ ...changing, children: moved, answers: { ...answers, ...log } });
      expect(got).toMatchObject({ phase: 'failed', ready: 'False ProbeFailed', serving: 1, stale: [ksvc] });
      expect(got.desired).toEqual([workload(), ...route]);
    });
    it('and nothing of Kubernetes is left', () => {
      const status = servingStatus(one, 2, 'knative');
      const got = seen({ ...changing, status, children: tagged });
      expect(got.stale).toEqual(['Ingress todo', 'Service todo', workload()]);
    });
  });
});

describe('build, where the source can be looked at without a Job', () => {
  const asking = { ...builderSaying(), asks: () => true };
  const id = `layers/${key()}`;
  const log = 'said';
  const answered = (more: object) => ({ answers: { [id]: { kind: 'layers', log, ...more } as AnswerValue } });

  it('asks, and makes nothing meanwhile', () => {
    expect(seen({}, asking)).toMatchObject({ desired: [], asks: [id], phase: 'pending' });
  });
  it('deploys an image that was made at once, and keeps what was said', () => {
    const got = seen(answered({ result: 'built', facts: factsFor(one) }), asking);
    expect(got.desired).toEqual([`ConfigMap todo-log-${key().slice(0, 10)}`, workload(), ...route]);
    expect(got).toMatchObject({ phase: 'deploying', status: { build: { key: key() } } });
  });
  it('makes the Job that has to do it, and asks until it is there', () => {
    const plan = { builder: 'buildah', why: 'buildah: a reason' };
    expect(seen(answered({ result: 'job', plan }), asking)).toMatchObject({
      desired: [`Job todo-${key()}`],
      asks: [id],
      phase: 'pending',
    });
    expect(seen({ children: { jobs: [jobFor(key())] } }, asking)).toMatchObject({ asks: [], phase: 'building' });
  });
  it('fails with the reason, and does not ask again', () => {
    const failed = { result: 'failed', reason: 'RegistryUnavailable', message: 'm', remedy: 'r' };
    const got = seen(answered(failed), asking);
    expect(got).toMatchObject({ phase: 'failed', ready: 'False RegistryUnavailable' });
    expect(seen({ status: got.status }, asking)).toMatchObject({ asks: [], desired: [], phase: 'failed' });
  });
  it('asks anew in a moment where the answer was nobody’s fault', () => {
    const got = seen(answered({ result: 'again', message: 'm' }), asking);
    expect(got).toMatchObject({ asks: [], phase: 'pending', plan: { recheckAfterMs: 5_000 } });
    expect(seen({ status: got.status }, asking).asks).toEqual([id]);
  });
  it('asks nothing about an image that is known', () => {
    expect(seen({ ...serving, children: servingChildren }, asking).asks).not.toContain(id);
  });
});

describe('build, where a Job brings the source before it is looked at', () => {
  const tree = { blob: 'sha256:blob', found: { digest: 'sha256:tree', commit: 'abc', ignored: 0, ignoredSample: [] } };
  const job = jobFor(key());
  const step = { 'vibed.dev/build-step': 'clone' };
  const clone: Job = {
    metadata: { ...job.metadata, name: 'clone', labels: { ...job.metadata.labels, ...step } },
    spec: { suspend: false, template: {} },
  };
  const isClone = ({ metadata }: Job) => metadata.name === 'clone';
  const wanted = (name: string) => ({ kind: kinds.job, object: { metadata: { name } }, createOnly: true });
  /** What its two Jobs say. */
  const fetching = (state: BuildState, then: BuildState = { state: 'running' }): Builder => ({
    asks: () => false,
    desired: ({ plan }) => [wanted(plan === undefined ? 'clone' : `after-${plan.builder}`)],
    inputs: (_input, one) => [wanted(`input of ${one.metadata.name}`)],
    observe: (_key, one) => (isClone(one) ? state : then),
  });
  const fetched = fetching({ state: 'fetched', tree });
  const id = `layers/${key()}/sha256:blob`;
  const answered = (more: object) => ({ answers: { [id]: { kind: 'layers', log: 'said', ...more } as AnswerValue } });
  const cloned = { children: { jobs: [clone] } };
  const kept = `ConfigMap todo-log-${key().slice(0, 10)}`;
  const failedAnswer = { result: 'failed', reason: 'BuilderUnfit', message: 'm', remedy: 'r' };

  it('begins with that Job, and gives it what it needs until it is over', () => {
    expect(seen({}, fetched)).toMatchObject({ desired: ['Job clone'], asks: [], phase: 'pending' });
    const got = seen(cloned, fetching({ state: 'running' }));
    expect(got).toMatchObject({ desired: ['Job input of clone'], asks: [], phase: 'building' });
    expect(seen(cloned, fetched).desired).toEqual([]);
  });
  it('asks about the tree that was brought, also anew by an operator that has just begun', () => {
    const got = seen(cloned, fetched);
    expect(got).toMatchObject({ desired: [], stale: [], asks: [id], phase: 'building' });
    expect(got.plan.asks[0]).toMatchObject({ kind: 'layers', tree });
  });
  it('deploys an image that was made at once, without another Job', () => {
    const got = seen({ ...cloned, ...answered({ result: 'built', facts: factsFor(one) }) }, fetched);
    expect(got.desired).toEqual([kept, workload(), ...route]);
    expect(got).toMatchObject({ stale: [], phase: 'deploying', status: { build: { key: key() } } });
  });
  it('makes the Job that has to do the rest, and then follows that one alone', () => {
    const plan = { builder: 'buildah', why: 'buildah: a reason', commit: 'abc' };
    expect(seen({ ...cloned, ...answered({ result: 'job', plan }) }, fetched)).toMatchObject({
      desired: ['Job after-buildah'],
      asks: [id],
      stale: [],
    });
    for (const jobs of [[clone, job], [job, clone], [job]])
      expect(seen({ children: { jobs } }, fetched)).toMatchObject({
        desired: [`Job input of ${job.metadata.name}`],
        asks: [],
        stale: [],
        phase: 'building',
      });
  });
  it('is seen to build also while the second Job waits for its turn', () => {
    const waits = fetching({ state: 'fetched', tree }, { state: 'queued' });
    expect(seen({ children: { jobs: [clone, job] } }, waits)).toMatchObject({ phase: 'building' });
    expect(seen({ children: { jobs: [job] } }, waits)).toMatchObject({ phase: 'pending' });
  });
  it('fails with the reason, and does not ask again once it is told', () => {
    const got = seen({ ...cloned, ...answered(failedAnswer) }, fetched);
    expect(got).toMatchObject({ desired: [kept], phase: 'failed', ready: 'False BuilderUnfit' });
    const log = { metadata: { name: kept.slice('ConfigMap '.length), namespace: 'vibed-alice' } };
    const told = { status: got.status, children: { jobs: [clone], configMaps: [log] } };
    expect(seen(told, fetched)).toMatchObject({ desired: [], asks: [], phase: 'failed', ready: 'False BuilderUnfit' });
  });
  it('goes on where a failure on record is of a credential that was refused before', () => {
    const refused = { step: 'build', reason: 'SecretMissing', message: 'm', remedy: 'r' } as const;
    const status = { ...seen({}, fetched).status, failure: { version: 1, hash: key(), ...refused } };
    expect(seen({ ...cloned, status }, fetched)).toMatchObject({ asks: [id], phase: 'building' });
  });
  it('tells what the clone failed by, with its log', () => {
    const pod = { metadata: { name: 'p', namespace: 'vibed-installs' } };
    const failure = {
      reason: 'GitRefNotFound',
      message: 'm',
      remedy: 'r',
      containers: ['source', 'keep'],
      pod,
    } as const;
    const clonesNot = fetching({ state: 'failed', ...failure });
    const log = `buildLog/${key()}/p`;
    expect(seen(cloned, clonesNot)).toMatchObject({ asks: [log], desired: [] });
    const answers = { [log]: { kind: 'buildLog' as const, tail: 'no such ref', gzip: new Uint8Array() } };
    const got = seen({ ...cloned, answers }, clonesNot);
    expect(got).toMatchObject({ desired: [kept], phase: 'failed', ready: 'False GitRefNotFound' });
    expect(got.status.failure).toMatchObject({ step: 'build', excerpt: 'no such ref' });
  });
  it('gives up both Jobs of a spec that is not asked for any more', () => {
    const got = seen({ spec: two, generation: 2, children: { jobs: [clone, job] } }, fetched);
    expect(got.stale).toEqual(['Job clone', `Job ${job.metadata.name}`]);
  });
});

describe('build', () => {
  it('asks for one Job named by the key', () => {
    expect(seen({})).toMatchObject({
      desired: [`Job todo-${key()}`],
      stale: [],
      phase: 'pending',
      ready: 'Unknown BuildQueued',
    });
  });
  it('cancels the build of an older spec, and the running version stays', () => {
    const got = seen({
      ...serving,
      spec: two,
      generation: 2,
      children: { ...servingChildren, jobs: [jobFor('older')] },
    });
    expect(got.stale).toEqual(['Job todo-older']);
    expect(got.desired).toEqual([`Job todo-${key(two)}`, workload(), ...route]);
    expect(got).toMatchObject({ phase: 'pending', serving: 1, url });
  });
  it('builds nothing for a key whose image is a recorded fact', () => {
    const got = seen({ status: { build: factsFor(one) } });
    expect(got.desired).toEqual([workload(), ...route]);
  });
  it('builds nothing for a key that a recorded version had (rollback)', () => {
    const versions = [recordFor(one, 1), recordFor(two, 2)];
    const got = seen({ versions, status: servingStatus(two, 2), generation: 3 });
    expect(got.plan.candidate?.version).toBe(1);
    expect(got.desired).toEqual([workload(two), workload(one), ...route]);
  });
  it('builds again for a new retry annotation, as a new version', () => {
    const got = seen({ ...serving, annotations: { 'vibed.dev/retry': '2' } });
    expect(got.desired[0]).toMatch(/^Job /);
    expect(got.status.desired?.version).toBe(2);
  });
  it('starts the known image beside the serving version for a new restart annotation, as a new version', () => {
    const given = { ...serving, annotations: { 'vibed.dev/restart': '2' }, children: servingChildren };
    const got = seen(given);
    const restarted = got.plan.candidate;
    expect(got.status.desired?.version).toBe(2);
    expect(restarted).toMatchObject({ version: 2, restart: '2', build: factsFor(one), keys: [key()] });
    expect(restarted?.hash).not.toBe(hashFor(one));
    expect(got.desired).toEqual([workload(), `Deployment todo-${restarted?.hash}`, ...route]);
    expect(got).toMatchObject({ stale: [], traffic: hashFor(one), phase: 'deploying', serving: 1, url });
    // Without the annotation it is the first version again: nothing of it was forgotten.
    const versions = [...serving.versions, ...(restarted === undefined ? [] : [restarted])];
    expect(seen({ ...serving, versions, children: servingChildren }).plan.candidate?.version).toBe(1);
  });
  it('waits for the log of a failed build, then tells its last lines; the old version serves on', () => {
    const pod = { metadata: { name: 'p', namespace: 'vibed-builds' } };
    const failedBuild = builderSaying({
      state: 'failed',
      reason: 'BuildFailed',
      message: 'a step of the build failed',
      remedy: 'mend it',
      pod,
      containers: ['build'],
    });
    const given = { ...serving, spec: two, generation: 2, children: { ...servingChildren, jobs: [jobFor(key(two))] } };
    const id = `buildLog/${key(two)}/p`;
    expect(seen(given, failedBuild)).toMatchObject({ asks: [id], ready: 'Unknown Building' });
    const answers = {
      [id]: {
        kind: 'buildLog' as const,
        tail: "npm error 404  'left-padd@1' is not in this registry",
        gzip: new Uint8Array(),
      },
    };
    const told = seen({ ...given, answers }, failedBuild);
    expect(told).toMatchObject({ phase: 'failed', ready: 'False DependencyMissing', serving: 1, url });
    expect(told.status.failure).toMatchObject({ version: 2, step: 'build', excerpt: answers[id]?.tail });
    expect(told.desired).toContain(`ConfigMap todo-log-${key(two).slice(0, 10)}`);
  });
});

describe('deploy and verify', () => {
  const built = { status: { build: factsFor(one), desired: { version: 1, hash: hashFor(one) } } };
  const ready = {
    deployments: [deploymentFor(one)],
    pods: [podFor(one, readyStatus)],
    services: [serviceFor(one)],
    ingresses: [ingress],
  };
  const [gate, through] = [`gate/${hashFor(one)}`, `route/${hashFor(one)}`];

  it('waits while the workload’s status is older than its spec', () => {
    const stale = deploymentFor(one, { observedGeneration: 0 });
    expect(seen({ ...built, children: { deployments: [stale] } })).toMatchObject({
      phase: 'deploying',
      ready: 'Unknown Deploying',
      asks: [],
    });
  });
  it('asks a ready instance directly, then the route, and only then serves', () => {
    expect(seen({ ...built, children: ready })).toMatchObject({
      asks: [gate],
      phase: 'deploying',
      serving: undefined,
      url: undefined,
    });
    expect(seen({ ...built, children: ready, answers: { [gate]: probe(200) } })).toMatchObject({
      asks: [gate, through],
      serving: undefined,
    });
    const got = seen({ ...built, children: ready, answers: { [gate]: probe(200), [through]: probe(200) } });
    expect(got).toMatchObject({ phase: 'running', ready: 'True Verified', serving: 1, url });
    expect(got.status.serving?.probe).toMatchObject({ status: 200 });
  });
  it('runs with a broken page, and says so where kubectl shows it', () => {
    const faults = [{ path: '/notes/assets/a.js', kind: 'script' as const, status: 404, foundAt: '/assets/a.js' }];
    const answers = { [gate]: probe(200), [through]: { ...probe(200), faults } };
    const got = seen({ ...built, children: ready, answers });
    expect(got).toMatchObject({ phase: 'running', ready: 'True Verified' });
    expect(got.status.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(
      "this version receives the traffic, but: /notes/assets/a.js answers 404: the file is at /assets/a.js. Set base in vite.config.js to '/'.",
    );
  });
  it('names the setting where an app takes the host of its instance and refuses that of its URL', () => {
    const answers = { [gate]: probe(200), [through]: { ...probe(403), refusedHost: 'vite' as const } };
    const { asks } = seen({ ...built, children: ready, answers });
    const log = { kind: 'podLog' as const, tail: '' };
    const told = seen({ ...built, children: ready, answers: { ...answers, [asks.at(-1) ?? '']: log } });
    expect(told).toMatchObject({ phase: 'failed', ready: 'False ProbeFailed' });
    expect(told.status.failure?.remedy).toMatch(/^Add the app's host "todo[^"]*" to preview\.allowedHosts/);
  });
  it('does not ask again after a restart: the direct answer is a fact', () => {
    const status = { ...built.status, desired: { version: 1, hash: hashFor(one), probe: { status: 200, at: 'x' } } };
    expect(seen({ status, children: ready }).asks).toEqual([through]);
  });
  it('asks nothing and changes nothing once the version serves', () => {
    const got = seen({ ...serving, children: servingChildren });
    expect(got).toMatchObject({ asks: [], stale: [], phase: 'running', ready: 'True Verified' });
    expect(got.desired).toEqual([workload(), ...route]);
  });
  it('keeps the traffic on the old version until the new one has answered directly', () => {
    const children = {
      ...servingChildren,
      deployments: [deploymentFor(one), deploymentFor(two)],
      pods: [podFor(one, readyStatus), podFor(two, readyStatus)],
    };
    const given = {
      ...serving,
      spec: two,
      generation: 2,
      status: { ...serving.status, build: factsFor(two), desired: { version: 2, hash: hashFor(two) } },
      children,
    };
    expect(seen(given)).toMatchObject({ traffic: hashFor(one), serving: 1, stale: [] });
    expect(seen({ ...given, answers: { [`gate/${hashFor(two)}`]: probe(200) } })).toMatchObject({
      traffic: hashFor(two),
      serving: 1,
      stale: [],
    });
    const moved = { ...given, children: { ...children, services: [serviceFor(two)] } };
    const done = seen({
      ...moved,
      answers: { [`gate/${hashFor(two)}`]: probe(200), [`route/${hashFor(two)}`]: probe(200) },
    });
    expect(done).toMatchObject({ traffic: hashFor(two), serving: 2, ready: 'True Verified' });
  });
  it('removes the old workload only after the new version is on record as serving', () => {
    const children = {
      ...servingChildren,
      deployments: [deploymentFor(one), deploymentFor(two)],
      pods: [podFor(two, readyStatus)],
      services: [serviceFor(two)],
    };
    const got = seen({
      spec: two,
      generation: 2,
      status: servingStatus(two, 2),
      versions: [recordFor(one, 1), recordFor(two, 2)],
      children,
    });
    expect(got.stale).toEqual([workload(one)]);
  });
  it('removes a candidate that answers 500, and the old version never lost its traffic', () => {
    const children = {
      ...servingChildren,
      deployments: [deploymentFor(one), deploymentFor(two)],
      pods: [podFor(one, readyStatus), podFor(two, readyStatus)],
    };
    const given = {
      ...serving,
      spec: two,
      generation: 2,
      status: { ...serving.status, build: factsFor(two), desired: { version: 2, hash: hashFor(two) } },
      children,
    };
    const bad = { [`gate/${hashFor(two)}`]: probe(500) };
    const asked = seen({ ...given, answers: bad });
    expect(asked).toMatchObject({
      phase: 'deploying',
      stale: [],
      asks: [`gate/${hashFor(two)}`, expect.stringContaining('podLog/')],
    });
    const got = seen({
      ...given,
      answers: { ...bad, [asked.asks[1] ?? '']: { kind: 'podLog', tail: 'TypeError: x' } },
    });
    expect(got.status.failure?.excerpt).toBe('TypeError: x');
    // While the log is read nothing of the answer is on record, or it would be asked again.
    expect(asked.status.desired?.probe).toBeUndefined();
    expect(got.status.desired?.probe?.status).toBe(500);
    expect(got).toMatchObject({
      traffic: hashFor(one),
      serving: 1,
      url,
      phase: 'failed',
      ready: 'False ProbeFailed',
      stale: [workload(two)],
    });
    expect(got.desired).not.toContain(workload(two));
    const after = seen({ ...given, children: servingChildren, status: got.status });
    expect(after).toMatchObject({ asks: [], stale: [], phase: 'failed', ready: 'False ProbeFailed', serving: 1 });
    expect(after.desired).not.toContain(workload(two));
  });
  it('moves the traffic back when the URL answers badly, once the log is read', () => {
    const children = {
      ...servingChildren,
      deployments: [deploymentFor(one), deploymentFor(two)],
      pods: [podFor(one, readyStatus), podFor(two, readyStatus)],
      services: [serviceFor(two)],
    };
    const status = { ...serving.status, build: factsFor(two), desired: { version: 2, hash: hashFor(two) } };
    const given = { ...serving, spec: two, generation: 2, status, children };
    const bad = { [`gate/${hashFor(two)}`]: probe(200), [`route/${hashFor(two)}`]: probe(503) };
    const asked = seen({ ...given, answers: bad });
    expect(asked).toMatchObject({
      traffic: hashFor(two),
      stale: [],
      asks: [gateId(two), `route/${hashFor(two)}`, expect.stringContaining('podLog/')],
    });
    const told = seen({ ...given, answers: { ...bad, [asked.asks[2] ?? '']: { kind: 'podLog', tail: '' } } });
    expect(told).toMatchObject({
      traffic: hashFor(one),
      phase: 'failed',
      ready: 'False ProbeFailed',
      stale: [workload(two)],
      serving: 1,
    });
    const unrouted = { ...bad, [`route/${hashFor(two)}`]: { ...probe(404), isUnrouted: true as const } };
    expect(seen({ ...given, answers: unrouted })).toMatchObject({ phase: 'failed', ready: 'False RouteMissing' });
    // Also where the app itself has nothing at `/`: its 404 is another one.
    const bare = { ...unrouted, [`gate/${hashFor(two)}`]: probe(404) };
    expect(seen({ ...given, answers: bare })).toMatchObject({ phase: 'failed', ready: 'False RouteMissing' });
  });
  it.each([
    [
      'a crash',
      {
        restartCount: 2,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      },
      'TypeError: x',
      'CrashLoop',
    ],
    [
      'memory',
      {
        restartCount: 1,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      },
      '',
      'OutOfMemory',
    ],
    [
      'rights',
      {
        restartCount: 2,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      },
      'chown("/var/cache/nginx", 101) failed (1: Operation not permitted)',
      'NeedsRoot',
    ],
    [
      'a path that may not be written',
      {
        restartCount: 2,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      },
      "Error: EACCES: permission denied, mkdir '/data'",
      'CrashLoop',
    ],
  ])('tells a failed start with the app’s last lines: %s', (_what, container, tail, reason) => {
    const pod = podFor(one, {
      containerStatuses: [{ name: 'app', image: 'i', imageID: '', ready: false, ...container }],
    });
    const given = { ...built, children: { deployments: [deploymentFor(one)], pods: [pod] } };
    const asked = seen(given);
    expect(asked).toMatchObject({
      phase: 'deploying',
      asks: [expect.stringContaining('podLog/')],
    });
    const got = seen({ ...given, answers: { [asked.asks[0] ?? '']: { kind: 'podLog', tail } } });
    expect(got).toMatchObject({ phase: 'failed', ready: `False ${reason}`, stale: [workload()] });
    expect(got.status.failure?.excerpt).toBe(tail);
  });
  it.each([
    ['Server listening on http://localhost:3000', 'WrongPort', 'spec.run.port: 3000'],
    ['Listening on 127.0.0.1:8080', 'WrongPort', '0.0.0.0'],
    ['starting up…', 'StartTimeout', 'startupTimeout'],
  ])('explains an app that never takes connections: %s', (tail, reason, remedy) => {
    const overdue = deploymentFor(one, {
      observedGeneration: 1,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
    });
    const pod = podFor(one, {
      containerStatuses: [
        { name: 'app', image: 'i', imageID: '', ready: false, restartCount: 0, state: { running: {} } },
      ],
    });
    const given = { ...built, children: { deployments: [overdue], pods: [pod] } };
    const [id = ''] = seen(given).asks;
    const got = seen({ ...given, answers: { [id]: { kind: 'podLog', tail } } });
    expect(got.status.failure).toMatchObject({ reason, remedy: expect.stringContaining(remedy) });
  });
  describe('an app that runs without being ready', () => {
    const startedAt = '2026-01-01T00:00:00.000Z';
    const running = (more: object = {}) =>
      podFor(one, {
        containerStatuses: [
          { name: 'app', image: 'i', imageID: '', ready: false, restartCount: 0, state: { running: { startedAt } } },
        ],
        ...more,
      });
    const after = (seconds: number, more: Partial<Given> = {}, pod = running()) =>
      seen({
        ...built,
        children: { deployments: [deploymentFor(one)], pods: [pod] },
        at: new Date(Date.parse(startedAt) + seconds * 1000),
        ...more,
      });
    const log = (id: string | undefined, tail: string) => ({ [id ?? '']: { kind: 'podLog' as const, tail } });

    it('has its log read after 6, 20 and 60 seconds, and nothing is written for it', () => {
      const early = after(1);
      expect(early).toMatchObject({ asks: [], phase: 'deploying', plan: { recheckAfterMs: 5_000 } });
      const asked = after(6);
      expect(asked).toMatchObject({ asks: [expect.stringContaining('podLog/')], plan: { recheckAfterMs: 14_000 } });
      expect(after(15).asks).toEqual(asked.asks);
      expect(after(20).asks).not.toEqual(asked.asks);
      expect(after(61).plan.recheckAfterMs).toBeUndefined();
      const quiet = after(7, { status: early.status, answers: log(asked.asks[0], 'loading') });
      expect(quiet).toMatchObject({ asks: asked.asks, phase: 'deploying' });
      expect(quiet.status).toEqual(early.status);
    });
    it('fails at once when its log names another port, and is removed', () => {
      const [id] = after(6).asks;
      const got = after(6.5, { answers: log(id, 'up on 3000') });
      expect(got).toMatchObject({ phase: 'failed', ready: 'False WrongPort', stale: [workload()] });
      expect(got.status.failure).toMatchObject({
        step: 'deploy',
        remedy: expect.stringContaining('spec.run.port: 3000'),
        excerpt: 'up on 3000',
      });
    });
    it('is waited for while its log names the right port, or cannot be read', () => {
      const [id] = after(6).asks;
      expect(after(7, { answers: log(id, 'admin up on 3000\nup on 8080') }).phase).toBe('deploying');
      expect(after(7, { answers: log(id, '') }).phase).toBe('deploying');
    });
    it('is verified, whatever its log says, once it is ready', () => {
      const [id] = after(6).asks;
      const got = after(7, { answers: log(id, 'up on 3000') }, running(readyStatus));
      expect(got.asks).toEqual([gateId()]);
    });
    it('is not judged by its log while it serves: its port is proven', () => {
      expect(after(30, serving)).toMatchObject({ asks: [] });
    });
  });
  it('brings back a child of the serving version that somebody removed', () => {
    expect(seen({ ...serving, children: { ...servingChildren, services: [] } }).desired).toContain('Service todo');
  });
  it('says that a serving version which crashes does not answer, and keeps its workload', () => {
    const pod = podFor(one, {
      containerStatuses: [
        {
          name: 'app',
          image: 'i',
          imageID: '',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1 } },
        },
      ],
    });
    const given = { ...serving, children: { ...servingChildren, pods: [pod] } };
    const [id = ''] = seen(given).asks;
    const got = seen({ ...given, answers: { [id]: { kind: 'podLog', tail: 'boom' } } });
    expect(got).toMatchObject({ phase: 'failed', ready: 'False CrashLoop', stale: [] });
    expect(got.desired).toContain(workload());
  });
});

describe('versions', () => {
  it('forgets the oldest beyond the limit, never the serving one or the candidate', () => {
    const specs = ['a', 'b', 'c', 'd'].map(d => fileSpec(d));
    const versions = specs.map((s, i) => recordFor(s, i + 1));
    const [oldest = one] = specs;
    const got = seen({ spec: { ...(specs[3] ?? one), historyLimit: 2 }, versions, status: servingStatus(oldest, 1) });
    expect(got.plan.forget).toEqual([2, 3]);
  });
});

describe('status', () => {
  it('is the same the second time: nothing is written while nothing happens', () => {
    const given = { ...serving, children: servingChildren };
    const first = seen(given).status;
    expect(seen({ ...given, status: first, at: new Date('2026-01-02T00:00:00Z') }).status).toEqual(first);
  });
});
