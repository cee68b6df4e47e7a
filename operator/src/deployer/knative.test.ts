// What is Knative's own: which Revision the template is for, who is in the traffic list, and how its conditions read.
import { describe, expect, it } from 'vitest';
import {
  fileSpec,
  knative,
  knativeServiceFor,
  noChildren,
  owner,
  podFor,
  readyStatus,
  recordFor,
  revisionFor,
  revisionName,
  revisionReady,
  trafficTo,
} from '../artifact/world.testing.ts';
import type { Children } from '../artifact/world.ts';
import type { Wish } from './deployer.ts';
import type { KnativeCondition, KnativeService, RevisionTemplate } from './knative-objects.ts';

const specs = ['one', 'two', 'three'].map(n => fileSpec(`sha256:${n}`));
const [one, two, three] = specs as [(typeof specs)[0], (typeof specs)[0], (typeof specs)[0]];
const v1 = recordFor(one, 1, 'knative');
const v2 = recordFor(two, 2, 'knative');
const v3 = recordFor(three, 3, 'knative');

function wanted(wish: Partial<Wish>, children: Partial<Children>) {
  const whole: Wish = {
    run: [],
    traffic: undefined,
    recorded: [v1, v2, v3],
    exposure: { public: true },
    served: new Set(),
    ...wish,
  };
  const world = { ...noChildren, ...children };
  const service = knative.desired(owner, whole, world)[0]?.object as KnativeService | undefined;
  return {
    template: service?.spec?.template?.metadata.name,
    traffic: service?.spec?.traffic?.map(t => `${t.tag} ${t.percent}`),
    labels: service?.metadata.labels,
    surplus: knative.surplus(owner, whole, world).map(s => `${s.kind.kind} ${s.object.metadata.name}`),
  };
}
const ready = [one, two, three].map(spec => revisionFor(spec, revisionReady));
const failed = (spec = three) => revisionFor(spec, [{ type: 'Ready', status: 'False' }]);

describe('template and traffic', () => {
  it('makes the Revision of a first version and leads everything to it', () => {
    expect(wanted({ run: [v1], traffic: v1, recorded: [] }, {})).toMatchObject({
      template: revisionName(one),
      traffic: ['v1 100'],
    });
  });
  it('makes a new Revision beside the serving one, which keeps its traffic', () => {
    const children = { knativeServices: [knativeServiceFor(one)], knativeRevisions: ready.slice(0, 1) };
    expect(wanted({ run: [v1, v2], traffic: v1 }, children)).toMatchObject({
      template: revisionName(two),
      traffic: ['v1 100'],
    });
  });
  it('gives the new one its own URL as soon as it is ready, and only then: one that is not would stop all routing', () => {
    const starting = revisionFor(two, [{ type: 'Ready', status: 'Unknown' }]);
    const children = { knativeServices: [knativeServiceFor(two)], knativeRevisions: [...ready.slice(0, 1), starting] };
    expect(wanted({ run: [v1, v2], traffic: v1 }, children).traffic).toEqual(['v1 100']);
    const then = { ...children, knativeRevisions: ready.slice(0, 2) };
    expect(wanted({ run: [v1, v2], traffic: v1 }, then)).toMatchObject({
      template: revisionName(two),
      traffic: ['v1 100', 'v2 0'],
    });
  });
  it('goes back by traffic alone: the template stays', () => {
    const children = { knativeServices: [knativeServiceFor(three)], knativeRevisions: ready };
    expect(wanted({ run: [v3, v1], traffic: v1 }, children)).toEqual({
      template: revisionName(three),
      traffic: ['v1 100', 'v2 0', 'v3 0'],
      labels: expect.anything(),
      surplus: [],
    });
  });
  it('goes back to a version whose Revision is gone by making it again', () => {
    const children = { knativeServices: [knativeServiceFor(three)], knativeRevisions: ready.slice(1) };
    expect(wanted({ run: [v3, v1], traffic: v3 }, children).template).toBe(revisionName(one));
  });
  it('lets go of a version that failed, and then removes its Revision', () => {
    const children = {
      knativeServices: [knativeServiceFor(three)],
      knativeRevisions: [...ready.slice(0, 2), failed()],
    };
    const got = wanted({ run: [v2], traffic: v2 }, children);
    expect(got).toMatchObject({ template: revisionName(two), traffic: ['v2 100', 'v1 0'], surplus: [] });
    const then = { ...children, knativeServices: [knativeServiceFor(two)] };
    expect(wanted({ run: [v2], traffic: v2 }, then).surplus).toEqual([`Revision ${revisionName(three)}`]);
  });
  it('is not stopped by a serving version that can no longer run: the one that mends it gets a URL to be asked at', () => {
    const children = { knativeServices: [knativeServiceFor(two)], knativeRevisions: [failed(one), ready[1] as never] };
    expect(wanted({ run: [v1, v2], traffic: v1, recorded: [v1, v2] }, children).traffic).toEqual(['v2 100']);
  });
  it('removes the Revision of a forgotten version once no traffic names it', () => {
    const recorded = [v2, v3];
    const traffic = [trafficTo(three, 3, 100), trafficTo(one, 1, 0)];
    const named = { knativeServices: [knativeServiceFor(three, traffic)], knativeRevisions: ready };
    const wish = { run: [v3], traffic: v3, recorded };
    expect(wanted(wish, named)).toMatchObject({ traffic: ['v3 100', 'v2 0'], surplus: [] });
    const then = { ...named, knativeServices: [knativeServiceFor(three, traffic.slice(0, 1))] };
    expect(wanted(wish, then).surplus).toEqual([`Revision ${revisionName(one)}`]);
  });
  it('gives no URL to an old version that would then never sleep', () => {
    const awake = fileSpec('sha256:awake', { run: { scale: { min: 1 } } });
    const record = recordFor(awake, 4, 'knative');
    const children = {
      knativeServices: [knativeServiceFor(three)],
      knativeRevisions: [...ready, revisionFor(awake, revisionReady)],
    };
    const wish = { run: [v3], traffic: v3, recorded: [v3, record] };
    expect(wanted(wish, children).traffic).toEqual(['v3 100']);
    expect(wanted({ ...wish, run: [v3, record] }, children).traffic).toEqual(['v3 100', 'v4 0']);
  });
  it('is told to Knative when it is for the inside of the cluster only', () => {
    const got = wanted({ run: [v1], traffic: v1, exposure: { public: false } }, {});
    expect(got.labels).toMatchObject({ 'networking.knative.dev/visibility': 'cluster-local' });
  });
});

describe('what Knative has made of a template is sent back: it refuses one that lacks its defaults', () => {
  const defaulted = { ...(v1.template as RevisionTemplate), spec: { containers: [], timeoutSeconds: 300 } };
  const sent = (live: KnativeService, children: Partial<Children>) => {
    const wish = { run: [v1], traffic: v1, recorded: [], exposure: { public: true }, served: new Set<never>() };
    const [child] = knative.desired(owner, wish, { ...noChildren, ...children });
    return (child?.onto?.(live) as KnativeService | undefined)?.spec?.template;
  };
  it('from the Service, where the name stays', () => {
    const service = knativeServiceFor(one);
    expect(sent({ ...service, spec: { ...service.spec, template: defaulted } }, {})).toEqual(defaulted);
  });
  it('from the Revision, where the template goes back to it', () => {
    const knativeRevisions = [{ ...revisionFor(one, revisionReady), spec: { timeoutSeconds: 300 } }];
    expect(sent(knativeServiceFor(two), { knativeRevisions })?.spec).toEqual({ timeoutSeconds: 300 });
  });
  it('and else nothing: it is new', () => {
    expect(sent(knativeServiceFor(two), {})).toEqual(v1.template);
  });
});

describe('readiness', () => {
  const read = (children: Partial<Children>) => knative.readiness(owner, { ...noChildren, ...children }, v1);
  const revision = (...conditions: KnativeCondition[]) => ({
    knativeServices: [knativeServiceFor(one)],
    knativeRevisions: [revisionFor(one, [{ type: 'Ready', status: 'False' }, ...conditions])],
  });
  it('asks a version at its own URL, through the gateway', () => {
    const children = {
      knativeServices: [knativeServiceFor(one, [trafficTo(one, 1, 100)])],
      knativeRevisions: [revisionFor(one, revisionReady)],
    };
    expect(read({ ...children, pods: [podFor(one, readyStatus, 'knative')] })).toMatchObject({
      state: 'ready',
      probe: { address: 'ingress:80', host: 'v1-todo-2c15e910.apps.example.com', routed: true },
      pod: { metadata: { labels: { 'vibed.dev/artifact-uid': 'uid-1' } } },
    });
    // Asleep it is as ready.
    expect(read(children)).toMatchObject({ state: 'ready', pod: undefined });
  });
  it('waits until the Route has given it a URL', () => {
    const children = { knativeServices: [knativeServiceFor(one)], knativeRevisions: [revisionFor(one, revisionReady)] };
    expect(read(children).state).toBe('progressing');
  });
  it.each([
    [
      { type: 'ContainerHealthy', status: 'False', reason: 'ContainerMissing', message: 'no such image' },
      'ImagePullFailed',
    ],
    [{ type: 'ResourcesAvailable', status: 'False', reason: 'ProgressDeadlineExceeded' }, 'StartTimeout'],
    [
      {
        type: 'ResourcesAvailable',
        status: 'False',
        reason: 'FailedCreate',
        message: 'pods "todo-x" is forbidden: exceeded quota: vibed, requested: pods=1',
      },
      'QuotaExceeded',
    ],
    [
      { type: 'ResourcesAvailable', status: 'False', reason: 'FailedCreate', message: 'violates PodSecurity' },
      'PodRefused',
    ],
  ])('reads a Revision’s condition: %j', (condition, reason) => {
    expect(read(revision(condition))).toMatchObject({
      state: 'failed',
      reason,
      message: expect.stringMatching(/\w/),
      remedy: expect.stringMatching(/\w/),
    });
  });
  it('lets the pods speak while there are some', () => {
    const conditions = { type: 'ContainerHealthy', status: 'False', reason: 'ExitCode1', message: 'exited' };
    const pods = [podFor(one, { containerStatuses: [] }, 'knative')];
    expect(read({ ...revision(conditions), pods }).state).toBe('progressing');
  });
  it('says whose object stands in the way of the Route', () => {
    const conditions = [
      { type: 'RoutesReady', status: 'False', reason: 'NotOwned', message: 'There is an existing placeholder Service' },
    ];
    const children = {
      knativeServices: [knativeServiceFor(one, [], conditions)],
      knativeRevisions: [revisionFor(one, revisionReady)],
    };
    expect(read(children)).toMatchObject({ state: 'failed', reason: 'NotOwned' });
  });
});

it('takes the host that Knative gives, with the scheme and port of the settings', () => {
  const service = knativeServiceFor(one);
  const stock = { ...service, status: { ...service.status, url: 'http://todo-2c15e910.vibed-alice.example.org' } };
  const url = knative.url(owner, { ...noChildren, knativeServices: [stock] }, { public: true });
  expect(url).toBe('http://todo-2c15e910.vibed-alice.example.org');
});

it('does not ask through the route while the Kubernetes target’s Ingress holds the host', () => {
  const children = {
    ...noChildren,
    knativeServices: [knativeServiceFor(one, [trafficTo(one, 1, 100)])],
    ingresses: [{ metadata: { name: 'todo', namespace: owner.namespace } }],
  };
  expect(knative.routeProbe(owner, children, v1, { public: true })).toEqual({ awaits: expect.any(String) });
  expect(knative.routeProbe(owner, { ...children, ingresses: [] }, v1, { public: true })).toMatchObject({
    host: 'todo-2c15e910.apps.example.com',
  });
});
