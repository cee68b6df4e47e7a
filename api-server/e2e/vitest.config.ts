import { defineConfig } from 'vitest/config';

// `vitest run --config api-server/e2e/vitest.config.ts` from the repository's root: on the running cluster, with the api-server
// that is installed there. The last file kills it, so the files run one after the other.
export default defineConfig({
  test: {
    include: ['api-server/e2e/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    retry: 1,
  },
});
