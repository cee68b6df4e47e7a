// Second step: the image of this build key. A known digest (status fact or version record) needs no Job; otherwise one Job
// per key, whose name carries the key.
import { gzipSync } from 'node:zlib';
import type { BuildFacts } from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import { kinds } from '@vibed/store/kube';
import type { Builder, BuildState, FetchedTree, JobPlan } from '../builder/builder.ts';
import { explainBuildLog } from '../builder/explain.ts';
import type { Accepted } from './accept.ts';
import { valueNames } from './build-values.ts';
import { buildKeyLabel, buildStepLabel, identityLabels, ownerOf } from './identity.ts';
import { names } from './names.ts';
import { type Child, done, failed, type Outcome, type Stale, waiting } from './outcome.ts';
import { answerTo, type Question } from './questions.ts';
import type { ConfigMap, Job, World } from './world.ts';

export const logLabel = 'vibed.dev/build-log';
const logsKept = 5;

export function build(world: World, accepted: Accepted, builder: Builder): Outcome<BuildFacts> {
  const stale = superseded(world, accepted.key);
  const job = jobOf(world, accepted.key);
  const state = job && builder.observe(accepted.key, job, world.children.pods, world.artifact);
  const log = state && keepLog(world, accepted, state);
  const effects: Effects = {
    stale: [...stale, ...oldLogs(world, accepted)],
    desired: log?.desired ?? [],
    asks: log?.asks ?? [],
  };

  const known = knownImage(world, accepted.key);
  if (known !== undefined) return done(known, effects);
  const recorded = world.artifact.status?.failure;
  const isTold = state === undefined || (saysNoMore(state) && isLogKept(world, accepted.key));
  if (recorded?.step === 'build' && recorded.hash === accepted.key && isTold) return failed(recorded, effects);
  const step = { world, accepted, builder, effects };
  if (job === undefined || state === undefined) return builder.asks(world.artifact) ? look(step) : queue(step);
  const inputs = () => builder.inputs({ artifact: world.artifact, key: accepted.key }, job);
  switch (state.state) {
    case 'queued':
      return waiting(whileQueued(step), queued, { ...effects, desired: [...inputs(), ...effects.desired] });
    case 'running':
      return waiting('Building', running, { ...effects, desired: [...inputs(), ...effects.desired] });
    case 'fetched':
      return look(step, state.tree);
    case 'succeeded':
      return done(state.facts, effects);
    case 'failed':
      return explain(state, log, effects);
    default:
      return state satisfies never;
  }
}

/** Of why the build failed: a clone that went well, or a Job whose pod is gone. */
const saysNoMore = (state: BuildState): boolean =>
  state.state === 'fetched' || (state.state === 'failed' && state.pod === undefined);

type Effects = { desired: readonly Child[]; stale: readonly Stale[]; asks: readonly Question[] };
interface Step {
  world: World;
  accepted: Accepted;
  builder: Builder;
  effects: Effects;
}
const queued = 'the build waits for its turn';
const running = 'the build runs; `kubectl logs -f` on its Job shows it';
const looking = 'the source is looked at; its image is made at once where nothing has to run';

const jobsOf = ({ children }: World, key: string): Job[] =>
  children.jobs.filter(j => j.metadata.labels?.[buildKeyLabel] === key);

/** For people a build that has begun goes on, also while its second Job waits. */
const whileQueued = ({ world, accepted }: Pick<Step, 'world' | 'accepted'>) =>
  jobsOf(world, accepted.key).some(j => j.spec?.suspend === false) ? 'Building' : 'BuildQueued';

/** The Job of this key: the one that builds, or until it is there the one that brought the source for it. */
function jobOf(world: World, key: string): Job | undefined {
  const jobs = jobsOf(world, key);
  return jobs.find(j => j.metadata.labels?.[buildStepLabel] === undefined) ?? jobs[0];
}

/** The source is looked at before anything is built, and often that makes the image. `tree`: where a Job had to bring it. */
function look(step: Step, tree?: FetchedTree): Outcome<BuildFacts> {
  const { world, accepted, effects } = step;
  const { source, build: asked } = world.artifact.spec;
  const { key } = accepted;
  const id = `layers/${key}${tree === undefined ? '' : `/${tree.blob}`}`;
  const given = valueNames(world.artifact.spec);
  const owner = ownerOf(world.artifact);
  const question = { kind: 'layers', id, key, owner, source, build: asked, given, tree } as const;
  const answer = answerTo(world.answers, question);
  // A failure too is asked on until it is on record: the answer to the same question is the same.
  const asking = { ...effects, asks: [...effects.asks, question] };
  if (answer === undefined) return waiting(whileQueued(step), looking, asking);
  if ('error' in answer) return failed(interrupted(answer.error), asking);
  const { value } = answer;
  // Not asked in this round, so the next one asks anew.
  if (value.result === 'again') return waiting(whileQueued(step), value.message, { ...effects, recheckAfterMs: 5_000 });
  if (value.result === 'job') return queue({ ...step, effects: asking }, value.plan);
  const log = logConfigMap(world, accepted, gzipSync(value.log));
  const told = { ...asking, desired: [...effects.desired, log] };
  if (value.result === 'built') return done(value.facts, told);
  const { reason, message, remedy } = value;
  return failed({ step: 'build', reason, message, remedy }, told);
}

const interrupted = ({ message }: Error) => ({
  step: 'build' as const,
  reason: 'BuildFailed',
  message: `the image could not be made: ${message}`,
  remedy: 'Set the annotation vibed.dev/retry to a new value to build again; the operator’s log has more.',
});

/** The image is known without a build: a prebuilt one, this key's recorded fact, or a version that had this key. */
function knownImage(world: World, key: string): BuildFacts | undefined {
  const { image } = world.artifact.spec.source;
  if (image !== undefined) return { key, image: image.ref, digest: image.ref.slice(image.ref.indexOf('@') + 1) };
  const fact = world.artifact.status?.build;
  if (fact?.key === key && fact.digest !== undefined) return fact;
  const record = world.versions.findLast((v: VersionRecord) => v.keys.includes(key) && v.build.digest !== undefined);
  return record && { ...record.build, key };
}

function queue(step: Step, plan?: JobPlan): Outcome<never> {
  const { world, accepted, builder, effects } = step;
  const job = builder.desired({ artifact: world.artifact, key: accepted.key, plan });
  return waiting(whileQueued(step), queued, { ...effects, desired: [...job, ...effects.desired] });
}

/** Jobs of other keys: a newer spec cancels the running build. */
function superseded(world: World, key: string): Stale[] {
  return world.children.jobs
    .filter((j: Job) => j.metadata.labels?.[buildKeyLabel] !== key)
    .map(object => ({ kind: kinds.job, object }));
}

interface KeptLog {
  desired: readonly Child[];
  asks: readonly Question[];
  /** Undefined while it is being read. */
  tail: string | undefined;
}

/** Reads the log of a finished build once and keeps it in a ConfigMap of the artifact's namespace. */
function keepLog(world: World, accepted: Accepted, state: BuildState): KeptLog | undefined {
  if (state.state !== 'failed' && state.state !== 'succeeded') return undefined;
  if (state.pod === undefined) return { desired: [], asks: [], tail: '' };
  const kept = isLogKept(world, accepted.key);
  const failureTold = world.artifact.status?.failure?.hash === accepted.key;
  if (kept && (state.state === 'succeeded' || failureTold))
    return { desired: [], asks: [], tail: world.artifact.status?.failure?.excerpt ?? '' };
  const { namespace = '', name: pod } = state.pod.metadata;
  const question = {
    kind: 'buildLog',
    id: `buildLog/${accepted.key}/${pod}`,
    pod: { namespace, name: pod },
    containers: state.containers,
  } as const;
  const answer = answerTo(world.answers, question);
  if (answer === undefined) return { desired: [], asks: [question], tail: undefined };
  if ('error' in answer)
    return { desired: [], asks: [question], tail: `the log could not be read: ${answer.error.message}` };
  return { desired: [logConfigMap(world, accepted, answer.value.gzip)], asks: [question], tail: answer.value.tail };
}

function isLogKept({ artifact, children }: World, key: string): boolean {
  const name = names.buildLog(ownerOf(artifact), key);
  return children.configMaps.some(c => c.metadata.name === name);
}

function logConfigMap(world: World, accepted: Accepted, gzip: Uint8Array): Child {
  const owner = ownerOf(world.artifact);
  const object: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: names.buildLog(owner, accepted.key),
      namespace: owner.namespace,
      labels: { ...identityLabels(owner), [logLabel]: String(accepted.version), [buildKeyLabel]: accepted.key },
    },
    immutable: true,
    binaryData: { 'build.log.gz': Buffer.from(gzip).toString('base64') },
  };
  return { kind: kinds.configMap, object, createOnly: true };
}

/** All but the newest few logs. */
function oldLogs(world: World, accepted: Accepted): Stale[] {
  const logs = world.children.configMaps.filter(c => c.metadata.labels?.[logLabel] !== undefined);
  const newestFirst = [...logs].sort(
    (a, b) => Number(b.metadata.labels?.[logLabel]) - Number(a.metadata.labels?.[logLabel]),
  );
  return newestFirst
    .slice(logsKept)
    .filter(c => c.metadata.labels?.[buildKeyLabel] !== accepted.key)
    .map(object => ({ kind: kinds.configMap, object }));
}

/** A failed build is told with its last lines, so it waits for the log (seconds; a log that can't be read is an answer too). */
function explain(state: BuildState & { state: 'failed' }, log: KeptLog | undefined, effects: Effects): Outcome<never> {
  if (log?.tail === undefined) return waiting('Building', 'the build has failed; its log is being read', effects);
  const { reason, message, remedy } = explainBuildLog(state, log.tail);
  return failed({ step: 'build', reason, message, remedy, ...(log.tail !== '' && { excerpt: log.tail }) }, effects);
}
