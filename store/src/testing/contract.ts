// What every ArtifactStore must do, whatever it keeps Artifacts in. An adapter's test calls this with a way to make a store and
// a namespace of its own; the CRD adapter is judged on a real kube-apiserver (e2e/scenarios/store.test.ts).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Artifact, type ArtifactStatus, apiVersion, finalizer } from '@vibed/crds';
import type { ArtifactStore, ArtifactView, VersionRecord } from '../artifact-store.ts';
import { compactArtifact } from '../compact.ts';
import { isKubeError, type KubeErrorCode } from '../kube/index.ts';

export interface StoreUnderTest {
  store: ArtifactStore;
  namespace: string;
}

export interface StoreRule {
  name: string;
  check: (given: StoreUnderTest) => Promise<void>;
}

const artifact = (namespace: string, name: string, content = 'one'): Artifact => ({
  apiVersion,
  kind: 'Artifact',
  metadata: { name, namespace },
  spec: { source: { files: [{ path: 'index.html', content }] } },
});

async function failsWith(code: KubeErrorCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, error => isKubeError(error, code), `expected ${code}`);
}

async function synced({ store, namespace }: StoreUnderTest): Promise<ArtifactView> {
  const view = store.watch({ namespace });
  await view.whenSynced(AbortSignal.timeout(10_000));
  return view;
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < 10_000, `not within 10 s: ${what}`);
    await sleep(20);
  }
}

function recordOf(version: number, content: string, kept: Artifact): VersionRecord {
  const { spec } = compactArtifact(artifact(kept.metadata.namespace ?? '', kept.metadata.name, content));
  return {
    version,
    hash: `hash-${version}`,
    keys: [`key-${version}`],
    target: 'kubernetes',
    build: { key: `key-${version}` },
    template: { spec: {} },
    spec,
    createdAt: '2026-01-01T00:00:00Z',
  };
}

/** One test each. */
export const artifactStoreContract: readonly StoreRule[] = [
  {
    name: 'gives back what was created, inline files included',
    check: async ({ store, namespace }) => {
      const made = await store.create(artifact(namespace, 'kept'));
      assert.ok(made.metadata.uid && made.metadata.resourceVersion);
      const read = await store.get({ namespace, name: 'kept' });
      assert.deepEqual(
        read.spec.source.files?.map(f => f.content),
        ['one'],
      );
      await failsWith('AlreadyExists', store.create(artifact(namespace, 'kept')));
      await failsWith('NotFound', store.get({ namespace, name: 'absent' }));
      await failsWith('Invalid', store.create(artifact(namespace, 'Not-A-Name')));
    },
  },
  {
    name: 'updates only the state that was read, and a changed spec is a new generation',
    check: async ({ store, namespace }) => {
      const made = await store.create(artifact(namespace, 'updated'));
      const changed = await store.update({ ...made, spec: artifact(namespace, 'updated', 'two').spec });
      assert.equal(changed.metadata.generation, (made.metadata.generation ?? 0) + 1);
      await failsWith('Conflict', store.update({ ...made, spec: { ...made.spec, suspend: true } }));
      await failsWith('Invalid', store.update({ ...changed, metadata: { name: 'updated', namespace } }));
    },
  },
  {
    name: 'writes a status only over the state it was computed from, and never the spec',
    check: async ({ store, namespace }) => {
      const made = compactArtifact(await store.create(artifact(namespace, 'told')));
      const status: ArtifactStatus = { phase: 'pending', observedGeneration: 1 };
      const told = await store.updateStatus(made, status);
      assert.deepEqual(told.status, status);
      assert.equal(told.metadata.generation, made.metadata.generation);
      await failsWith('Conflict', store.updateStatus(made, { phase: 'running' }));
      const replaced = await store.updateStatus(told, { phase: 'running' });
      assert.deepEqual(replaced.status, { phase: 'running' }, 'a status is replaced as a whole');
    },
  },
  {
    name: 'lists in pages, each Artifact once, without inline contents',
    check: async ({ store, namespace }) => {
      for (const name of ['a', 'b', 'c']) await store.create(artifact(namespace, `page-${name}`, 'x'.repeat(500)));
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ namespace, limit: 2, ...(cursor !== undefined && { cursor }) });
        assert.ok(page.artifacts.length <= 2);
        for (const a of page.artifacts) {
          assert.equal(JSON.stringify(a.spec).includes('xxx'), false);
          found.push(a.metadata.name);
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(found.filter(n => n.startsWith('page-')).sort(), ['page-a', 'page-b', 'page-c']);
    },
  },
  {
    name: 'shows a snapshot, then changes, and its own writes at once',
    check: async given => {
      const { store, namespace } = given;
      await store.create(artifact(namespace, 'before'));
      const view = await synced(given);
      assert.ok(view.get({ namespace, name: 'before' }));
      const seen: string[] = [];
      view.subscribe((a, change) => seen.push(`${change} ${a.metadata.name}`));
      const made = await store.create(artifact(namespace, 'after'));
      assert.ok(view.get({ namespace, name: 'after' }), 'an own write is seen without waiting');
      const told = await store.updateStatus(compactArtifact(made), { phase: 'pending' });
      assert.equal(view.get({ namespace, name: 'after' })?.metadata.resourceVersion, told.metadata.resourceVersion);
      await store.delete({ namespace, name: 'after' });
      await until(() => seen.includes('delete after'), 'the delete');
      assert.equal(view.get({ namespace, name: 'after' }), undefined);
      await view.stop();
    },
  },
  {
    name: 'holds an Artifact by its one finalizer until it is released',
    check: async given => {
      const { store, namespace } = given;
      const view = await synced(given);
      const held = await store.holdFinalizer(compactArtifact(await store.create(artifact(namespace, 'held'))));
      assert.deepEqual(held.metadata.finalizers, [finalizer]);
      assert.equal(await store.holdFinalizer(held), held, 'held already: nothing is written');
      await failsWith('Conflict', store.delete({ namespace, name: 'held' }, { uid: 'another' }));
      await store.delete({ namespace, name: 'held' });
      await until(
        () => view.get({ namespace, name: 'held' })?.metadata.deletionTimestamp !== undefined,
        'the deletion mark',
      );
      await store.releaseFinalizer(view.get({ namespace, name: 'held' }) ?? held);
      await until(() => view.get({ namespace, name: 'held' }) === undefined, 'the end');
      await store.releaseFinalizer(held); // gone already is as good
      await view.stop();
    },
  },
  {
    name: 'records versions once, verbatim, in order, and drops them',
    check: async given => {
      const { store, namespace } = given;
      const view = await synced(given);
      const made = await store.create(artifact(namespace, 'versioned'));
      const compact = compactArtifact(made);
      await store.recordVersion(compact, recordOf(1, 'one', made));
      await store.recordVersion(compact, recordOf(1, 'one', made));
      const changed = await store.update({ ...made, spec: artifact(namespace, 'versioned', 'two').spec });
      await failsWith('Conflict', store.recordVersion(compact, recordOf(2, 'two', made)));
      await store.recordVersion(compactArtifact(changed), recordOf(2, 'two', made));
      assert.deepEqual(
        store.versions(compact).map(v => [v.version, v.hash]),
        [
          [1, 'hash-1'],
          [2, 'hash-2'],
        ],
      );
      assert.equal(JSON.stringify(store.versions(compact)).includes('content'), false, 'no inline contents in memory');
      assert.equal((await store.specOf({ namespace, name: 'versioned' }, 1)).source.files?.[0]?.content, 'one');
      await failsWith(
        'Conflict',
        store.recordVersion(compactArtifact(changed), { ...recordOf(2, 'two', made), hash: 'other' }),
      );
      await store.dropVersion(compact, 1);
      await store.dropVersion(compact, 1);
      assert.deepEqual(
        store.versions(compact).map(v => v.version),
        [2],
      );
      await view.stop();
    },
  },
];
