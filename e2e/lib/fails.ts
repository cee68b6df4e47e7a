// A failure as people meet it: a typed reason, what to do, and the last lines; and then quiet.
import type { Failure, Reason } from '@vibed/crds';
import { expect } from 'vitest';
import type { App, AppState } from './app.ts';
import { differences } from './differences.ts';

/** What a scenario expects of a failure besides its reason. */
export interface Expected {
  step: Failure['step'];
  message?: RegExp;
  remedy: RegExp;
  excerpt?: RegExp;
}

/** Waits for the present spec to fail and checks that conditions and `failure` say the same. */
export async function fails(app: App, reason: Reason, expected: Expected): Promise<AppState> {
  const state = await app.reaches({ current: true, phase: 'failed' });
  const failure = { message: /\S/, ...expected, reason };
  expect(differences(failure, state.failure), JSON.stringify(state.failure)).toEqual([]);
  expect(state.conditions).toMatchObject({ Stalled: { status: 'True', reason }, Ready: { status: 'False', reason } });
  expect(state.conditions.Reconciling).toBeUndefined();
  expect(state.conditions.Ready?.message).not.toBe('');
  return state;
}

/** Nothing has ever served: there is no URL to give. */
export async function failsFromTheStart(app: App, reason: Reason, expected: Expected): Promise<AppState> {
  const state = await fails(app, reason, expected);
  expect(state.url).toBeUndefined();
  expect(state.serving).toBeUndefined();
  expect(state.conditions.Available?.status).toBe('False');
  return state;
}
