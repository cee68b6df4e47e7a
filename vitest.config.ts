import { defineConfig } from 'vitest/config';

// Unit, golden and contract tests only: what needs a cluster lives in e2e/ and is started by `make test`.
export default defineConfig({
  test: { include: ['{crds,store,operator,cli,cluster,api-server/src,packages}/**/*.test.ts'], testTimeout: 20_000 },
});
