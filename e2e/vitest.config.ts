import { defineConfig } from 'vitest/config';

// `vitest run --config e2e/vitest.config.ts` from the repository's root. Scenarios mostly wait for the cluster, so three
// files run at once even on two cores; those that stop the operator or watch it being quiet run alone, after the others. A
// scenario is tried twice, since machines are shared and noisy: a second try is shown as `retry x1`, with what was wrong.
export default defineConfig({
  test: {
    bail: 0,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    maxConcurrency: 3,
    projects: [
      {
        test: {
          name: 'offline',
          include: ['e2e/*.test.ts', 'e2e/lib/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'scenarios',
          include: ['e2e/scenarios/*.test.ts'],
          testTimeout: 600_000,
          retry: 1,
          maxWorkers: 3,
          maxConcurrency: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'alone',
          include: ['e2e/scenarios/alone/*.test.ts'],
          testTimeout: 600_000,
          retry: 1,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      // The first of these puts Knative on the cluster; the last ones disturb it.
      knative('arrival', 3, ['e2e/scenarios/knative/arrival.test.ts'], 1),
      knative('knative', 4, ['e2e/scenarios/knative/!(arrival).test.ts'], 2),
      knative('knative-alone', 5, ['e2e/scenarios/knative/alone/*.test.ts'], 1),
    ],
  },
});

function knative(name: string, groupOrder: number, include: string[], maxWorkers: number) {
  const fileParallelism = maxWorkers > 1;
  return {
    test: {
      name,
      include,
      testTimeout: 600_000,
      retry: 1,
      maxWorkers,
      fileParallelism,
      maxConcurrency: 3,
      sequence: { groupOrder },
    },
  };
}
