// The contract between builds and the api-server's source endpoint: which token the pod shows, and where on the pod is
// written which tree it may fetch. Nobody but the operator may create pods in the build namespace, so what they say is true.

/** The token is mounted into *source* only; its ServiceAccount has no rights, and the audience makes it good for nothing else. */
export const sourceToken = {
  audience: 'vibed-source',
  serviceAccount: 'vibed-build',
  /** In vibeD's own namespace: the operator, which looks at sources itself. */
  operatorAccount: 'vibed-operator',
  directory: '/source-token',
} as const;

/** Annotation on a build's input and, with spec.source.snapshot, on its pod: the digest of the tree that is built. */
export const sourceDigest = 'vibed.dev/source-digest';

/** Where the source endpoint has the tree of a digest. */
export const sourcePath = (namespace: string, name: string, digest: string): string =>
  `/sources/${namespace}/${name}/${digest}`;
