// Fourth step: proof before traffic. A ready instance is asked directly; then the route moves to it; then the route itself
// is asked. Only that answer makes a version the serving one. Each question is asked once per version.
//
//   instance ready ─▶ gate probe ─ok─▶ traffic moves ─▶ route probe ─ok─▶ serving
//                        └─ fails: the old version never lost its traffic        └─ fails: traffic moves back
import { hostRemedy, type Probe } from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import { appContainer } from '../deployer/app-pod.ts';
import type { Deployer } from '../deployer/deployer.ts';
import { explainBadAnswer } from '../deployer/explain.ts';
import { type Deployed, exposureOf, logQuestion, servingOf } from './deploy.ts';
import { ownerOf } from './identity.ts';
import { done, failed, type Outcome, type Rollout, waiting } from './outcome.ts';
import { answerTo, type ProbeAnswer, type ProbeTarget, type Question } from './questions.ts';
import type { Pod, World } from './world.ts';

export interface Verified {
  serving: VersionRecord;
  /** Set when the proof is new. */
  probe?: Probe;
}

/** `gate`: the direct answer, a fact to keep so that a restart does not ask twice. */
export function verify(
  world: World,
  { candidate, instance, pod }: Deployed,
  deployer: Deployer,
): Outcome<Verified> & { gate?: Probe } {
  const exposure = exposureOf(world);
  const owner = ownerOf(world.artifact);
  const toCandidate: Rollout = { candidate, traffic: candidate };
  if (world.artifact.status?.serving?.hash === candidate.hash)
    return done({ serving: candidate }, { rollout: toCandidate });

  const unmoved: Rollout = { candidate, traffic: servingOf(world) ?? candidate };
  const gate = probeOnce(world, `gate/${candidate.hash}`, instance, gateFact(world, candidate, instance.strict));
  if (gate.answer === undefined)
    return waiting('Verifying', 'the new version is asked directly', { rollout: unmoved, asks: gate.asks });
  const refuse = (refusal: Omit<Refusal, 'candidate' | 'pod'>) => {
    const outcome = refused(world, { ...refusal, candidate, pod });
    // While the log is being read the answer is still held by its question; it becomes a fact together with the failure.
    return outcome.state === 'failed' ? { ...outcome, gate: gate.answer } : outcome;
  };
  if (!passes(gate.answer, instance.strict))
    return refuse({ probe: gate.answer, target: instance, how: 'directly', asks: gate.asks, meanwhile: unmoved });

  const route = deployer.routeProbe(owner, world.children, candidate, exposure);
  const moving = { rollout: toCandidate, asks: gate.asks };
  if ('awaits' in route) return { ...waiting('Verifying', route.awaits, moving), gate: gate.answer };
  const { status, fingerprint } = gate.answer;
  const target: ProbeTarget = { ...route, expect: { status, fingerprint } };
  const proof = probeOnce(world, `route/${candidate.hash}`, target);
  const asks = [...gate.asks, ...proof.asks];
  if (proof.answer === undefined)
    return { ...waiting('Verifying', 'the URL is asked', { rollout: toCandidate, asks }), gate: gate.answer };
  if (proof.isUnrouted || !passes(proof.answer, route.strict) || proof.answer.status !== status)
    return refuse({
      ...proof,
      probe: proof.answer,
      target,
      how: 'through its URL',
      asks,
      meanwhile: toCandidate,
    });
  return done({ serving: candidate, probe: proof.answer }, { rollout: toCandidate, asks });
}

/** A good direct answer is asked for once. A bad one ends with its failure; after a suspend it is asked again. */
function gateFact(world: World, candidate: VersionRecord, strict: boolean): Probe | undefined {
  const { hash, probe } = world.artifact.status?.desired ?? {};
  return hash === candidate.hash && probe !== undefined && passes(probe, strict) ? probe : undefined;
}

function probeOnce(world: World, id: string, target: ProbeTarget, known?: Probe) {
  if (known !== undefined) return { answer: known, asks: [], isUnrouted: false };
  const question = { kind: 'probe', id, target } as const;
  const answer = answerTo(world.answers, question);
  if (answer === undefined) return { answer: undefined, asks: [question], isUnrouted: false };
  const asked = { asks: [question], isUnrouted: false };
  if ('error' in answer) return { ...asked, answer: { status: 0, error: answer.error.message, at: answer.at } };
  const { isUnrouted = false } = answer.value;
  return { ...asked, answer: probeFact(answer.value, answer.at), isUnrouted };
}

const probeFact = ({ kind: _, isUnrouted: __, ...answer }: ProbeAnswer, at: string): Probe => ({ ...answer, at });

/** With a health path only 2xx and 3xx; without one anything below 500 (a 4xx at `/` is a warning). */
export function passes(probe: Probe, strict: boolean): boolean {
  return probe.status >= 100 && probe.status < (strict ? 400 : 500);
}

interface Refusal {
  probe: Probe;
  /** It was the ingress that answered, which does not know the app's host. */
  isUnrouted?: boolean;
  target: ProbeTarget;
  how: string;
  /** What has been asked so far; its answers are needed until the failure is told. */
  asks: readonly Question[];
  /** What runs while the log is being read: as it was when the question was asked. */
  meanwhile: Rollout;
  candidate: VersionRecord;
  pod: Pod | undefined;
}

/** Told with the app's last lines: they say why it answers so. The candidate stays until they are read. */
function refused(world: World, refusal: Refusal): Outcome<never> {
  const { probe, target, how, asks, meanwhile, candidate, pod } = refusal;
  if (refusal.isUnrouted) return unrouted(target);
  const question = pod && logQuestion(candidate, { pod, container: appContainer, previous: false }, 'probe');
  const log = question && answerTo(world.answers, question);
  if (question !== undefined && log === undefined)
    return waiting('Verifying', 'the app answers badly; its log is being read', {
      rollout: meanwhile,
      asks: [...asks, question],
    });
  const answered =
    probe.status === 0 ? `did not answer (${probe.error ?? 'no connection'})` : `answered ${probe.status}`;
  const known = {
    reason: 'ProbeFailed',
    message: `GET ${target.path} ${how} ${answered}`,
    remedy: remedyFor(probe, target),
  } as const;
  if (log === undefined) return failed({ step: 'verify', ...known }, { rollout: {} });
  const excerpt = 'error' in log ? `the log could not be read: ${log.error.message}` : log.value.tail;
  const told = 'error' in log || probe.refusedHost !== undefined ? known : explainBadAnswer(known, excerpt);
  return failed({ step: 'verify', ...told, excerpt }, { rollout: {} });
}

function remedyFor({ refusedHost }: Probe, { strict, host, expect }: ProbeTarget): string {
  // The instance itself is asked for a host of no meaning; only the route has the app's.
  if (refusedHost !== undefined) return hostRemedy(refusedHost, expect === undefined ? undefined : host);
  return strict
    ? 'spec.run.health.path must answer 2xx or 3xx; mend the app or the path. The excerpt has the app’s last lines.'
    : 'The app must answer below 500 at "/"; mend it, or name a path that tells its health in spec.run.health.path.';
}

/** No fault of the app, so its log says nothing. */
const unrouted = ({ host, address }: ProbeTarget): Outcome<never> =>
  failed(
    {
      step: 'verify',
      reason: 'RouteMissing',
      message: `the ingress at ${address} answers for ${host} as for a host that nobody has`,
      remedy:
        'A cluster admin checks the ingress controller and apps.ingressClass, apps.probeVia in the settings of vibeD; then retry.',
    },
    { rollout: {} },
  );
