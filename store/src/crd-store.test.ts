import { type Artifact, apiVersion, finalizer } from '@vibed/crds';
import { expect, test } from 'vitest';
import type { VersionRecord } from './artifact-store.ts';
import { type CompactArtifact, compactArtifact } from './compact.ts';
import { CrdArtifactStore } from './crd-store.ts';
import { type JsonPatchOperation, type Kind, type KubeClient, KubeError, type KubeObject } from './kube/index.ts';

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
async function storeOf(
  patch: (operations: readonly JsonPatchOperation[]) => Promise<Artifact>,
  more: Partial<KubeClient> = {},
) {
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
    ...more,
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

const unused = () => Promise.reject(new Error('nothing is to be patched'));
const recorded = (artifact: CompactArtifact): VersionRecord => ({
  version: 1,
  hash: 'hash',
  keys: ['key'],
  target: 'kubernetes',
  build: { key: 'key', image: 'registry.example.com/x@sha256:1', digest: 'sha256:1' },
  template: {},
  spec: artifact.spec,
  createdAt: '2026-01-01T00:00:00Z',
});

test('a version without inline files is recorded in one request', async () => {
  const made: KubeObject[] = [];
  const create = async <T extends KubeObject>(_kind: Kind, object: T) => {
    made.push(object);
    return object;
  };
  const { store, view } = await storeOf(unused, { create });
  await store.recordVersion(deleting, recorded(deleting));
  expect(made).toMatchObject([
    { metadata: { name: 'todo-v1' }, data: { version: 1, spec: deleting.spec }, revision: 1 },
  ]);
  await view.stop();
});

const inline = { source: { files: [{ path: 'index.html', content: '<h1>hi</h1>' }] } };

test.for([
  ['with the files as they are', deleting.metadata, 'recorded'],
  ['not when the spec is another by now', { ...deleting.metadata, generation: 2 }, 'Conflict'],
  ['not when it was created again', { ...deleting.metadata, uid: 'uid-2' }, 'Conflict'],
] as const)('inline files are recorded verbatim: %s', async ([, metadata, wanted]) => {
  const made: KubeObject[] = [];
  const { store, view } = await storeOf(unused, {
    get: async <T extends KubeObject>() => ({ ...deleting, metadata, spec: inline }) as unknown as T,
    create: async <T extends KubeObject>(_kind: Kind, object: T) => {
      made.push(object);
      return object;
    },
  });
  const planned = compactArtifact({ ...deleting, spec: inline });
  const recording = store.recordVersion(planned, recorded(planned)).catch((error: KubeError) => error.code);
  expect((await recording) ?? 'recorded').toBe(wanted);
  expect(made).toMatchObject(wanted === 'recorded' ? [{ data: { spec: inline } }] : []);
  await view.stop();
});

test.for([
  ['another version of it', { uid: 'uid-1' }, { hash: 'other' }, 'Conflict'],
  ['the record of another Artifact', { uid: 'uid-2' }, {}, 'AlreadyExists'],
  ['no record at all', { uid: 'uid-1' }, { keys: 5 }, 'AlreadyExists'],
] as const)('where the name of a record is taken by %s, it fails', async ([, { uid }, more, wanted]) => {
  const record = recorded(deleting);
  const labels = { 'vibed.dev/artifact-uid': uid };
  const { store, view } = await storeOf(unused, {
    create: () => Promise.reject(new KubeError('AlreadyExists', 'exists')),
    get: async <T>() => ({ metadata: { name: 'todo-v1', labels }, data: { ...record, ...more } }) as T,
  });
  await expect(store.recordVersion(deleting, record)).rejects.toMatchObject({ code: wanted });
  await view.stop();
});
