import type { CompactSpec } from '@vibed/store';
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
import type { Kept } from '../children.ts';
import type { Answer } from '../runtime/asker.ts';
import { awaitedFor, departureOf } from './deletion.ts';
import { cacheRepositoryOf, repositoryOf } from './names.ts';
import type { AnswerValue } from './questions.ts';
import { at, factsFor, fileSpec, type Given, recordFor, settings, worldOf } from './world.testing.ts';

const spec = fileSpec();
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const brought = (letter: string) => ({ source: { image: { ref: `registry.example.com/a/b@${digest(letter)}` } } });
const object = (kind: Kind): { kind: Kind; object: KubeObject } => ({
  kind,
  object: { metadata: { name: kind.kind } },
});
const record = object(kinds.controllerRevision);
const deleted: Answer<AnswerValue> = { at, value: { kind: 'images', deleted: 2 } };
const refused: Answer<AnswerValue> = { at, error: new Error('the registry does not delete') };

interface Case {
  left?: readonly { kind: Kind; object: KubeObject }[];
  answer?: Answer<AnswerValue>;
  given?: Given;
  specs?: readonly CompactSpec[];
  deleteImages?: boolean;
}

function departure({ left = [], answer, given = { spec }, specs = [], deleteImages = true }: Case) {
  const answers = new Map(answer === undefined ? [] : [['images/uid-1', answer]]);
  const leaving = { world: worldOf(given), left, answers, specs };
  return departureOf(leaving, { ...settings, registry: { ...settings.registry, deleteImages } });
}

it.each([
  ['children before all else', { left: [object(kinds.job), record], answer: deleted }, ['remove', 'Job']],
  [
    'what makes pods before its pods',
    { left: [object(kinds.deployment), object(kinds.pod)] },
    ['remove', 'Deployment'],
  ],
  ['a pod that nothing of ours makes', { left: [object(kinds.pod), record] }, ['remove', 'Pod']],
  ['it beside what makes no pods', { left: [object(kinds.pod), object(kinds.service)] }, ['remove', 'Pod', 'Service']],
  ['images while their records are there', { left: [record] }, ['ask']],
  ['records after the images', { left: [record], answer: deleted }, ['remove', 'ControllerRevision']],
  ['records also when the images stay', { left: [record], answer: refused }, ['remove', 'ControllerRevision']],
  ['the finalizer last', { answer: deleted }, ['release']],
  ['images of an Artifact that nothing is left of', {}, ['ask']],
  ['no image where the settings say so', { left: [record], deleteImages: false }, ['remove', 'ControllerRevision']],
  ['the finalizer, and no question, where the settings say so', { deleteImages: false }, ['release']],
] satisfies [string, Case, string[]][])('removes %s', (_what, given, wanted) => {
  const found = departure(given);
  expect([found.step, ...(found.step === 'remove' ? found.stale.map(({ kind }) => kind.kind) : [])]).toEqual(wanted);
  if (found.step === 'release') expect(found.told).toEqual([]);
});

it('lets go of what the registry keeps, and says what and why', () => {
  expect(departure({ answer: refused })).toMatchObject({
    step: 'release',
    told: [
      {
        reason: 'ImagesLeft',
        note: expect.stringMatching(/vibed\/vibed-alice\/todo and vibed\/vibed-alice\/todo_cache .*does not delete\. /),
      },
    ],
  });
});

describe('the images', () => {
  const asked = (given: Case) => {
    const found = departure(given);
    if (found.step !== 'ask') throw new Error(found.step);
    return found.question;
  };

  it('are those of its own repositories, and those that its records know', () => {
    const versions = [recordFor(spec, 1), recordFor(fileSpec('sha256:two'), 2)];
    expect(asked({ given: { spec, versions } })).toEqual({
      kind: 'images',
      id: 'images/uid-1',
      repository: 'vibed/vibed-alice/todo',
      cache: 'vibed/vibed-alice/todo_cache',
      digests: [factsFor(spec).digest, factsFor(fileSpec('sha256:two')).digest],
      keep: [],
    });
  });

  it('are not those that a person named, now, in an earlier version, or for another Artifact', () => {
    const versions = [recordFor(brought('a'), 1)];
    const { keep } = asked({ given: { spec: brought('b'), versions }, specs: [brought('c'), spec] });
    expect([...keep].sort()).toEqual([digest('a'), digest('b'), digest('c')]);
  });

  it('are in repositories of no other Artifact', () => {
    const refs = ['a', 'a-cache', 'a-b'].flatMap(name => ['n', 'n-a'].map(namespace => ({ namespace, name })));
    const places = refs.flatMap(ref => [repositoryOf, cacheRepositoryOf].map(of => of(ref, settings.registry)));
    expect(new Set(places).size).toBe(refs.length * 2);
  });
});

describe('what does not go', () => {
  const minutes = (n: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + n * 60_000).toISOString();
  const pod = (times: { creationTimestamp: string; deletionTimestamp?: string }) => ({
    kind: kinds.pod,
    object: { metadata: { name: 'bare', namespace: 'vibed-alice', uid: 'pod', ...times } },
  });
  const leavingAt = (now: string, left: ReturnType<typeof pod>[], kept: readonly Kept[] = []) => {
    const world = worldOf({ spec, at: new Date(now) });
    const artifact = { ...world.artifact, metadata: { ...world.artifact.metadata, deletionTimestamp: minutes(0) } };
    return { world: { ...world, artifact }, left, kept, answers: new Map([['images/uid-1', deleted]]), specs: [] };
  };

  it.each([
    ['one of before, at first', 1, { creationTimestamp: minutes(-9) }, 'remove'],
    ['one of before, also when vibeD was away for long', 60, { creationTimestamp: minutes(-9) }, 'remove'],
    ['one that ends', 9, { creationTimestamp: minutes(-9), deletionTimestamp: minutes(5) }, 'remove'],
    ['one that somebody holds', 11, { creationTimestamp: minutes(-9), deletionTimestamp: minutes(5) }, 'release'],
    ['one that somebody makes again, at first', 4, { creationTimestamp: minutes(3) }, 'remove'],
    ['one that somebody makes again and again', 6, { creationTimestamp: minutes(5) }, 'release'],
  ])('holds up the deletion for a while: %s', (_what, now, times, step) => {
    const found = departureOf(leavingAt(minutes(now), [pod(times)]), settings);
    expect(found.step).toBe(step);
    if (found.step !== 'release') return;
    expect(found.told).toMatchObject([
      { reason: 'ChildrenLeft', note: expect.stringContaining('Pod vibed-alice/bare') },
    ]);
  });

  it('is what the cluster refuses to delete, after a while and with its reason', () => {
    const one = pod({ creationTimestamp: minutes(-9) });
    const kept = [{ ...one, why: 'a webhook says no' }];
    expect(departureOf(leavingAt(minutes(4), [one], kept), settings).step).toBe('remove');
    expect(departureOf(leavingAt(minutes(6), [one], kept), settings)).toMatchObject({
      step: 'release',
      told: [{ note: expect.stringContaining('(a webhook says no)') }],
    });
  });

  it('is named in the status once it takes long', () => {
    const one = pod({ creationTimestamp: minutes(-9) });
    expect(awaitedFor(leavingAt(minutes(0.2), [one]))).toBeUndefined();
    expect(awaitedFor(leavingAt(minutes(1), [one]))).toBe('still there: Pod vibed-alice/bare');
  });
});
