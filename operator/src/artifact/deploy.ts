// Third step: the workload of this version runs beside the serving one until it is ready. Which version runs beside it, and who gets
// the traffic, is decided here and in verify.ts and nowhere else.
import type { BuildFacts } from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import { appContainer } from '../deployer/app-pod.ts';
import type { Deployer, Exposure, Readiness } from '../deployer/deployer.ts';
import { explainAppLog, wrongPortSoFar } from '../deployer/explain.ts';
import { startingPod } from '../deployer/pod-problems.ts';
import type { Accepted } from './accept.ts';
import { ownerOf, versionLabel } from './identity.ts';
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
      // The serving version has proved its port.
      return isServing
        ? waiting('Deploying', readiness.message, { rollout })
        : whileStarting(world, candidate, readiness.message, rollout);
    case 'ready':
      return done({ candidate, instance: readiness.probe, pod: readiness.pod }, { rollout });
    case 'failed':
      // Once its log has been read, a failed candidate needs no pods any more.
      return explain(world, candidate, readiness, { rollout, whenTold: isServing ? rollout : {} });
    default:
      return readiness satisfies never;
  }
}

/**
 * Seconds that an app runs without being ready before its log is read. The kubelet tries the port every 2 seconds: after 6 an app that
 * has said where it listens would be ready if that were the right port. Apps that start slowly are looked at twice more.
 */
const readAfterSeconds = [6, 20, 60] as const;

/** An app whose log already names another port need not be waited for until its start-up time is over. */
function whileStarting(world: World, candidate: VersionRecord, message: string, rollout: Rollout): Outcome<never> {
  const starting = startingPod(world.children.pods.filter(p => p.metadata.labels?.[versionLabel] === candidate.hash));
  if (starting === undefined) return waiting('Deploying', message, { rollout });
  const { pod, since, restartCount } = starting;
  // A node's clock may be ahead.
  const seconds = Math.max(0, (world.now.getTime() - since.getTime()) / 1000);
  const readings = readAfterSeconds.filter(after => after <= seconds).length;
  const next = readAfterSeconds[readings];
  const recheck = next === undefined ? {} : { recheckAfterMs: Math.ceil((next - seconds) * 1000) };
  if (readings === 0) return waiting('Deploying', message, { rollout, ...recheck });
  const log = { pod, container: appContainer, previous: false };
  const question = logQuestion(candidate, log, `starting/${restartCount}/${readings}`);
  const answer = answerTo(world.answers, question);
  const excerpt = answer === undefined || 'error' in answer ? undefined : answer.value.tail;
  const cause = excerpt === undefined ? undefined : wrongPortSoFar(excerpt, candidate);
  if (cause === undefined) return waiting('Deploying', message, { rollout, asks: [question], ...recheck });
  return failed({ step: 'deploy', ...cause, excerpt }, { rollout: {}, asks: [question] });
}

/** What a container of this version has printed; `why` tells one reading of it from another. */
export function logQuestion({ hash }: VersionRecord, log: NonNullable<FailedReadiness['log']>, why: string) {
  const { namespace = '', name } = log.pod.metadata;
  const id = `podLog/${hash}/${name}/${why}`;
  return { kind: 'podLog', id, pod: { namespace, name }, container: log.container, previous: log.previous } as const;
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
  const question = logQuestion(candidate, log, reason);
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
