import { expect, it } from 'vitest';
import { healthAnswer, slots } from './health-state.ts';

it.each([
  { path: '/healthz', silentMs: 0n, ready: false, status: 200 },
  { path: '/healthz', silentMs: 59_999n, ready: true, status: 200 },
  { path: '/healthz', silentMs: 60_000n, ready: true, status: 503 },
  { path: '/readyz', silentMs: 0n, ready: false, status: 503 },
  { path: '/readyz?verbose', silentMs: 14_999n, ready: true, status: 200 },
  { path: '/readyz', silentMs: 15_000n, ready: true, status: 503 },
  { path: '/metrics', silentMs: 0n, ready: true, status: 404 },
])('answers $path with $status when the loop has been silent for $silentMs ms (ready: $ready)', given => {
  const state = new BigInt64Array(2);
  state[slots.beatAtMs] = 1_000_000n;
  state[slots.isReady] = given.ready ? 1n : 0n;
  expect(healthAnswer(given.path, state, 1_000_000n + given.silentMs).status).toBe(given.status);
});
