// The small vocabulary in which every step of the plan answers. Expected situations are values; only the unexpected throws.
import type { Failure, Reason } from '@vibed/crds';
import type { VersionRecord } from '@vibed/store';
import type { Kind, KubeObject } from '@vibed/store/kube';
import type { Question } from './questions.ts';

/** An object this Artifact wants to exist, as it should be. */
export interface Child {
  kind: Kind;
  object: KubeObject;
  /** Jobs and records never change after creation. */
  createOnly?: boolean;
  /** Its content is read from the store only when it is created (children.ts, option `complete`). */
  completedBy?: 'inline-source' | 'git-credential';
  /** What is sent over a live object in place of the wish, where an API refuses to be sent less than it holds. */
  onto?: (live: KubeObject) => KubeObject;
}

/** A live object of this Artifact that a step decided to remove. */
export interface Stale {
  kind: Kind;
  object: KubeObject;
}

/** What a step knows about its failure; the status adds the version it belongs to. */
export interface StepFailure {
  step: Failure['step'];
  reason: string;
  message: string;
  remedy: string;
  excerpt?: string | undefined;
}

/** What a step wants beside the serving version, which always keeps running; plan.ts makes a wish for each target from it. */
export interface Rollout {
  /** A version to run beside it. */
  candidate?: VersionRecord;
  /** Who gets the traffic; absent: the serving version. */
  traffic?: VersionRecord;
}

interface Effects {
  desired?: readonly Child[];
  stale?: readonly Stale[];
  asks?: readonly Question[];
  rollout?: Rollout;
}

export type Outcome<T> = Effects &
  (
    | { state: 'done'; value: T }
    /** Something outside moves; it will wake us, or recheckAfterMs does. */
    | { state: 'waiting'; reason: Reason; message: string; recheckAfterMs?: number }
    /** Needs a person: a changed spec or a retry. */
    | { state: 'failed'; failure: StepFailure }
  );

export const done = <T>(value: T, effects: Effects = {}): Outcome<T> => ({ state: 'done', value, ...effects });
export const waiting = (
  reason: Reason,
  message: string,
  effects: Effects & { recheckAfterMs?: number } = {},
): Outcome<never> => ({ state: 'waiting', reason, message, ...effects });
export const failed = (failure: StepFailure, effects: Effects = {}): Outcome<never> => ({
  state: 'failed',
  failure,
  ...effects,
});
