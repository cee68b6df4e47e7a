export * from './artifact-store.ts';
export * from './compact.ts';
export * from './crd-store.ts';
export * from './tree-digest.ts';
