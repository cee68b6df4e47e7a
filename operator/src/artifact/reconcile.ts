// One Artifact, brought one step nearer to what its spec asks. Reads, then a pure plan, then writes to children, then one
// status write. A throw means: something unexpected, try again later.
import { finalizer } from '@vibed/crds';
import type { ArtifactRef, ArtifactStore, ArtifactView, CompactArtifact } from '@vibed/store';
import { isKubeError } from '@vibed/store/kube';
import { type ApplyProblem, type ChildStore, quotaProblem } from '../children.ts';
import type { Asker } from '../runtime/asker.ts';
import { awaitedFor, type Departure, departureOf } from './deletion.ts';
import type { Told } from './events.ts';
import { type Owner, ownerOf } from './identity.ts';
import { canonicalJson } from './names.ts';
import { type Plan, type Ports, planFor } from './plan.ts';
import type { AnswerValue, Question } from './questions.ts';
import { deletingStatus, statusOf } from './status.ts';
import type { World } from './world.ts';

export interface ReconcileContext {
  store: ArtifactStore;
  children: ChildStore;
  asker: Asker<Question, AnswerValue>;
  /** The questions of those that are being deleted, apart: a registry that is away must not hold up everybody's probes. */
  farewells: Asker<Question, AnswerValue>;
  /** Answers one question of the Artifact with this key; runs beside the workers. */
  answer: (question: Question, signal: AbortSignal, key: string) => Promise<AnswerValue>;
  ports: Ports;
  /** The Artifacts as the watch, and our own writes, show them. */
  view: ArtifactView;
  observe: (artifact: CompactArtifact) => World;
  /** Tells what changed: events, metrics. */
  report: (before: CompactArtifact, after: CompactArtifact) => void;
  /** Tells what stays behind of an Artifact that is gone. */
  tell: (artifact: CompactArtifact, told: Told) => void;
}

export async function reconcile(key: string, context: ReconcileContext): Promise<{ recheckAfterMs?: number }> {
  const found = context.view.get(refOf(key));
  if (found === undefined) {
    context.asker.retain(key, []);
    context.farewells.retain(key, []);
    return {};
  }
  if (found.metadata.deletionTimestamp !== undefined) return await finalize(key, found, context);
  const world = context.observe(found);
  const plan = planFor(world, context.ports);
  // The finalizer comes before the first child, so that nothing can be left behind; and not on what is refused: of an object
  // that breaks its schema the apiserver would take no patch, not even the one that lets it go.
  const artifact = plan.accepted.state === 'failed' ? found : await context.store.holdFinalizer(found);
  const unrecorded = await record(artifact, world, plan, context);
  const { problems, error } =
    unrecorded === undefined ? await applied(plan, ownerOf(artifact), context) : { problems: [unrecorded] };
  // What could not be written is tried again; meanwhile people are told how far it is.
  await writeStatus(artifact, statusOf(world, plan, problems, context.ports), context);
  if (error !== undefined) throw error;
  ask(key, plan, context);
  const recheckAfterMs = problems.length > 0 ? 30_000 : plan.recheckAfterMs;
  return recheckAfterMs === undefined ? {} : { recheckAfterMs };
}

interface Applied {
  problems: readonly ApplyProblem[];
  error?: Error;
}

async function applied(plan: Plan, owner: Owner, { children }: ReconcileContext): Promise<Applied> {
  try {
    const problems = await children.apply(plan.desired, owner);
    const [kept] = await children.remove(plan.stale);
    if (kept === undefined) return { problems };
    return {
      problems,
      error: new Error(`${kept.kind.kind} ${kept.object.metadata.name} cannot be deleted: ${kept.why}`),
    };
  } catch (error) {
    return { problems: [], error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** `namespace/name` of a key. */
export function refOf(key: string): ArtifactRef {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

/** A version is on record before anything of it exists. Returns why it cannot be recorded until a person acts. */
async function record(
  artifact: CompactArtifact,
  { versions }: World,
  plan: Plan,
  { store }: ReconcileContext,
): Promise<ApplyProblem | undefined> {
  const { candidate } = plan;
  for (const version of plan.forget) await store.dropVersion(artifact, version);
  if (candidate === undefined || versions.some(v => v.hash === candidate.hash)) return undefined;
  try {
    await store.recordVersion(artifact, candidate);
    return undefined;
  } catch (error) {
    const refused = quotaProblem(error, `the record of version ${candidate.version}`) ?? takenProblem(error);
    if (refused === undefined) throw error;
    return refused;
  }
}

function takenProblem(error: unknown): ApplyProblem | undefined {
  if (!isKubeError(error, 'AlreadyExists')) return undefined;
  const remedy = 'vibeD does not touch it. Rename or delete that object, or give the Artifact another name.';
  return { reason: 'NotOwned', message: error.message, remedy };
}

async function writeStatus(
  artifact: CompactArtifact,
  status: NonNullable<CompactArtifact['status']>,
  context: ReconcileContext,
): Promise<void> {
  if (canonicalJson(status) === canonicalJson(artifact.status)) return;
  context.report(artifact, await context.store.updateStatus(artifact, status));
}

/** After the status write: what an answer decides is then already on record. */
function ask(key: string, plan: Plan, { asker, answer }: ReconcileContext): void {
  asker.retain(
    key,
    plan.asks.map(q => q.id),
  );
  for (const question of plan.asks) asker.ask(key, question, (signal, q) => answer(q, signal, key));
}

/**
 * Deletes by label, live, until nothing is found; only then lets the Artifact go. Until then its name is taken: one that is created again
 * under it begins after this one's images are gone, so that what it pushes, equal digest or not, is not deleted by this. (Except by
 * an operator that lost the Lease in the middle of it and is not stopped for as long as deletion, creation and build take together.)
 */
async function finalize(
  key: string,
  artifact: CompactArtifact,
  context: ReconcileContext,
): Promise<{ recheckAfterMs?: number }> {
  context.asker.retain(key, []);
  if (!artifact.metadata.finalizers?.includes(finalizer)) return {};
  const world = context.observe(artifact);
  // Later ones name what is waited for.
  if (artifact.status?.phase !== 'deleting') await writeStatus(artifact, deletingStatus(world), context);
  const { children, view, store } = context;
  const left = await children.findAll(ownerOf(artifact));
  const specs = view.all().flatMap(other => [other, ...store.versions(other)].map(({ spec }) => spec));
  const leaving = { world, left, answers: context.farewells.answers(key), specs };
  const departure = departureOf(leaving, context.ports.settings);
  if (departure.step !== 'remove') return await depart(key, artifact, departure, context);
  const kept = await children.remove(departure.stale);
  const late = { ...leaving, kept };
  await writeStatus(view.get(refOf(key)) ?? artifact, deletingStatus(world, awaitedFor(late)), context);
  // What the cluster will not delete does not hold up the rest for ever.
  const after = kept.length > 0 ? departureOf(late, context.ports.settings) : departure;
  return after.step === 'remove'
    ? { recheckAfterMs: departure.recheckAfterMs }
    : await depart(key, artifact, after, context);
}

async function depart(
  key: string,
  artifact: CompactArtifact,
  departure: Exclude<Departure, { step: 'remove' }>,
  context: ReconcileContext,
): Promise<{ recheckAfterMs?: number }> {
  const { farewells, store, view } = context;
  switch (departure.step) {
    case 'ask':
      farewells.ask(key, departure.question, (signal, question) => context.answer(question, signal, key));
      return {};
    case 'release':
      await store.releaseFinalizer(view.get(refOf(key)) ?? artifact);
      farewells.retain(key, []);
      for (const told of departure.told) context.tell(artifact, told);
      return {};
    default:
      return departure satisfies never;
  }
}
