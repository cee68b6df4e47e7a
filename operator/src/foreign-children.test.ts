// Objects that carry our labels and are not ours, or are ours and were changed by somebody: no plan ever meets one that it cannot read.
import { type Kind, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { buildKeyLabel, identityLabels } from './artifact/identity.ts';
import { planFor } from './artifact/plan.ts';
import {
  deploymentFor,
  factsFor,
  fileSpec,
  httpRouteSaying,
  ingress,
  jobFor,
  knativeServiceFor,
  owner,
  podFor,
  portsWith,
  readyStatus,
  recordFor,
  revisionFor,
  revisionReady,
  serviceFor,
  servingStatus,
  settings,
  trafficTo,
  withKnative,
  worldOf,
} from './artifact/world.testing.ts';
import type { World } from './artifact/world.ts';
import { observeBuild } from './builder/observe.ts';
import { pullReference } from './builder/pull-reference.ts';
import { ChildStore, watchedWhereServed } from './children.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const buildNamespaces = [settings.builds.namespace, settings.builds.installNamespace];

/** A ChildStore over a cluster in which these objects are; its caches do not select, so the objects may have any labels. */
async function childrenAmong(objects: readonly (readonly [Kind, unknown])[]) {
  const selectors = new Map<string, string>();
  const dropped: string[] = [];
  const client = {
    list: async (kind: Kind, { labelSelector = '' }) => {
      selectors.set(kind.kind, labelSelector);
      return { items: objects.filter(([k]) => k === kind).map(([, object]) => object), resourceVersion: '1' };
    },
    watch: async function* (_kind: unknown, _options: unknown, signal: AbortSignal) {
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      yield* [];
    },
  } as unknown as KubeClient;
  const onDropped = ({ kind }: Kind) => dropped.push(kind);
  const children = new ChildStore({ client, log, buildNamespaces, onDropped, complete: async c => c.object });
  children.start();
  await Promise.all([children.whenSynced(), ...watchedWhereServed.map(kind => children.follow(kind))]);
  return { children, selectors, dropped };
}

const labelled = (namespace: string, labels: Record<string, string>, more: object = {}) => ({
  metadata: { name: 'todo', namespace, uid: `uid-in-${namespace}`, resourceVersion: '1', labels },
  ...more,
});

describe('identity is namespace and uid', () => {
  const stolen = { ...identityLabels(owner), [buildKeyLabel]: factsFor(fileSpec()).key };
  it.each([
    ['a Job of another namespace', kinds.job, 'vibed-eve'],
    ['a Job of the namespace of the Artifact', kinds.job, owner.namespace],
    ['a pod of another namespace', kinds.pod, 'vibed-eve'],
    ['a Deployment of another namespace', kinds.deployment, 'vibed-eve'],
    ['a Deployment where builds run', kinds.deployment, settings.builds.namespace],
    ['a ConfigMap of another namespace', kinds.configMap, 'vibed-eve'],
  ])('leaves out %s', async (_what, kind, namespace) => {
    const { children, dropped } = await childrenAmong([[kind, labelled(namespace, stolen)]]);
    expect(Object.values(children.observe(owner)).flat()).toEqual([]);
    expect(children.jobs()).toEqual([]);
    expect(dropped).toEqual([kind.kind]);
    await children.stop();
  });

  it('does not give one Artifact what carries the uid of another’s, in any namespace', async () => {
    const mine = { ...identityLabels(owner), 'vibed.dev/artifact-namespace': 'vibed-eve' };
    const { children } = await childrenAmong([
      [kinds.pod, labelled('vibed-eve', mine)],
      [kinds.job, labelled(settings.builds.namespace, mine)],
    ]);
    expect(Object.values(children.observe(owner)).flat()).toEqual([]);
    await children.stop();
  });

  it('finds what is in its own namespace and where builds run', async () => {
    const { children, selectors } = await childrenAmong([
      [kinds.job, labelled(settings.builds.namespace, stolen)],
      [kinds.pod, labelled(owner.namespace, stolen)],
      [kinds.pod, labelled(settings.builds.installNamespace, stolen)],
      [kinds.configMap, labelled(settings.builds.namespace, stolen)],
    ]);
    const { jobs, pods, configMaps } = children.observe(owner);
    expect([jobs.length, pods.length, configMaps.length]).toEqual([1, 2, 1]);
    const identity = Object.keys(identityLabels(owner));
    for (const selector of selectors.values()) for (const label of identity) expect(selector).toContain(label);
    await children.stop();
  });
});

const spec = fileSpec();
const record = recordFor(spec, 1, 'knative');
const job = jobFor(factsFor(spec).key);
/** One good child of each kind, as the apiserver has it. */
const good: readonly (readonly [Kind, KubeObject])[] = [
  [kinds.job, { ...job, status: { conditions: [{ type: 'Failed', status: 'True' }] } } as KubeObject],
  [kinds.pod, podFor(spec, readyStatus)],
  [
    kinds.pod,
    {
      ...podFor(spec, {
        phase: 'Failed',
        initContainerStatuses: [{ name: 'source', state: { terminated: { exitCode: 1, message: '{}' } } }],
        containerStatuses: [{ name: 'app', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      } as never),
      metadata: { ...podFor(spec, {}).metadata, name: 'build', namespace: 'vibed-builds', labels: job.metadata.labels },
    } as KubeObject,
  ],
  [kinds.deployment, deploymentFor(spec)],
  [kinds.service, serviceFor(spec)],
  [kinds.ingress, ingress],
  [kinds.httpRoute, httpRouteSaying({ Accepted: 'False' })],
  [kinds.knativeRevision, revisionFor(spec, revisionReady)],
  [kinds.knativeService, knativeServiceFor(spec, [trafficTo(spec, 1, 100)])],
];

/** Places in a JSON value, as paths. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const members = copy as Record<string, unknown>;
  members[first] = replaced(members[first], rest, by);
  return copy;
}

const json = fc.jsonValue({ maxDepth: 2 });
/** Every good child, of which each may be wrong in one place. */
const someWrong = fc.tuple(
  ...good.map(([kind, object]) =>
    fc
      .option(fc.tuple(fc.constantFrom(...pathsOf(object).filter(path => path.length > 0)), json), { nil: undefined })
      .map(change => [kind, change === undefined ? object : replaced(object, ...change)] as const),
  ),
);

const worlds: ((children: World['children']) => World)[] = [
  children => worldOf({ spec, children, status: servingStatus(spec, 1), versions: [recordFor(spec, 1)] }),
  children =>
    worldOf({ spec, children, status: servingStatus(spec, 1, 'knative'), versions: [record], served: withKnative }),
  children => worldOf({ spec, children, served: withKnative }),
  children => worldOf({ spec, children: { ...children, jobs: [] }, status: { build: factsFor(spec) } }),
  children => worldOf({ spec: { ...spec, suspend: true }, children, versions: [recordFor(spec, 1)] }),
];

it('never keeps the plan from being made, whatever one of its members is', async () => {
  const builder = portsWith({
    ...portsWith().builder,
    observe: (key, live, pods) => observeBuild(key, live, pods, pullReference(owner, settings)),
  });
  await fc.assert(
    fc.asyncProperty(someWrong, async objects => {
      const { children } = await childrenAmong(objects);
      for (const world of worlds) expect(planFor(world(children.observe(owner)), builder)).toBeDefined();
      await children.stop();
    }),
    { numRuns: 300 },
  );
});
