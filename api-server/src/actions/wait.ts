// wait_for_artifact: the only action that waits, and never for longer than a client's own patience.
import type { CompactArtifact } from '@vibed/store';
import { z } from 'zod';
import { isCurrent } from '../current.ts';
import { type Context, defineAction } from './action.ts';
import { answerFor, answerShape, pageOf, probeOf, versionOf } from './answer.ts';
import { findArtifact, nameSchema } from './find.ts';
import { briefly, briefProbe, failureSchema, probeSchema, viewRights } from './get.ts';

const maxSeconds = 50;
const heartbeatMs = 5_000;

export const outcomes = ['running', 'failed', 'superseded', 'suspended', 'deleted', 'still_working'] as const;
export type Outcome = (typeof outcomes)[number];

export const waitForArtifact = defineAction({
  name: 'wait_for_artifact',
  title: 'Wait for a version',
  description: `Returns when that version runs, has failed, or was superseded; after timeout_s it returns still_working: call it again. If your client cuts calls off after a few seconds, give a timeout_s below that, for example 4.`,
  scope: 'read',
  line: 'waits',
  hints: { idempotent: true },
  input: z.strictObject({
    name: nameSchema,
    version: z.int().min(1).optional().describe('Default: the one asked for now.'),
    timeout_s: z.int().min(1).max(maxSeconds).optional().describe('The longest wait. Default 45.'),
  }),
  output: z.object({
    ...answerShape,
    outcome: z.enum(outcomes),
    step: z.string(),
    elapsed_s: z.number(),
    failure: failureSchema.optional(),
    probe: probeSchema.optional(),
    broken: z.boolean().optional().describe('Runs, but the page is broken: see warnings.'),
  }),
  rights: viewRights,
  run: async ({ name, version, timeout_s = 45 }, context) => {
    const started = performance.now();
    const asked = findArtifact(name, context);
    const wanted = version ?? versionOf(asked, context);
    const { artifact, outcome } = await settled(asked, wanted, timeout_s * 1000, context);
    const { failure } = artifact.status ?? {};
    const probe = outcome === 'running' ? probeOf(artifact) : undefined;
    const answer = answerFor(artifact, context);
    return {
      ...answer,
      version: wanted,
      outcome,
      step: stepOf(artifact),
      elapsed_s: Math.round((performance.now() - started) / 100) / 10,
      ...(outcome === 'failed' && failure !== undefined && { failure: briefly(failure) }),
      ...(probe !== undefined && { probe: briefProbe(probe) }),
      ...(outcome === 'running' && pageOf(artifact).isBroken && { broken: true }),
      ...(outcome === 'deleted' && { next: [] }),
    };
  },
});

interface Settled {
  artifact: CompactArtifact;
  outcome: Outcome;
}

/** Looks at every change, tells progress, and gives up at the limit or when the client has gone. */
async function settled(asked: CompactArtifact, version: number, limitMs: number, context: Context): Promise<Settled> {
  const { namespace, owner, services, signal, progress } = context;
  const ref = { namespace, name: asked.metadata.name };
  let latest = asked;
  let steps = 0;
  return await new Promise<Settled>(resolve => {
    const finish = (outcome: Outcome) => {
      clearTimeout(limit);
      clearInterval(heartbeat);
      stop();
      signal.removeEventListener('abort', giveUp);
      resolve({ artifact: latest, outcome });
    };
    const look = () => {
      const now = services.view.get(ref);
      if (now === undefined || now.metadata.uid !== asked.metadata.uid) return finish('deleted');
      latest = now;
      const outcome = outcomeOf(now, version);
      if (outcome !== 'still_working') finish(outcome);
    };
    const tell = () => {
      steps += 1;
      progress?.(steps, `${ref.name}: ${stepOf(latest)}`);
    };
    const giveUp = () => finish('still_working');
    const limit = setTimeout(giveUp, limitMs);
    const heartbeat = setInterval(tell, heartbeatMs);
    const stop = services.feed.onChange(owner, changed => {
      if (changed.metadata.name !== ref.name) return;
      const before = stepOf(latest);
      look();
      if (stepOf(latest) !== before) tell();
    });
    signal.addEventListener('abort', giveUp, { once: true });
    look();
  });
}

/** What has become of a version. A status of an earlier spec says nothing about it. */
export function outcomeOf(artifact: CompactArtifact, version: number): Outcome {
  const { status = {}, metadata } = artifact;
  if (metadata.deletionTimestamp !== undefined) return 'deleted';
  if (!isCurrent(artifact)) return 'still_working';
  if ((status.desired?.version ?? 0) > version) return 'superseded';
  switch (status.phase) {
    case 'running':
    case 'failed':
    case 'suspended':
      return status.phase;
    case 'pending':
    case 'building':
    case 'deploying':
    case 'deleting':
    case undefined:
      return 'still_working';
    default:
      return status.phase satisfies never;
  }
}

/** `building: the build waits for its turn`, in the operator's own words. */
function stepOf(artifact: CompactArtifact): string {
  if (!isCurrent(artifact)) return 'accepted, not looked at yet';
  const waiting = artifact.status?.conditions?.find(c => c.type === 'Reconciling')?.message;
  const phase = artifact.status?.phase ?? 'pending';
  return waiting === undefined || waiting === '' ? phase : `${phase}: ${waiting.slice(0, 200)}`;
}
