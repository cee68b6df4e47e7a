// How an Artifact leaves, pure: its children go, then its images, then its version records, then its finalizer. Records know
// digests that no tag names any more, so they outlast the images; images outlast everything that could pull or push one.
import type { Reason } from '@vibed/crds';
import type { CompactSpec } from '@vibed/store';
import { kinds } from '@vibed/store/kube';
import type { Settings } from '../settings.ts';
import { ownerOf } from './identity.ts';
import { cacheRepositoryOf, repositoryOf } from './names.ts';
import type { Stale } from './outcome.ts';
import { type Answers, answerTo, type ImagesQuestion } from './questions.ts';
import type { World } from './world.ts';

export type Departure =
  | { step: 'remove'; stale: readonly Stale[]; recheckAfterMs: number }
  | { step: 'ask'; question: ImagesQuestion }
  /** Nothing is left, or nothing that will go; `told` says what stays. */
  | { step: 'release'; told?: { type: 'Warning'; reason: Reason; note: string } };

export interface Leaving {
  world: World;
  /** Everything live that carries its identity. */
  left: readonly Stale[];
  answers: Answers;
  /** What every Artifact there is asks for, or once asked for and may go back to. */
  specs: readonly CompactSpec[];
}

export function departureOf({ world, left, answers, specs }: Leaving, { registry }: Settings): Departure {
  const records = left.filter(({ kind }) => kind === kinds.controllerRevision);
  const children = left.filter(({ kind }) => kind !== kinds.controllerRevision);
  // Pods go with what made them. What is watched wakes us as it goes; the look again is for what is not.
  if (children.length > 0)
    return { step: 'remove', stale: children.filter(({ kind }) => kind !== kinds.pod), recheckAfterMs: 5_000 };
  const question = imagesQuestion(world, specs, registry);
  const answer = registry.deleteImages ? answerTo(answers, question) : ('off' as const);
  if (answer === undefined) return { step: 'ask', question };
  if (records.length > 0) return { step: 'remove', stale: records, recheckAfterMs: 0 };
  if (answer === 'off' || !('error' in answer)) return { step: 'release' };
  return { step: 'release', told: { type: 'Warning', reason: 'ImagesLeft', note: noteOf(question, answer.error) } };
}

function imagesQuestion(
  { artifact, versions }: World,
  others: readonly CompactSpec[],
  registry: Settings['registry'],
): ImagesQuestion {
  const owner = ownerOf(artifact);
  const specs = [...others, artifact.spec, ...versions.map(({ spec }) => spec)];
  return {
    kind: 'images',
    id: `images/${owner.uid}`,
    repository: repositoryOf(owner, registry),
    cache: cacheRepositoryOf(owner, registry),
    digests: versions.map(({ build }) => build.digest).filter(digest => digest !== undefined),
    keep: specs.map(broughtBy).filter(digest => digest !== undefined),
  };
}

/** An image that a person names is theirs, also where it lies among ours; another Artifact may run what this one built. */
const broughtBy = ({ source: { image } }: CompactSpec): string | undefined => image?.ref.split('@')[1];

const noteOf = ({ repository, cache }: ImagesQuestion, { message }: Error): string =>
  [
    `images of ${repository} and ${cache} are left in the registry: ${message.slice(0, 400)}.`,
    'A registry admin can delete them. Where the registry allows no deletes,',
    'registry.deleteImages: false in the settings of vibeD ends the attempts.',
  ].join(' ');
