// What every Deployer must do; an adapter brings the objects its cluster would show at each stage.
import type { CompactSpec } from '@vibed/store';
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Child } from '../artifact/outcome.ts';
import {
  accepted,
  byGateway,
  deploymentFor,
  fileSpec,
  httpRouteSaying,
  ingress,
  knative,
  knativeServiceFor,
  deployer as kubernetes,
  noChildren,
  owner,
  podFor,
  readyStatus,
  recordFor,
  revisionFor,
  revisionReady,
  serviceFor,
  trafficTo,
  withGateway,
} from '../artifact/world.testing.ts';
import type { Children } from '../artifact/world.ts';
import { contains } from '../contains.ts';
import { leanFor } from '../lean.ts';
import type { Deployer, Version, Wish } from './deployer.ts';

interface Stages {
  absent: Children;
  stale: Children;
  progressing: Children;
  ready: Children;
  /** The objects lead to the version, and the cluster has not taken that up. */
  untaken: Children;
  /** Traffic goes to the version. */
  routed: Children;
  crashed: Children;
}
const spec = fileSpec('sha256:contract', {
  run: {
    env: [
      { name: 'A', value: '1' },
      { name: 'B', secretRef: { name: 's', key: 'k' } },
    ],
  },
});
const other = fileSpec('sha256:other');
const crash = {
  name: 'app',
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 4,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1 } },
};
const pod = podFor(spec, readyStatus, 'knative');

interface Adapter {
  deployer: Deployer;
  stages: Stages;
  routeKinds: string[];
  /** Kinds with a CRD that its cluster has. */
  served?: ReadonlySet<Kind>;
  /** For the golden of a version that is to scale; undefined: another adapter's has it all. */
  scale?: NonNullable<CompactSpec['run']>['scale'];
}
const running = { ...noChildren, deployments: [deploymentFor(spec)], pods: [podFor(spec, readyStatus)] };
const onKubernetes: Omit<Stages, 'untaken' | 'routed'> = {
  absent: noChildren,
  stale: { ...running, deployments: [deploymentFor(spec, { observedGeneration: 0 })] },
  progressing: { ...running, pods: [podFor(spec, {})] },
  ready: running,
  crashed: { ...running, pods: [podFor(spec, { containerStatuses: [crash] })] },
};

const adapters: Record<string, Adapter> = {
  kubernetes: {
    deployer: kubernetes,
    routeKinds: ['Service', 'Ingress'],
    scale: { min: 2, max: 5 },
    stages: {
      ...onKubernetes,
      untaken: { ...running, services: [serviceFor(other)], ingresses: [ingress] },
      routed: { ...running, services: [serviceFor(spec)], ingresses: [ingress] },
    },
  },
  'kubernetes-gateway': {
    deployer: byGateway,
    routeKinds: ['Service', 'HTTPRoute'],
    served: withGateway,
    stages: {
      ...onKubernetes,
      untaken: { ...running, services: [serviceFor(spec)], httpRoutes: [httpRouteSaying(accepted, 1)] },
      routed: { ...running, services: [serviceFor(spec)], httpRoutes: [httpRouteSaying(accepted)] },
    },
  },
  knative: {
    deployer: knative,
    routeKinds: ['Service'],
    scale: { min: 2, max: 5, concurrency: 20, scaleDownDelay: '5m' },
    stages: {
      absent: noChildren,
      stale: {
        ...noChildren,
        knativeServices: [knativeServiceFor(spec, [trafficTo(spec, 3, 0)])],
        knativeRevisions: [revisionFor(spec, revisionReady, 0)],
        pods: [pod],
      },
      progressing: {
        ...noChildren,
        knativeServices: [knativeServiceFor(spec)],
        knativeRevisions: [revisionFor(spec, [{ type: 'Ready', status: 'Unknown', reason: 'Deploying' }])],
        pods: [podFor(spec, {}, 'knative')],
      },
      ready: {
        ...noChildren,
        knativeServices: [knativeServiceFor(spec, [trafficTo(other, 2, 100), trafficTo(spec, 3, 0)])],
        knativeRevisions: [revisionFor(spec, revisionReady)],
        pods: [pod],
      },
      untaken: {
        ...noChildren,
        knativeServices: [knativeServiceFor(spec, [trafficTo(spec, 3, 100)], undefined, 0)],
        knativeRevisions: [revisionFor(spec, revisionReady)],
        pods: [pod],
      },
      routed: {
        ...noChildren,
        knativeServices: [knativeServiceFor(spec, [trafficTo(spec, 3, 100)])],
        knativeRevisions: [revisionFor(spec, revisionReady)],
        pods: [pod],
      },
      crashed: {
        ...noChildren,
        knativeServices: [knativeServiceFor(spec)],
        knativeRevisions: [revisionFor(spec, [{ type: 'Ready', status: 'False', reason: 'ExitCode1' }])],
        pods: [podFor(spec, { containerStatuses: [crash] }, 'knative')],
      },
    },
  },
};

describe.each(Object.entries(adapters))('deployer %s', (name, { deployer, stages, routeKinds, served, scale }) => {
  const version = recordFor(spec, 3, deployer.target);
  const another = recordFor(other, 4, deployer.target);
  const wish = (run: Version[], traffic: Version | undefined, isPublic = true): Wish => ({
    run,
    traffic,
    recorded: run,
    exposure: { public: isPublic },
    served: served ?? new Set(),
  });
  const serving = wish([version], version);
  const readiness = (stage: keyof Stages, of = version) => deployer.readiness(owner, stages[stage], of);
  const kindsOf = (children: readonly Child[]) => children.map(c => c.kind.kind);

  it.each(['absent', 'stale', 'progressing'] as const)('is progressing when the workload is %s', stage => {
    expect(readiness(stage).state).toBe('progressing');
  });
  it('says the same until it is ready: every change of words is a write', () => {
    const said = (['absent', 'stale', 'progressing'] as const).map(stage => readiness(stage));
    expect(new Set(said.map(r => JSON.stringify(r))).size).toBe(1);
  });

  it('says where a ready instance can be asked', () => {
    expect(readiness('ready')).toMatchObject({
      state: 'ready',
      probe: { path: '/', strict: false },
    });
  });

  it('tells a crash with its reason, remedy and whose log to read', () => {
    expect(readiness('crashed')).toMatchObject({
      state: 'failed',
      reason: 'CrashLoop',
      remedy: expect.stringMatching(/\w/),
      log: { container: 'app' },
    });
  });

  it('does not take another version’s instances for this one’s', () => {
    expect(readiness('ready', another).state).toBe('progressing');
  });

  it('asks through the route only once the cluster shows that traffic goes to this version', () => {
    const asked = (stage: keyof Stages, of: Version) => deployer.routeProbe(owner, stages[stage], of, { public: true });
    const awaited = { awaits: expect.stringMatching(/\w/) };
    expect(asked('ready', version)).toEqual(awaited);
    expect(asked('untaken', version)).toEqual(awaited);
    expect(asked('routed', another)).toEqual(awaited);
    expect(asked('routed', version)).toMatchObject({ host: 'todo-2c15e910.apps.example.com' });
  });

  it('gives up nothing of what is wanted, and everything where nothing is', () => {
    expect(deployer.surplus(owner, serving, stages.routed)).toEqual([]);
    expect(deployer.surplus(owner, { ...serving, run: [], traffic: undefined }, stages.routed).length).toBeGreaterThan(
      0,
    );
    expect(deployer.surplus(owner, wish([], undefined), stages.absent)).toEqual([]);
  });

  it('brings back what was deleted by hand: the same objects, whatever is there', () => {
    const objects = (stage: keyof Stages) => deployer.desired(owner, serving, stages[stage]).map(c => c.object);
    expect(objects('absent')).toEqual(objects('routed'));
  });

  it('wants nothing else of objects in which others have written fields, as caches keep them', () => {
    for (const { kind, object } of deployer.desired(owner, serving, stages.routed)) {
      const live = structuredClone(object) as KubeObject & { spec: Record<string, unknown> };
      Object.assign(live.spec, { replicas: 7, somebodyElses: true });
      Object.assign(live, { metadata: { ...live.metadata, annotations: { 'serving.knative.dev/creator': 'x' } } });
      const elastic = { ...object, spec: { ...(object as typeof live).spec, replicas: undefined } };
      expect(contains(leanFor(kind)(live), elastic)).toBe(true);
    }
  });

  it('makes objects with our identity, in the artifact’s namespace, of kinds it has rights to', () => {
    for (const { kind, object } of deployer.desired(owner, serving, stages.absent)) {
      expect(object.metadata).toMatchObject({
        namespace: owner.namespace,
        labels: { 'vibed.dev/artifact-uid': owner.uid },
      });
      expect(deployer.rights.some(r => r.apiGroups.includes(kind.group) && r.resources.includes(kind.plural))).toBe(
        true,
      );
    }
  });

  it('passes command and variables on as they are written, for the kubelet would expand $(NAME)', () => {
    const run = { command: ['sh', '$(HOME)'], env: [{ name: 'GREETING', value: '$(PORT) for $5' }] };
    const said = JSON.stringify(recordFor(fileSpec('sha256:literal', { run }), 3, deployer.target).template);
    expect(said).toContain('"command":["sh","$$(HOME)"]');
    expect(said).toContain('{"name":"GREETING","value":"$$(PORT) for $5"}');
  });

  it('makes names that hold for the longest artifact name, also those in its template', () => {
    const long = { ...owner, name: 'a'.repeat(40) };
    const templated = { ...version, template: deployer.template(long, version) };
    for (const { object } of deployer.desired(long, wish([templated], templated), noChildren)) {
      expect(object.metadata.name.length).toBeLessThanOrEqual(63);
      const { spec: made } = object as { spec?: { template?: { metadata?: { name?: string } } } };
      expect(made?.template?.metadata?.name?.length ?? 0).toBeLessThanOrEqual(63);
    }
  });

  it('has its route from the first wish for traffic, and says the address of its exposure', () => {
    expect(kindsOf(deployer.desired(owner, serving, stages.absent))).toEqual(expect.arrayContaining(routeKinds));
    const inside = deployer.desired(owner, wish([version], version, false), stages.absent);
    expect(inside.map(c => c.kind)).not.toContain(kinds.ingress);
    expect(inside.map(c => c.kind)).not.toContain(kinds.httpRoute);
    expect(deployer.url(owner, noChildren, { public: false })).toContain('.svc');
    expect(deployer.url(owner, stages.routed, { public: true })).toBe('http://todo-2c15e910.apps.example.com');
  });

  it('makes the golden objects', async () => {
    await expect(textOf(deployer.desired(owner, serving, stages.routed))).toMatchFileSnapshot(`goldens/${name}.yaml`);
  });

  if (scale !== undefined)
    it('makes the golden objects of a version that is to scale', async () => {
      const scaled = recordFor(fileSpec('sha256:scaled', { run: { scale } }), 3, deployer.target);
      const text = textOf(deployer.desired(owner, wish([scaled], scaled), noChildren));
      await expect(text).toMatchFileSnapshot(`goldens/${name}-scaled.yaml`);
    });
});

const textOf = (children: readonly Child[]) =>
  children.map(c => stringify(c.object as KubeObject, { lineWidth: 140, aliasDuplicateObjects: false })).join('---\n');
