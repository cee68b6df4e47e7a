// A failure as people meet it: a typed reason, what to do, and the last lines; and then quiet.
import type { Failure, Reason } from '@vibed/crds';
import { expect } from 'vitest';
import type { App, AppState, Wait } from './app.ts';
import type { Partially } from './differences.ts';

/** What a scenario expects of a failure besides its reason. */
export interface Expected {
  step: Failure['step'];
  message?: RegExp;
  remedy: RegExp;
  excerpt?: RegExp;
}

/** Waits for the failure of the present spec and checks that conditions and `failure` say the same. */
export async function fails(app: App, reason: Reason, expected: Expected, wait: Wait = {}): Promise<AppState> {
  const failure: Partially<Failure> = {
    reason,
    step: expected.step,
    message: expected.message ?? /\S/,
    remedy: expected.remedy,
    ...(expected.excerpt !== undefined && { excerpt: expected.excerpt }),
  };
  const state = await app.reaches({ current: true, phase: 'failed', failure }, wait);
  expect(state.conditions).toMatchObject({ Stalled: { status: 'True', reason }, Ready: { status: 'False', reason } });
  expect(state.conditions.Reconciling).toBeUndefined();
  expect(state.conditions.Ready?.message).not.toBe('');
  return state;
}

/** Nothing has ever served: there is no URL to give. */
export async function failsFromTheStart(
  app: App,
  reason: Reason,
  expected: Expected,
  wait: Wait = {},
): Promise<AppState> {
  const state = await fails(app, reason, expected, wait);
  expect(state.url).toBeUndefined();
  expect(state.serving).toBeUndefined();
  expect(state.conditions.Available?.status).toBe('False');
  return state;
}
