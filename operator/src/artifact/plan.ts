// accepted → build → deploy → verify: pure steps in one line; the first that is not done stops it. The plan says what should
// exist, what should go, what to ask and which facts were learned; nothing here reads or writes anything.
import type { BuildFacts, ConcreteTarget, Probe } from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import { kinds } from '@vibed/store/kube';
import type { Builder } from '../builder/builder.ts';
import type { Deployer, Wish } from '../deployer/deployer.ts';
import type { Settings } from '../settings.ts';
import { type Accepted, accept, expiryRecheck, isLeaving } from './accept.ts';
import { build } from './build.ts';
import { candidateOf, deploy, exposureOf, servingOf } from './deploy.ts';
import { ownerOf } from './identity.ts';
import type { Child, Outcome, Stale } from './outcome.ts';
import type { Question } from './questions.ts';
import { type Verified, verify } from './verify.ts';
import type { World } from './world.ts';

export interface Ports {
  settings: Settings;
  builder: Builder;
  deployers: ReadonlyMap<ConcreteTarget, Deployer>;
}

export interface Plan {
  accepted: Outcome<Accepted>;
  built?: Outcome<BuildFacts>;
  deployed?: Outcome<unknown>;
  verified?: Outcome<Verified>;
  /** The version the spec asks for, once its image is known; recorded before anything of it is made. */
  candidate?: VersionRecord;
  /** Its direct answer. */
  gate?: Probe;
  desired: readonly Child[];
  stale: readonly Stale[];
  asks: readonly Question[];
  /** Versions beyond the history limit. */
  forget: readonly number[];
  recheckAfterMs?: number;
}

type Steps = Pick<Plan, 'accepted' | 'built' | 'deployed' | 'verified' | 'candidate' | 'gate'>;

export function planFor(world: World, ports: Ports): Plan {
  const steps = stepsFor(world, ports);
  const outcomes = [steps.accepted, steps.built, steps.deployed, steps.verified].filter(o => o !== undefined);
  const halted = steps.accepted.state === 'done' && steps.accepted.value.halted !== undefined;
  const workloads = halted ? everything(world, ports) : isLeaving(world) ? nothing : workloadsOf(world, ports, steps);
  const recheck = [
    expiryRecheck(world.artifact.spec, world.now),
    ...outcomes.map(o => (o.state === 'waiting' ? o.recheckAfterMs : undefined)),
  ];
  const soonest = Math.min(...recheck.filter(ms => ms !== undefined));
  const stale = [...outcomes.flatMap(o => o.stale ?? []), ...workloads.stale];
  return {
    ...steps,
    desired: [...outcomes.flatMap(o => o.desired ?? []), ...workloads.desired],
    stale,
    asks: outcomes.flatMap(o => o.asks ?? []),
    forget: beyondHistory(world, steps),
    ...(Number.isFinite(soonest) && { recheckAfterMs: soonest }),
  };
}

function stepsFor(world: World, { settings, builder, deployers }: Ports): Steps {
  const accepted = accept(world, settings);
  if (accepted.state !== 'done' || accepted.value.halted !== undefined) return { accepted };
  const built = build(world, accepted.value, builder);
  if (built.state !== 'done') return { accepted, built };
  const deployer = deployers.get(accepted.value.target);
  if (deployer === undefined) throw new Error(`no deployer for target ${accepted.value.target}`);
  const candidate = candidateOf(world, accepted.value, built.value, deployer);
  const deployed = deploy(world, candidate, deployer);
  if (deployed.state !== 'done') return { accepted, built, candidate, deployed };
  const { gate, ...verified } = verify(world, deployed.value, deployer);
  return { accepted, built, candidate, deployed, verified, ...(gate && { gate }) };
}

interface Workloads {
  desired: readonly Child[];
  stale: readonly Stale[];
}
const nothing: Workloads = { desired: [], stale: [] };

/**
 * The last good version keeps serving whatever step the new one is at: its children come back when somebody removes them. Before
 * the deploy step nothing is given up, and neither while the serving version is unknown because its record was removed by hand.
 */
function workloadsOf(world: World, { deployers }: Ports, steps: Steps): Workloads {
  const rollout = steps.verified?.rollout ?? steps.deployed?.rollout;
  const fact = world.artifact.status?.serving;
  const serving = steps.candidate?.hash === fact?.hash ? steps.candidate : servingOf(world);
  const isUnknown = fact !== undefined && serving === undefined;
  const run = [serving, rollout?.candidate].filter(v => v !== undefined);
  const traffic = rollout?.traffic ?? serving;
  const owner = ownerOf(world.artifact);
  const each = [...deployers.values()].filter(d => world.targets[d.target].available);
  const parts = each.map(deployer => {
    const isMine = (version: VersionRecord) => version.target === deployer.target;
    const wish: Wish = {
      run: distinct(run).filter(isMine),
      traffic: traffic !== undefined && isMine(traffic) ? traffic : undefined,
      recorded: world.versions.filter(isMine),
      exposure: exposureOf(world),
      served: world.served,
    };
    return {
      desired: deployer.desired(owner, wish, world.children),
      stale: rollout === undefined || isUnknown ? [] : deployer.surplus(owner, wish, world.children),
    };
  });
  return { desired: parts.flatMap(p => p.desired), stale: parts.flatMap(p => p.stale) };
}

const distinct = (versions: readonly VersionRecord[]): VersionRecord[] => [
  ...new Map(versions.map(v => [v.hash, v])).values(),
];

function everything(world: World, { deployers }: Ports): Workloads {
  const wish: Wish = {
    run: [],
    traffic: undefined,
    recorded: [],
    exposure: exposureOf(world),
    served: world.served,
  };
  const workloads = [...deployers.values()].flatMap(d => d.surplus(ownerOf(world.artifact), wish, world.children));
  return { desired: [], stale: [...workloads, ...world.children.jobs.map(object => ({ kind: kinds.job, object }))] };
}

function beyondHistory(world: World, { candidate }: Steps): number[] {
  const keep = new Set([candidate?.hash, world.artifact.status?.serving?.hash]);
  const limit = world.artifact.spec.historyLimit ?? 10;
  const excess = world.versions.length - limit;
  return world.versions
    .filter(v => !keep.has(v.hash))
    .slice(0, Math.max(0, excess))
    .map(v => v.version);
}
