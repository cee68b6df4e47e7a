export * from './artifact-store.ts';
export * from './compact.ts';
export * from './crd-store.ts';
export { identitySelector } from './readable.ts';
export * from './targets.ts';
export * from './tree-digest.ts';
