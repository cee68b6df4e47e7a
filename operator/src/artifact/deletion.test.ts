import type { CompactSpec } from '@vibed/store';
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../runtime/asker.ts';
import { departureOf } from './deletion.ts';
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
  ['a pod waited for, not removed', { left: [object(kinds.pod), record] }, ['remove']],
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
  expect(found).not.toHaveProperty('told');
});

it('lets go of what the registry keeps, and says what and why', () => {
  expect(departure({ answer: refused })).toMatchObject({
    step: 'release',
    told: {
      reason: 'ImagesLeft',
      note: expect.stringMatching(/vibed\/vibed-alice\/todo and vibed\/vibed-alice\/todo_cache .*does not delete\. /),
    },
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
