// The contract every other package imports. Browser-safe: zod and nothing else (contract.test.ts checks it).
export * from './artifact.ts';
export * from './conditions.ts';
export * from './ignored-paths.ts';
export * from './page-findings.ts';
export * from './status.ts';
