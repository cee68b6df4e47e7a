// First step: may this spec be acted on, where, and under which key and version hash?
import { type ConcreteTarget, labels, specSchema } from '@vibed/crds';
import { type CompactArtifact, type CompactSpec, firstAvailable } from '@vibed/store';
import type { Settings } from '../settings.ts';
import { isSystemNamespace } from '../tenant/system-namespaces.ts';
import { versionNumber, wantedOf } from './keys.ts';
import { excessMessage, excessOf, excessRemedy } from './limits.ts';
import { done, failed, type Outcome, waiting } from './outcome.ts';
import type { World } from './world.ts';

export interface Accepted {
  target: ConcreteTarget;
  /** Why this one, in words that stay the same while the choice does. */
  why: string;
  key: string;
  hash: string;
  version: number;
  /** The app is to be stopped, and why. */
  halted?: { reason: 'Suspended' | 'Expired'; message: string };
}

/** A namespace that is being deleted takes nothing new; its Artifacts are deleted one by one in a moment. */
export const isLeaving = ({ namespace }: World): boolean => namespace?.metadata.deletionTimestamp !== undefined;

export function accept(world: World, settings: Settings): Outcome<Accepted> {
  const { artifact } = world;
  // The two watches are not in step: an Artifact may be seen before its new namespace is.
  if (world.namespace === undefined)
    return waiting('Progressing', 'the namespace is being looked up', { recheckAfterMs: 2_000 });
  if (isLeaving(world)) return waiting('Deleting', 'the namespace is being deleted');
  const refusal = refuseNamespace(world, settings) ?? refuseSpec(artifact) ?? refuseSource(artifact.spec, settings);
  if (refusal !== undefined) return refusal;
  const halted = haltOf(artifact.spec, world.now);
  // What is stopped asks for nothing, and must stay possible to stop when the limits are lowered.
  const excess = halted === undefined ? excessOf(artifact.spec, settings)[0] : undefined;
  if (excess !== undefined) return refuse('LimitExceeded', excessMessage(excess), excessRemedy(excess));
  const { target, why } = chooseTarget(world, settings);
  const state = world.targets[target];
  if (!state.available && halted === undefined)
    return waiting('TargetUnavailable', unavailable(artifact.spec, target, state.why));
  const { key, hash } = wantedOf(artifact, target);
  const version = versionNumber(hash, artifact.metadata.generation ?? 1, world.versions);
  return done({ target, why, key, hash, version, ...(halted && { halted }) });
}

type RefusalReason = 'NamespaceRefused' | 'Invalid' | 'LimitExceeded' | 'SourceNotAllowed';
function refuse(reason: RefusalReason, message: string, remedy: string) {
  return failed({ step: 'accept', reason, message, remedy });
}

function refuseNamespace({ namespace, artifact }: World, settings: Settings): Outcome<never> | undefined {
  const name = artifact.metadata.namespace ?? '';
  if (isSystemNamespace(name, settings))
    return refuse(
      'NamespaceRefused',
      `namespace ${name} is not for apps`,
      'Create the Artifact in a tenant namespace, one with the label vibed.dev/owner.',
    );
  if (namespace?.metadata.labels?.[labels.owner] === undefined)
    return refuse(
      'NamespaceRefused',
      `namespace ${name} has no label ${labels.owner}`,
      `A cluster admin makes it a tenant namespace: kubectl label namespace ${name} ${labels.owner}=<who>`,
    );
  return undefined;
}

/** Admission enforces the schema; this is for an object that got in before the schema did. */
function refuseSpec({ spec, unreadable }: CompactArtifact): Outcome<never> | undefined {
  const remedy = 'Change the named fields; `kubectl explain artifact.spec` describes what each takes.';
  if (unreadable !== undefined) return refuse('Invalid', unreadable, remedy);
  const files = spec.source?.files === undefined ? {} : { files: [{ path: 'x', content: '' }] };
  const parsed = specSchema.safeParse({ ...spec, source: { ...spec.source, ...files } });
  if (parsed.success) return undefined;
  const problems = parsed.error.issues
    .map(({ path, message }) => {
      const field = ['spec', ...path].join('.');
      return message.startsWith(field) ? message : `${field}: ${message}`;
    })
    .join('; ');
  return refuse('Invalid', problems, remedy);
}

function refuseSource(spec: CompactSpec, settings: Settings): Outcome<never> | undefined {
  const scheme = spec.source.git?.url.split(':')[0] as 'https' | 'http' | 'ssh' | undefined;
  const allowed = settings.sources.gitSchemes;
  if (scheme !== undefined && !allowed.includes(scheme))
    return refuse(
      'SourceNotAllowed',
      `spec.source.git.url: ${scheme} is not allowed here`,
      `Use ${allowed.join(' or ')}, or have sources.gitSchemes changed in the settings of vibeD.`,
    );
  return undefined;
}

/**
 * `auto` stays with the target it runs on; only an app that does not run takes the first that is there. An API that is away for a
 * moment moves nobody.
 */
function chooseTarget(
  { artifact, targets, versions }: World,
  { targets: { order } }: Settings,
): { target: ConcreteTarget; why: string } {
  const wanted = artifact.spec.target ?? 'auto';
  if (wanted !== 'auto') return { target: wanted, why: `${wanted} is the target that the spec names` };
  const { serving, target } = artifact.status ?? {};
  const present = serving && (versions.find(v => v.hash === serving.hash)?.target ?? target);
  const chosen = isTarget(present) ? present : firstAvailable(targets, order);
  return {
    target: chosen,
    why: `auto chose ${chosen}: an app stays where it runs, and else takes the first of ${order.join(', ')}`,
  };
}

const isTarget = (name: string | undefined): name is ConcreteTarget =>
  name === 'knative' || name === 'kubernetes' || name === 'wasmcloud';

function unavailable(spec: CompactSpec, target: ConcreteTarget, why: string): string {
  const remedy =
    spec.target === target
      ? 'The artifact starts by itself when it is there, or set spec.target: auto'
      : 'The app comes back by itself when it is there again, or name another spec.target';
  return `target ${target}: ${why}. ${remedy}`;
}

function haltOf(spec: CompactSpec, now: Date): Accepted['halted'] {
  if (spec.suspend === true) return { reason: 'Suspended', message: 'stopped by spec.suspend; versions are kept' };
  if (spec.expiresAt === undefined) return undefined;
  if (Date.parse(spec.expiresAt) <= now.getTime())
    return { reason: 'Expired', message: 'stopped at spec.expiresAt; move it into the future to start again' };
  return undefined;
}

/** Milliseconds until spec.expiresAt, at most a day (timers are 32 bits wide); undefined when nothing expires. */
export function expiryRecheck(spec: CompactSpec, now: Date): number | undefined {
  if (spec.expiresAt === undefined || spec.suspend === true) return undefined;
  const left = Date.parse(spec.expiresAt) - now.getTime();
  return left > 0 ? Math.min(left + 50, 86_400_000) : undefined;
}
