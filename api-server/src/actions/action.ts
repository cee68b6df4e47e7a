// One action per capability, neutral to the door it is called through. Both doors come in by perform(): scope, rate, shape,
// audit and metrics are the same for all, and in one place.

import type { Analysis } from '@vibed/operator/analysis';
import type { Settings } from '@vibed/operator/settings';
import type { ArtifactStore, ArtifactView } from '@vibed/store';
import type { KubeClient, Log } from '@vibed/store/kube';
import type { z } from 'zod';
import { type Caller, mayDo } from '../auth/caller.ts';
import type { RateLimiter } from '../auth/rate-limit.ts';
import type { EnvSecrets } from '../env-secrets.ts';
import type { Feed } from '../feed.ts';
import type { Metrics } from '../metrics.ts';
import { Problem, problemOf } from '../problems.ts';
import type { SourceStorage } from '../storage/storage.ts';
import type { Turnstile } from '../storage/turnstile.ts';
import { namespaceOf, type Tenancy } from '../tenancy.ts';
import type { Uploads } from '../uploads.ts';
import { checkShape, invalidInput } from './input.ts';
import type { Lines } from './lines.ts';

/** What the process has; made once in main.ts. */
export interface Services {
  readonly settings: Settings;
  readonly analysis: Analysis;
  readonly client: KubeClient;
  readonly store: ArtifactStore;
  readonly view: ArtifactView;
  readonly feed: Feed;
  readonly storage: SourceStorage;
  readonly uploads: Uploads;
  readonly envSecrets: EnvSecrets;
  /** JSON bodies that are being read. */
  readonly reading: Turnstile;
  readonly unpacking: Turnstile;
  readonly following: Turnstile;
  readonly lines: Lines;
  readonly tenancy: Tenancy;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Rates of requests. */
export interface Limits {
  /** Actions of each user, by scope. */
  readonly read: RateLimiter;
  readonly write: RateLimiter;
  /** Messages of each user to /mcp, before their bodies say which actions they call. */
  readonly message: RateLimiter;
  /** Requests without a valid key, by the address of the connection. */
  readonly stranger: RateLimiter;
}

/** One call: who asks, through what, and how to tell them that it goes on. */
export interface Call {
  readonly caller: Caller;
  readonly door: 'mcp' | 'rest';
  /** Name and version of the client program, as it says of itself. */
  readonly client?: string | undefined;
  readonly signal: AbortSignal;
  /** Present when the caller wants to hear of progress. */
  readonly progress?: ((step: number, message: string) => void) | undefined;
}

export interface Context extends Call {
  readonly services: Services;
  /** Where the caller's artifacts are; it may not exist yet. */
  readonly namespace: string;
  /** The caller, as what is kept for them knows them (namespaceOf). */
  readonly owner: string;
}

/** A rule of the process's role, with its reason. */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly why: string;
}

interface ActionOf<I extends z.ZodObject, O extends z.ZodObject> {
  /** The tool's name; also the operationId of the REST route. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: 'read' | 'write';
  /** Where an owner's calls of this action wait for each other. Actions without one cost next to nothing. */
  readonly line?: keyof Lines;
  /** What a client may assume. Every action is bounded to this vibeD unless it says openWorld. */
  readonly hints: { readonly destructive?: boolean; readonly idempotent?: boolean; readonly openWorld?: boolean };
  readonly input: I;
  readonly output: O;
  /** What it needs of the cluster; install.yaml's role is made from these. */
  readonly rights: readonly Right[];
  readonly run: (input: z.output<I>, context: Context) => Promise<z.input<O>>;
}

/** An action whose input was not looked at yet. */
export interface Action extends Omit<ActionOf<z.ZodObject, z.ZodObject>, 'run'> {
  readonly invoke: (raw: unknown, context: Context) => Promise<Record<string, unknown>>;
}

export function defineAction<I extends z.ZodObject, O extends z.ZodObject>({ run, ...action }: ActionOf<I, O>): Action {
  return {
    ...action,
    invoke: async (raw, context) => {
      const parsed = action.input.safeParse(withoutNulls(raw));
      if (!parsed.success) throw invalidInput(parsed.error, action.input);
      const act = async () => (await run(parsed.data, context)) as Record<string, unknown>;
      return action.line === undefined
        ? await act()
        : await context.services.lines[action.line].pass(context.owner, act, context.signal);
    },
  };
}

export function contextFor(call: Call, services: Services): Context {
  const { user } = call.caller;
  return { ...call, services, namespace: services.tenancy.placeOf(user), owner: namespaceOf(user) };
}

/**
 * Runs an action for a caller, among their own artifacts. `input` is called after the caller was admitted: what it reads of a
 * request is not read for others. Every failure is a Problem.
 */
export async function perform(
  action: Action,
  input: () => unknown,
  call: Call,
  services: Services,
): Promise<Record<string, unknown>> {
  const started = performance.now();
  let result = 'ok';
  let raw: unknown;
  try {
    admit(action, call.caller, services);
    raw = await input();
    checkShape(raw);
    return await action.invoke(raw, contextFor(call, services));
  } catch (error) {
    // What is cut short because nobody waits for it is no fault of ours.
    const problem = call.signal.aborted
      ? new Problem('ClientGone', 'the client went away', { cause: error })
      : problemOf(error);
    result = problem.code;
    if (result === 'Internal') services.log.error('an action failed', { action: action.name, error });
    throw problem;
  } finally {
    services.metrics.acted(action.name, call.door, result, (performance.now() - started) / 1000);
    if (action.scope === 'write') services.log.info('audit', { ...auditOf(action, raw, call), result });
  }
}

/** Throws unless the caller may do this, and may do it now. The only place where scope and rate are judged. */
export function admit(action: Pick<Action, 'name' | 'scope'>, caller: Caller, { limits }: Services): void {
  if (!mayDo(caller, action.scope))
    throw new Problem(
      'ScopeMissing',
      `${action.name} needs a key with scope ${action.scope}; this one has ${caller.scope}`,
    );
  limits[action.scope].take(caller.user);
}

/** Who did what to which artifact: never what was in it. */
function auditOf(action: Action, raw: unknown, { caller, door, client }: Call): Record<string, unknown> {
  const name = typeof raw === 'object' && raw !== null && 'name' in raw ? String(raw.name).slice(0, 80) : undefined;
  return { action: action.name, artifact: name, user: caller.user, key: caller.keyId, door, client };
}

/** Models often write null for what they leave out. */
function withoutNulls(raw: unknown): unknown {
  if (raw === undefined || raw === null) return {};
  if (typeof raw !== 'object' || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null));
}
