// Third step: the workload of this version runs beside the serving one until it is ready. Which version runs beside it, and who gets
// the traffic, is decided here and in verify.ts and nowhere else.
import type { BuildFacts } from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import type { Deployer, Exposure, Readiness } from '../deployer/deployer.ts';
import { explainAppLog } from '../deployer/explain.ts';
import type { Accepted } from './accept.ts';
import { ownerOf } from './identity.ts';
import { pinnedKey, restartOf, retryOf } from './keys.ts';
import { done, failed, type Outcome, type Rollout, waiting } from './outcome.ts';
import type { ProbeTarget } from './questions.ts';
import { answerTo } from './questions.ts';
import type { Pod, World } from './world.ts';

export interface Deployed {
  candidate: VersionRecord;
  /** An instance of it, to be asked directly before any traffic moves. */
  instance: ProbeTarget;
  /** Its pod, whose log tells why it answers badly; undefined while it sleeps. */
  pod: Pod | undefined;
}

/** The version this spec asks for: its record, or a new one rendered by the present release. */
export function candidateOf(world: World, accepted: Accepted, facts: BuildFacts, deployer: Deployer): VersionRecord {
  const recorded = world.versions.find(v => v.hash === accepted.hash);
  if (recorded !== undefined) return recorded;
  const { artifact } = world;
  const retry = retryOf(artifact);
  const restart = restartOf(artifact);
  const pinned = pinnedKey(artifact.spec, retry, facts.commit);
  const version = {
    version: accepted.version,
    hash: accepted.hash,
    keys: pinned === undefined || pinned === accepted.key ? [accepted.key] : [accepted.key, pinned],
    ...(retry !== undefined && { retry }),
    ...(restart !== undefined && { restart }),
    target: accepted.target,
    build: facts,
    spec: artifact.spec,
    createdAt: world.now.toISOString(),
  };
  return { ...version, template: deployer.template(ownerOf(artifact), version) };
}

/** The record of the version that serves; undefined before the first one, and for one whose record was removed by hand. */
export function servingOf(world: World): VersionRecord | undefined {
  const hash = world.artifact.status?.serving?.hash;
  return hash === undefined ? undefined : world.versions.find(v => v.hash === hash);
}

export const exposureOf = (world: World): Exposure => ({ public: world.artifact.spec.exposure !== 'cluster' });

export function deploy(world: World, candidate: VersionRecord, deployer: Deployer): Outcome<Deployed> {
  const serving = world.artifact.status?.serving;
  const isServing = serving?.hash === candidate.hash;
  const told = world.artifact.status?.failure;
  if (!isServing && told?.hash === candidate.hash && (told.step === 'deploy' || told.step === 'verify'))
    return failed(told, { rollout: {} });
  // A first version gets its route at once, so that the ingress knows the host by the time the app is ready.
  const rollout: Rollout = serving === undefined ? { candidate, traffic: candidate } : { candidate };
  const readiness = deployer.readiness(ownerOf(world.artifact), world.children, candidate);
  switch (readiness.state) {
    case 'progressing':
      return waiting('Deploying', readiness.message, { rollout });
    case 'ready':
      return done({ candidate, instance: readiness.probe, pod: readiness.pod }, { rollout });
    case 'failed':
      // Once its log has been read, a failed candidate needs no pods any more.
      return explain(world, candidate, readiness, { rollout, whenTold: isServing ? rollout : {} });
    default:
      return readiness satisfies never;
  }
}

type FailedReadiness = Extract<Readiness, { state: 'failed' }>;
interface Kept {
  rollout: Rollout;
  whenTold: Rollout;
}

/** A failed start is told with the app's last lines, so it waits for them; a log that can't be read is an answer too. */
function explain(world: World, candidate: VersionRecord, problem: FailedReadiness, kept: Kept): Outcome<never> {
  const { reason, message, remedy, log } = problem;
  const settled = { rollout: kept.whenTold };
  if (log === undefined) return failed({ step: 'deploy', reason, message, remedy }, settled);
  const { namespace = '', name } = log.pod.metadata;
  const question = {
    kind: 'podLog',
    id: `podLog/${candidate.hash}/${name}/${reason}`,
    pod: { namespace, name },
    container: log.container,
    previous: log.previous,
  } as const;
  const answer = answerTo(world.answers, question);
  if (answer === undefined)
    return waiting('Deploying', 'the app failed to start; its log is being read', {
      rollout: kept.rollout,
      asks: [question],
    });
  const excerpt = 'error' in answer ? `the log could not be read: ${answer.error.message}` : answer.value.tail;
  const told = explainAppLog({ reason, message, remedy }, excerpt, candidate);
  return failed({ step: 'deploy', ...told, excerpt }, { ...settled, asks: [question] });
}
