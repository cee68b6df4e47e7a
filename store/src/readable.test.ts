import type { Artifact } from '@vibed/crds';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { compactArtifact } from './compact.ts';
import { CrdArtifactStore } from './crd-store.ts';
import type { Kind, KubeClient } from './kube/index.ts';
import { recordProblem } from './readable.ts';

const identity = {
  'app.kubernetes.io/managed-by': 'vibed',
  'app.kubernetes.io/instance': 'todo',
  'vibed.dev/artifact-namespace': 'vibed-alice',
  'vibed.dev/artifact-uid': 'uid-1',
};
const spec = { source: { files: [{ path: 'index.html', content: 'x' }] } };
const record = {
  version: 1,
  hash: 'hash',
  keys: ['key'],
  target: 'kubernetes',
  build: { key: 'key', digest: 'sha256:1' },
  template: { metadata: {}, spec: {} },
  spec,
  createdAt: '2026-01-01T00:00:00Z',
};
const revision = (name: string, data: unknown, metadata: object = {}) => ({
  metadata: { name, namespace: 'vibed-alice', uid: name, resourceVersion: '1', labels: identity, ...metadata },
  data,
});
const artifact = (name: string, more: object = {}) =>
  ({ metadata: { name, namespace: 'vibed-alice', uid: 'uid-1', resourceVersion: '1' }, spec, ...more }) as Artifact;

async function storeOf(items: { artifacts?: unknown[]; controllerrevisions?: unknown[] }) {
  const selectors: Record<string, string | undefined> = {};
  const client = {
    list: async ({ plural }: Kind, { labelSelector }: { labelSelector?: string }) => {
      selectors[plural] = labelSelector;
      return { items: items[plural as keyof typeof items] ?? [], resourceVersion: '1' };
    },
    watch: async function* (_kind: unknown, _options: unknown, signal: AbortSignal) {
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      yield* [];
    },
  } as unknown as KubeClient;
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const onDropped = vi.fn();
  const store = new CrdArtifactStore({ client, log, onDropped });
  const view = store.watch({});
  await view.whenSynced();
  return { store, view, selectors, onDropped };
}

const json = fc.jsonValue({ maxDepth: 3 });
/** A good value, wrong in one place. */
const wrongIn = (value: object) =>
  fc.tuple(fc.constantFrom(...Object.keys(value)), json).map(([member, other]) => ({ ...value, [member]: other }));

test('records of any shape leave the good ones readable, and those of a StatefulSet are not taken for versions', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          json,
          wrongIn(record),
          wrongIn(spec).map(s => ({ ...record, spec: s })),
        ),
      ),
      async data => {
        const foreign = data.map((content, i) => revision(`foreign-${i}`, content));
        const { store, view } = await storeOf({ controllerrevisions: [...foreign, revision('todo-v1', record)] });
        const versions = store.versions(compactArtifact(artifact('todo')));
        expect(versions.map(v => v.hash)).toContain('hash');
        // What readers of all versions do.
        for (const version of versions) {
          expect(version.keys.map(key => key.length)).toBeDefined();
          expect((version.spec.run?.env ?? []).map(({ secretRef }) => secretRef?.name)).toBeDefined();
          expect(version.spec.source.image?.ref.split('@') ?? []).toBeInstanceOf(Array);
        }
        await view.stop();
      },
    ),
    { numRuns: 100 },
  );
});

test('versions are selected by all of their identity, and counted when they are somebody else’s', async () => {
  const ofAStatefulSet = revision('web-5d8f', { spec: { template: {} } });
  const ofAnotherNamespace = revision('todo-v2', { ...record, version: 2 }, { namespace: 'vibed-eve' });
  const { store, view, selectors, onDropped } = await storeOf({
    controllerrevisions: [ofAStatefulSet, ofAnotherNamespace, revision('todo-v1', record)],
  });
  expect(store.versions(compactArtifact(artifact('todo'))).map(v => v.version)).toEqual([1]);
  expect(onDropped).toHaveBeenCalledTimes(2);
  expect(selectors.controllerrevisions).toBe(
    'app.kubernetes.io/managed-by=vibed,app.kubernetes.io/instance,vibed.dev/artifact-namespace,vibed.dev/artifact-uid',
  );
  await view.stop();
});

test('an Artifact that got in before its schema fails alone: its spec is empty, and says why', async () => {
  const bad: object[] = [
    { spec: undefined },
    { spec: null },
    { spec: {} },
    { spec: { source: { files: 'index.html' }, run: { port: 'http' } } },
    { spec: { source: { files: [null] } } },
    { spec: { source: { git: {} } } },
    { spec: { source: {}, run: { env: 5 } } },
  ];
  const { view } = await storeOf({ artifacts: bad.map((more, i) => artifact(`bad-${i}`, more)) });
  expect(view.all()).toHaveLength(bad.length);
  for (const { spec: shown, unreadable } of view.all()) {
    expect(shown).toEqual({ source: {} });
    expect(unreadable).toMatch(/^spec/);
  }
  await view.stop();
});

test('any spec and any status can be made compact, and what is readable stays as it is', () => {
  fc.assert(
    fc.property(
      fc.oneof(json, wrongIn(spec), wrongIn({ ...spec, run: { env: [] }, build: {} })),
      json,
      (given, status) => {
        const compact = compactArtifact({ ...artifact('todo'), spec: given, status } as never);
        expect(compact.spec.source).toBeDefined();
        expect((compact.spec.run?.env ?? []).map(e => e.name)).toBeDefined();
        expect((compact.status?.conditions ?? []).map(c => c.type)).toBeDefined();
      },
    ),
  );
  expect(compactArtifact(artifact('todo', { status: { phase: 'running' } }))).toEqual({
    ...artifact('todo'),
    spec: { source: { files: { digest: expect.any(String), count: 1 } } },
    status: { phase: 'running' },
  });
});

test('a record as it is kept is a record', () => {
  expect(recordProblem(record)).toBeUndefined();
  expect(recordProblem({ ...record, spec: { source: { files: { digest: 'sha256:1', count: 1 } } } })).toBeUndefined();
});
