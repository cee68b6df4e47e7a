// How an Artifact leaves, pure: its children go, then its images, then its version records, then its finalizer. Records know
// digests that no tag names any more, so they outlast the images; images outlast everything that could pull or push one.
import type { Reason } from '@vibed/crds';
import type { CompactSpec } from '@vibed/store';
import { type Kind, kinds } from '@vibed/store/kube';
import { type Kept, nameOf } from '../children.ts';
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
  | { step: 'release'; told: readonly { type: 'Warning'; reason: Reason; note: string }[] };

export interface Leaving {
  world: World;
  /** Everything live that carries its identity. */
  left: readonly Stale[];
  /** Those of them that the cluster has just refused to delete. */
  kept?: readonly Kept[];
  answers: Answers;
  /** What every Artifact there is asks for, or once asked for and may go back to. */
  specs: readonly CompactSpec[];
}

/**
 * How long a deletion waits for an object that does not go: one that somebody else's finalizer holds, that somebody makes again and again,
 * or that the cluster refuses to delete. Longer than any pod of ours takes to end.
 */
const patienceMs = 300_000;
/** After this time the status names what is waited for. */
const quietMs = 30_000;
/** How many objects a message names. */
const mostNamed = 5;

export function departureOf(leaving: Leaving, { registry }: Settings): Departure {
  const { world, left, answers, specs } = leaving;
  const awaited = left.filter(one => isAwaited(one, leaving));
  const records = awaited.filter(({ kind }) => kind === kinds.controllerRevision);
  const children = awaited.filter(({ kind }) => kind !== kinds.controllerRevision);
  if (children.length > 0) return { step: 'remove', stale: removable(children), recheckAfterMs: 5_000 };
  const question = imagesQuestion(world, specs, registry);
  const answer = registry.deleteImages ? answerTo(answers, question) : ('off' as const);
  if (answer === undefined) return { step: 'ask', question };
  if (records.length > 0) {
    const isGoing = records.every(({ object }) => object.metadata.deletionTimestamp !== undefined);
    return { step: 'remove', stale: records, recheckAfterMs: isGoing ? 5_000 : 0 };
  }
  const images =
    answer === 'off' || !('error' in answer)
      ? []
      : [{ type: 'Warning', reason: 'ImagesLeft', note: noteOf(question, answer.error) } as const];
  return { step: 'release', told: [...images, ...childrenLeft(left, leaving.kept)] };
}

const makers: readonly Kind[] = [kinds.job, kinds.deployment, kinds.knativeService, kinds.knativeRevision];

/** Pods go with what made them; one that nothing of ours makes is removed itself. */
function removable(children: readonly Stale[]): readonly Stale[] {
  const isMade = children.some(({ kind }) => makers.includes(kind));
  return isMade ? children.filter(({ kind }) => kind !== kinds.pod) : children;
}

/** An object holds up the deletion unless it will not go: identity labels can be put on anything. */
function isAwaited({ object }: Stale, { world, kept = [] }: Leaving): boolean {
  const now = world.now.getTime();
  const { deletionTimestamp, creationTimestamp = '' } = object.metadata;
  if (deletionTimestamp !== undefined) return now < Date.parse(deletionTimestamp) + patienceMs;
  const requested = requestedAt(world);
  if (now < requested + patienceMs) return true;
  const isMadeSince = Date.parse(creationTimestamp) > requested;
  return !isMadeSince && !kept.some(other => other.object.metadata.uid === object.metadata.uid);
}

const requestedAt = ({ artifact, now }: World): number =>
  Date.parse(artifact.metadata.deletionTimestamp ?? '') || now.getTime();

/** What a deletion waits for, once that takes long; undefined before. */
export function awaitedFor({ world, left, kept = [] }: Pick<Leaving, 'world' | 'left' | 'kept'>): string | undefined {
  if (left.length === 0 || world.now.getTime() < requestedAt(world) + quietMs) return undefined;
  return `still there: ${listed(left, kept)}`;
}

function childrenLeft(left: readonly Stale[], kept: readonly Kept[] = []) {
  if (left.length === 0) return [];
  const note = `objects with the labels of this Artifact did not go: ${listed(left, kept)}. An administrator of the namespace can delete them.`;
  return [{ type: 'Warning', reason: 'ChildrenLeft', note } as const];
}

function listed(left: readonly Stale[], kept: readonly Kept[]): string {
  const lines = left.slice(0, mostNamed).map(({ kind, object: { metadata } }) => {
    const why = kept.find(({ object }) => object.metadata.uid === metadata.uid)?.why;
    const name = `${nameOf(kind)} ${metadata.namespace}/${metadata.name}`;
    return why === undefined ? name : `${name} (${why.slice(0, 200)})`;
  });
  return [...lines, ...(left.length > mostNamed ? ['and others'] : [])].join(', ');
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
