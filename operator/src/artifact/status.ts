// The status, computed whole from the world, the plan and what came of applying it. Written once per reconcile, and only
// when it differs. Messages carry no counts, times or pids, so that nothing is written while nothing happens.
import {
  type ArtifactStatus,
  type Condition,
  type ConditionType,
  conditionTypes,
  type Failure,
  pageFindings,
  phaseOf,
  type Reason,
} from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import type { ApplyProblem } from '../children.ts';
import type { Deployer } from '../deployer/deployer.ts';
import type { Accepted } from './accept.ts';
import { exposureOf } from './deploy.ts';
import { ownerOf } from './identity.ts';
import type { Outcome, StepFailure } from './outcome.ts';
import type { Plan, Ports } from './plan.ts';
import type { World } from './world.ts';

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;
const verdict = (status: Condition['status'], reason: Reason | Failure['reason'], message: string): Verdict => ({
  status,
  reason,
  message,
});

/** What is still to be said when a step was not reached. */
const notYet = (previous: string) => verdict('Unknown', 'Progressing', `waits for ${previous}`);

export function statusOf(world: World, plan: Plan, problems: readonly ApplyProblem[], ports: Ports): ArtifactStatus {
  const failure = failureOf(world, plan, problems);
  const serving = servingFact(world, plan);
  const accepted = plan.accepted.state === 'done' ? plan.accepted.value : undefined;
  const halted = accepted?.halted;
  const running = recordOf(world, plan, serving);
  const deployer = running && ports.deployers.get(running.target);
  const available = availability(world, serving, running, deployer);
  const verdicts = halted ? haltedVerdicts(halted) : runningVerdicts(world, plan, failure, available);
  const conditions = mergeConditions(world, verdicts);
  return {
    observedGeneration: world.artifact.metadata.generation ?? 1,
    phase: phaseOf(conditions, world.artifact.metadata.deletionTimestamp !== undefined),
    ...(accepted && { target: accepted.target }),
    ...(serving && !halted && { url: urlOf(world, deployer) }),
    ...buildFact(world, plan, accepted),
    ...desiredFact(world, plan, accepted),
    ...(serving && !halted && { serving }),
    ...(failure && { failure }),
    conditions,
  };
}

/** The status of an Artifact that is being deleted; `awaited` says what takes long. */
export function deletingStatus(world: World, awaited?: string): ArtifactStatus {
  const conditions = mergeConditions(world, {
    Ready: verdict('False', 'Deleting', 'the app and everything of it is being removed'),
    Available: verdict('False', 'Deleting', 'the app is being removed'),
    Reconciling: verdict('True', 'Deleting', awaited ?? 'deleting'),
  });
  return { observedGeneration: world.artifact.metadata.generation ?? 1, phase: phaseOf(conditions, true), conditions };
}

function buildFact(world: World, plan: Plan, accepted: Accepted | undefined): Pick<ArtifactStatus, 'build'> {
  if (plan.built?.state === 'done') return { build: plan.built.value };
  const kept = world.artifact.status?.build;
  return kept !== undefined && kept.key === accepted?.key ? { build: kept } : {};
}

function desiredFact(world: World, plan: Plan, accepted: Accepted | undefined): Pick<ArtifactStatus, 'desired'> {
  if (accepted === undefined) return {};
  const kept = world.artifact.status?.desired;
  const probe = plan.gate ?? (kept?.hash === accepted.hash ? kept.probe : undefined);
  return { desired: { version: accepted.version, hash: accepted.hash, ...(probe && { probe }) } };
}

function servingFact(world: World, plan: Plan): ArtifactStatus['serving'] {
  const kept = world.artifact.status?.serving;
  if (plan.verified?.state !== 'done') return kept;
  const { serving, probe } = plan.verified.value;
  if (kept?.hash === serving.hash) return kept;
  return {
    version: serving.version,
    hash: serving.hash,
    target: serving.target,
    image: serving.build.image ?? '',
    since: world.now.toISOString(),
    ...(probe && { probe }),
  };
}

/** The failure of the step that stopped the line, or of a write that the cluster will go on refusing. */
function failureOf(world: World, plan: Plan, problems: readonly ApplyProblem[]): Failure | undefined {
  const accepted = plan.accepted.state === 'done' ? plan.accepted.value : undefined;
  const version = accepted?.version ?? world.artifact.metadata.generation ?? 1;
  const refused = problems[0];
  const failed = [plan.accepted, plan.built, plan.deployed, plan.verified].find(o => o?.state === 'failed') as
    | (Outcome<never> & { state: 'failed' })
    | undefined;
  const told: StepFailure | undefined =
    failed?.failure ?? (refused && { step: plan.deployed ? 'deploy' : 'build', ...refused });
  if (told === undefined) return undefined;
  const { step, reason, message, remedy, excerpt } = told;
  const hash = step === 'build' ? accepted?.key : accepted?.hash;
  return { version, hash: hash ?? '', step, reason, message, remedy, ...(excerpt !== undefined && { excerpt }) };
}

/** The record of what serves; undefined also when somebody removed it. */
const recordOf = (world: World, plan: Plan, serving: ArtifactStatus['serving']): VersionRecord | undefined =>
  [plan.candidate, ...world.versions].find(v => v !== undefined && v.hash === serving?.hash);

const urlOf = (world: World, deployer: Deployer | undefined): string | undefined =>
  deployer?.url(ownerOf(world.artifact), world.children, exposureOf(world)) ?? world.artifact.status?.url;

function availability(
  world: World,
  serving: ArtifactStatus['serving'],
  record: VersionRecord | undefined,
  deployer: Deployer | undefined,
): Verdict {
  if (serving === undefined) return verdict('False', 'Unavailable', 'no verified version yet');
  if (record === undefined || deployer === undefined)
    return verdict('Unknown', 'Progressing', 'the serving version has no record');
  if (!world.targets[record.target].available)
    return verdict('False', 'TargetUnavailable', world.targets[record.target].why);
  const readiness = deployer.readiness(ownerOf(world.artifact), world.children, record);
  if (readiness.state === 'ready') return verdict('True', 'Verified', `version ${serving.version} answers`);
  if (readiness.state === 'failed') return verdict('False', readiness.reason, readiness.message);
  return verdict('False', 'Unavailable', `version ${serving.version} is starting again`);
}

type Verdicts = Partial<Record<ConditionType, Verdict>>;

/**
 * A stopped app is as its spec wants it, so it is Ready, as a Deployment that was scaled to zero is: tools that compute kstatus (Flux,
 * kpt, `argocd app wait`) take Ready=False for work that goes on, and would wait for ever. Available says that nothing answers.
 */
function haltedVerdicts(halted: NonNullable<Accepted['halted']>): Verdicts {
  return {
    Accepted: verdict('True', 'Accepted', 'the spec can be acted on'),
    Ready: verdict('True', halted.reason, halted.message),
    Available: verdict('False', 'Stopped', 'the app is stopped'),
  };
}

function runningVerdicts(world: World, plan: Plan, failure: Failure | undefined, available: Verdict): Verdicts {
  const steps: Verdicts = {
    Accepted: stepVerdict(plan.accepted, verdict('True', 'Accepted', acceptedMessage(plan.accepted))),
    Built: stepVerdict(plan.built, verdict('True', 'Built', 'the image is known by its digest'), 'acceptance'),
    Deployed: stepVerdict(plan.deployed, verdict('True', 'Verified', 'the workload is ready'), 'the build'),
    Ready: readyVerdict(world, plan, failure),
  };
  const going = [plan.accepted, plan.built, plan.deployed, plan.verified].find(o => o?.state === 'waiting');
  return {
    ...steps,
    Available: available,
    ...(failure
      ? { Stalled: verdict('True', failure.reason, failure.message) }
      : going?.state === 'waiting' && { Reconciling: verdict('True', going.reason, going.message) }),
  };
}

function stepVerdict(outcome: Outcome<unknown> | undefined, whenDone: Verdict, previous = 'the step before'): Verdict {
  if (outcome === undefined) return notYet(previous);
  switch (outcome.state) {
    case 'done':
      return whenDone;
    case 'waiting':
      return verdict('Unknown', outcome.reason, outcome.message);
    case 'failed':
      return verdict('False', outcome.failure.reason, outcome.failure.message);
    default:
      return outcome satisfies never;
  }
}

/** Where it runs and why there. */
const acceptedMessage = (accepted: Plan['accepted']): string =>
  `the spec can be acted on${accepted.state === 'done' ? `; ${accepted.value.why}` : ''}`;

/** Findings about the page are no failure (an API may have none), but belong where kubectl shows them. */
function verifiedMessage(world: World, plan: Plan): string {
  const probe = servingFact(world, plan)?.probe;
  const language = plan.built?.state === 'done' ? plan.built.value.language : undefined;
  const shown = { path: world.artifact.spec.run?.health?.path ?? '/', language };
  const { warnings } = probe === undefined ? { warnings: [] } : pageFindings(probe, shown);
  if (warnings.length === 0) return 'this version answered and receives the traffic';
  return `this version receives the traffic, but: ${warnings.join(' ')}`.slice(0, 2048);
}

function readyVerdict(world: World, plan: Plan, failure: Failure | undefined): Verdict {
  if (failure !== undefined) return verdict('False', failure.reason, `${failure.message}. ${failure.remedy}`);
  if (plan.verified?.state === 'done') return verdict('True', 'Verified', verifiedMessage(world, plan));
  const going = [plan.accepted, plan.built, plan.deployed, plan.verified].find(o => o?.state === 'waiting');
  return going?.state === 'waiting' ? verdict('Unknown', going.reason, going.message) : notYet('the steps before');
}

/** In their fixed order; the transition time is kept while the status stays. */
function mergeConditions(world: World, verdicts: Verdicts): Condition[] {
  const before = world.artifact.status?.conditions ?? [];
  const generation = world.artifact.metadata.generation ?? 1;
  return conditionTypes.flatMap(type => {
    const now = verdicts[type];
    if (now === undefined) return [];
    const old = before.find(c => c.type === type);
    const at = old !== undefined && old.status === now.status ? old.lastTransitionTime : world.now.toISOString();
    return [{ type, ...now, observedGeneration: generation, lastTransitionTime: at }];
  });
}
