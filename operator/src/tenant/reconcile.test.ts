import { type Kind, type KubeClient, KubeError, type KubeObject, kinds } from '@vibed/store/kube';
import { beforeEach, expect, it } from 'vitest';
import { settings } from '../artifact/world.testing.ts';
import { guardRails, podSecurity } from './guard-rails.ts';
import type { LiveRail } from './rail-view.ts';
import { reconcileTenant } from './reconcile.ts';

const namespace = {
  metadata: { name: 'vibed-alice', uid: 'ns', labels: { 'vibed.dev/owner': 'alice', ...podSecurity } },
};
const wished = guardRails('vibed-alice', settings);

/** As the cluster has them: with uids, versions and defaults. */
const kept = (): LiveRail[] =>
  wished.map(({ kind, object }, i) => ({
    kind,
    object: { ...object, metadata: { ...object.metadata, uid: `uid-${i}`, resourceVersion: '1' } },
  }));
const policyAt = wished.findIndex(({ kind }) => kind === kinds.networkPolicy);

let live: LiveRail[];
let hidden: LiveRail[];
let writes: string[];
let refuse: Kind | undefined;
beforeEach(() => {
  live = kept();
  hidden = [];
  writes = [];
  refuse = undefined;
});

/** The cluster: `live` is what the view shows, `hidden` is there as well but without our label. */
async function run(labels: Record<string, string> = namespace.metadata.labels, now = Date.now()) {
  const find = (kind: Kind, name: string) =>
    [...live, ...hidden].find(one => one.kind === kind && one.object.metadata.name === name)?.object;
  const note = (verb: string, kind: Kind, object: KubeObject) => {
    writes.push(`${verb} ${kind.kind} ${object.metadata.name} ${object.metadata.uid ?? ''}`.trim());
    if (kind === refuse) throw new KubeError('Forbidden', 'no');
    return { ...object, metadata: { ...object.metadata, resourceVersion: '2' } };
  };
  const client = {
    create: async (kind: Kind, object: KubeObject) => {
      if (find(kind, object.metadata.name)) throw new KubeError('AlreadyExists', 'exists');
      return note('create', kind, object);
    },
    get: async (kind: Kind, { name }: { name: string }) => find(kind, name),
    // A merge: what others added stays.
    apply: async (kind: Kind, object: KubeObject & { spec?: object }) => {
      const before = find(kind, object.metadata.name) as { spec?: object } | undefined;
      return note('apply', kind, {
        ...object,
        ...(object.spec && { spec: { ...before?.spec, ...object.spec } }),
      } as never);
    },
    replace: async (kind: Kind, object: KubeObject) => note('replace', kind, object),
    delete: async (kind: Kind, { name }: { name: string }, { uid }: { uid: string }) =>
      note('delete', kind, { metadata: { name, uid } }),
    mergePatch: async (kind: Kind, { name }: { name: string }) => note('patch', kind, { metadata: { name } }),
  } as unknown as KubeClient;
  const observed: KubeObject[] = [];
  const context = {
    client,
    settings,
    namespaces: { get: () => ({ metadata: { ...namespace.metadata, labels } }), observe: () => undefined },
    rails: { in: () => live, observe: ({ object }: LiveRail) => observed.push(object) },
  };
  again = await reconcileTenant('vibed-alice', context, now);
  return observed;
}
let again: Awaited<ReturnType<typeof reconcileTenant>>;

/** Changes the spec of the NetworkPolicy. */
function edit(change: (spec: Record<string, unknown>) => Record<string, unknown>): void {
  const policy = live[policyAt];
  if (policy === undefined) throw new Error('there is no policy');
  const { object } = policy;
  live[policyAt] = { ...policy, object: { ...object, spec: change(object.spec as Record<string, unknown>) } };
}

it('writes nothing where all is as wished', async () => {
  await run();
  expect(writes).toEqual([]);
});

it('makes all of them in a new namespace, and labels it', async () => {
  live = [];
  const observed = await run({ 'vibed.dev/owner': 'alice' });
  expect(writes).toEqual([
    'patch Namespace vibed-alice',
    ...wished.map(r => `create ${r.kind.kind} ${r.object.metadata.name}`),
  ]);
  expect(observed).toHaveLength(wished.length);
});

it.each(wished.map(({ kind, object }, i) => [`${kind.kind} ${object.metadata.name}`, i] as const))(
  'makes a deleted one again: %s',
  async (what, i) => {
    live.splice(i, 1);
    await run();
    expect(writes).toEqual([`create ${what}`]);
  },
);

it('repairs one whose spec was changed, pinned to the object seen', async () => {
  edit(spec => ({ ...spec, policyTypes: ['Egress'] }));
  await run();
  expect(writes[0]).toBe(`apply NetworkPolicy vibed uid-${policyAt}`);
});

it('replaces one to which somebody has added something', async () => {
  edit(spec => ({ ...spec, more: [{}] }));
  const [written] = await run();
  expect(writes).toEqual([`replace NetworkPolicy vibed uid-${policyAt}`]);
  expect(written).toMatchObject({ spec: wished[policyAt]?.object.spec });
  expect(written).not.toHaveProperty('spec.more');
});

it('repairs one that has lost its label', async () => {
  hidden = live.splice(policyAt, 1).map(({ kind, object }) => ({
    kind,
    object: { ...object, metadata: { ...object.metadata, labels: {} } },
  }));
  await run();
  expect(writes).toEqual([`apply NetworkPolicy vibed uid-${policyAt}`]);
});

it('removes what is no longer wished, and accounts never', async () => {
  const old = (kind: Kind): LiveRail => ({
    kind,
    object: { metadata: { name: 'old', namespace: 'vibed-alice', uid: 'old' } },
  });
  live.push(old(kinds.networkPolicy), old(kinds.serviceAccount));
  await run();
  expect(writes).toEqual(['delete NetworkPolicy old old']);
});

it('keeps the others when one cannot be kept, and fails', async () => {
  live = [];
  refuse = wished[0]?.kind;
  await expect(run()).rejects.toThrow('no');
  expect(writes).toHaveLength(wished.length);
});

it('leaves a namespace alone that is no tenant', async () => {
  live = [];
  await run({});
  expect(writes).toEqual([]);
});

it.each([
  ['counted', true, 60, [], undefined],
  ['not counted yet', false, 5, [], { recheckAfterMs: 10_000 }],
  ['stuck without a count', false, 11, ['delete ResourceQuota vibed uid-1'], { recheckAfterMs: 10_000 }],
])('of a quota whose Artifacts are %s', async (_what, countsArtifacts, age, wanted, recheck) => {
  const created = Date.parse('2026-01-01T00:00:00Z');
  live = live.map(({ kind, object }) => {
    if (kind !== kinds.resourceQuota) return { kind, object };
    const metadata = { ...object.metadata, creationTimestamp: new Date(created).toISOString() };
    return { kind, object: { ...object, metadata, status: { countsArtifacts } } };
  });
  await run(undefined, created + age * 1000);
  expect(writes).toEqual(wanted);
  expect(again).toEqual(recheck);
});
