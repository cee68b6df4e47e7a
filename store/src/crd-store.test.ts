import { type Artifact, apiVersion, finalizer } from '@vibed/crds';
import { expect, test } from 'vitest';
import { CrdArtifactStore } from './crd-store.ts';
import { type JsonPatchOperation, type KubeClient, KubeError } from './kube/index.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const deleting = {
  apiVersion,
  kind: 'Artifact',
  metadata: {
    namespace: 'vibed-alice',
    name: 'todo',
    uid: 'uid-1',
    resourceVersion: '7',
    deletionTimestamp: '2026-01-01T00:00:00Z',
    finalizers: [finalizer],
  },
  spec: { source: { image: { ref: 'registry.example.com/x@sha256:1' } } },
} satisfies Artifact;

/** A store over a cluster that holds one Artifact on its way out, whose watch tells nothing more. */
async function storeOf(patch: (operations: readonly JsonPatchOperation[]) => Promise<Artifact>) {
  const client = {
    list: async ({ plural }: { plural: string }) => ({
      items: plural === 'artifacts' ? [deleting] : [],
      resourceVersion: '7',
    }),
    watch: async function* (_kind: unknown, _options: unknown, signal: AbortSignal) {
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      yield* [];
    },
    jsonPatch: (_kind: unknown, _ref: unknown, operations: readonly JsonPatchOperation[]) => patch(operations),
  } as unknown as KubeClient;
  const store = new CrdArtifactStore({ client, log });
  const view = store.watch({});
  await view.whenSynced();
  return { store, view };
}

const ref = { namespace: 'vibed-alice', name: 'todo' };

test('an Artifact whose last finalizer is released is gone from the view before the watch says so', async () => {
  // The server answers with the state it deleted, under the old resourceVersion.
  const { store, view } = await storeOf(async () => ({
    ...deleting,
    metadata: { ...deleting.metadata, finalizers: [] },
  }));
  await store.releaseFinalizer(deleting);
  expect(view.get(ref)).toBeUndefined();
  await view.stop();
});

test('with the finalizer of somebody else it stays, without ours', async () => {
  const shared = { ...deleting, metadata: { ...deleting.metadata, finalizers: [finalizer, 'example.com/theirs'] } };
  const left = {
    ...shared,
    metadata: { ...shared.metadata, finalizers: ['example.com/theirs'], resourceVersion: '8' },
  };
  const { store, view } = await storeOf(async () => left);
  await store.releaseFinalizer(shared);
  expect(view.get(ref)?.metadata.finalizers).toEqual(['example.com/theirs']);
  await view.stop();
});

test('one that is gone already is gone from the view', async () => {
  const { store, view } = await storeOf(() => Promise.reject(new KubeError('NotFound', 'not there')));
  await store.releaseFinalizer(deleting);
  expect(view.get(ref)).toBeUndefined();
  await view.stop();
});
