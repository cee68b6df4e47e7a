// Slow questions that a step may ask. They are answered beside the workers (runtime/asker.ts); an id stands for its input,
// so the same question is asked once, and what comes of the answer is kept as a status fact.
import type { BuildFacts, BuildSpec, PageFault, PageRedirect, Probe, Reason } from '@vibed/crds';
import type { CompactSource } from '@vibed/store';
import type { FetchedTree, JobPlan } from '../builder/builder.ts';
import type { Answer } from '../runtime/asker.ts';
import type { ValueNames } from './build-values.ts';
import type { Owner } from './identity.ts';

interface PodRef {
  namespace: string;
  name: string;
}

export type Question =
  /** The whole log of a finished build, container after container. */
  | { kind: 'buildLog'; id: string; pod: PodRef; containers: readonly string[] }
  /** The last lines of a container that failed to run, or runs without being ready. */
  | { kind: 'podLog'; id: string; pod: PodRef; container: string; previous: boolean }
  /** The image of this build key, made without a Job where none is needed. */
  | LayersQuestion
  /** Deletes what an Artifact's builds left in the registry. */
  | ImagesQuestion
  /** One GET through `address`, asking for `host`. */
  | { kind: 'probe'; id: string; target: ProbeTarget };

export interface LayersQuestion {
  kind: 'layers';
  id: string;
  key: string;
  owner: Owner;
  source: CompactSource;
  build: BuildSpec | undefined;
  /** Of the values that the build is given. */
  given?: ValueNames;
  /** Of a source that a Job has brought. */
  tree?: FetchedTree | undefined;
}

export interface ImagesQuestion {
  kind: 'images';
  id: string;
  repository: string;
  cache: string;
  /** Manifests of the repository that no tag may name any more. */
  digests: readonly string[];
  /** Digests that stay. */
  keep: readonly string[];
}

export interface ProbeTarget {
  /** host:port to dial. */
  address: string;
  /** Host header, and SNI with https. */
  host: string;
  scheme: 'http' | 'https';
  path: string;
  /** With a health path only 2xx and 3xx count; without one anything below 500. */
  strict: boolean;
  /** Asked through an ingress, which itself answers 404 until it knows the host: a 404 like that for an unknown host is not believed at once. */
  routed?: boolean;
  /**
   * Ask again until the answer is like this one, or time is over: a route needs a moment to be known everywhere, and until then
   * the version before may answer.
   */
  expect?: { status: number; fingerprint?: string | undefined };
}

export interface ProbeAnswer {
  kind: 'probe';
  /** HTTP status; 0: no answer. */
  status: number;
  latencyMs: number;
  title?: string;
  faults?: PageFault[];
  blank?: true;
  redirect?: PageRedirect;
  refusedHost?: Probe['refusedHost'];
  error?: string;
  /** Of the body, when it is the same each time. */
  fingerprint?: string;
  /** The ingress did not come to know the host: this is what it answers for a host that nobody has. */
  isUnrouted?: true;
}
export interface BuildLogAnswer {
  kind: 'buildLog';
  /** The last lines, for people. */
  tail: string;
  /** Its beginning and its end, gzip. */
  gzip: Uint8Array;
}
export interface PodLogAnswer {
  kind: 'podLog';
  tail: string;
}
export type LayersAnswer = {
  kind: 'layers';
  /** What was done, for people. */
  log: string;
} & (
  | { result: 'built'; facts: BuildFacts }
  /** A Job has to do it, or a part of it. */
  | { result: 'job'; plan: JobPlan }
  | { result: 'failed'; reason: Reason; message: string; remedy: string }
  /** Not the source's fault, and over in a moment. */
  | { result: 'again'; message: string }
);
export interface ImagesAnswer {
  kind: 'images';
  /** Manifests. */
  deleted: number;
}
export type AnswerValue = LayersAnswer | ImagesAnswer | ProbeAnswer | BuildLogAnswer | PodLogAnswer;
export type Answers = ReadonlyMap<string, Answer<AnswerValue>>;

/** The answer to this question: undefined while it is under way; an error is an answer too. */
export function answerTo<K extends Question['kind']>(
  answers: Answers,
  question: Extract<Question, { kind: K }>,
): { value: Extract<AnswerValue, { kind: K }>; at: string } | { error: Error; at: string } | undefined {
  const answer = answers.get(question.id);
  if (answer === undefined) return undefined;
  if (answer.value === undefined) return { error: answer.error, at: answer.at };
  return { value: answer.value as Extract<AnswerValue, { kind: K }>, at: answer.at };
}
