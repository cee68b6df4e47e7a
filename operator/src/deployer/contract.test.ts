// What every Deployer must do; an adapter brings the objects its cluster would show at each stage.
import { type KubeObject, kinds } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  deploymentFor,
  fileSpec,
  hashFor,
  ingress,
  deployer as kubernetes,
  owner,
  podFor,
  readyStatus,
  recordFor,
  serviceFor,
} from '../artifact/world.testing.ts';
import type { Children } from '../artifact/world.ts';
import type { Deployer } from './deployer.ts';

interface Stages {
  absent: Children;
  stale: Children;
  progressing: Children;
  ready: Children;
  /** Traffic goes to the version. */
  routed: Children;
  crashed: Children;
}
const none: Children = { jobs: [], pods: [], deployments: [], services: [], ingresses: [], configMaps: [] };
const spec = fileSpec('sha256:contract', {
  run: {
    env: [
      { name: 'A', value: '1' },
      { name: 'B', secretRef: { name: 's', key: 'k' } },
    ],
  },
});
const other = fileSpec('sha256:other');
const version = recordFor(spec, 3);
const crash = {
  name: 'app',
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 4,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1 } },
};

const adapters: Record<string, { deployer: Deployer; stages: Stages }> = {
  kubernetes: {
    deployer: kubernetes,
    stages: {
      absent: none,
      stale: {
        ...none,
        deployments: [deploymentFor(spec, { observedGeneration: 0 })],
        pods: [podFor(spec, readyStatus)],
      },
      progressing: { ...none, deployments: [deploymentFor(spec)], pods: [podFor(spec, {})] },
      ready: { ...none, deployments: [deploymentFor(spec)], pods: [podFor(spec, readyStatus)] },
      routed: {
        ...none,
        deployments: [deploymentFor(spec)],
        pods: [podFor(spec, readyStatus)],
        services: [serviceFor(spec)],
        ingresses: [ingress],
      },
      crashed: { ...none, deployments: [deploymentFor(spec)], pods: [podFor(spec, { containerStatuses: [crash] })] },
    },
  },
};

describe.each(Object.entries(adapters))('deployer %s', (name, { deployer, stages }) => {
  it.each(['absent', 'stale', 'progressing'] as const)('is progressing when the workload is %s', stage => {
    expect(deployer.readiness(stages[stage], version).state).toBe('progressing');
  });
  it('says the same until it is ready: every change of words is a write', () => {
    const said = (['absent', 'stale', 'progressing'] as const).map(stage => deployer.readiness(stages[stage], version));
    expect(new Set(said.map(readiness => JSON.stringify(readiness))).size).toBe(1);
  });

  it('says where a ready instance can be asked', () => {
    expect(deployer.readiness(stages.ready, version)).toMatchObject({
      state: 'ready',
      probe: { path: '/', strict: false },
    });
  });

  it('tells a crash with its reason, remedy and whose log to read', () => {
    expect(deployer.readiness(stages.crashed, version)).toMatchObject({
      state: 'failed',
      reason: 'CrashLoop',
      remedy: expect.stringMatching(/\w/),
      log: { container: 'app' },
    });
  });

  it('does not take another version’s instances for this one’s', () => {
    expect(deployer.readiness(stages.ready, recordFor(other, 4)).state).toBe('progressing');
  });

  it('asks through the route only once the cluster shows that traffic goes to this version', () => {
    expect(deployer.routeProbe(owner, stages.ready, version, { public: true })).toBeUndefined();
    expect(deployer.routeProbe(owner, stages.routed, recordFor(other, 4), { public: true })).toBeUndefined();
    expect(deployer.routeProbe(owner, stages.routed, version, { public: true })).toMatchObject({
      host: expect.stringContaining('todo'),
    });
  });

  it('gives up exactly the workloads of other versions', () => {
    expect(deployer.others(stages.routed, [hashFor(spec)])).toEqual([]);
    expect(deployer.others(stages.routed, [hashFor(other)]).length).toBe(1);
    expect(deployer.all(stages.routed).length).toBeGreaterThan(1);
  });

  it('makes objects with our identity, in the artifact’s namespace, of kinds it has rights to', () => {
    const children = [...deployer.workload(owner, version), ...deployer.route(owner, version, { public: true })];
    for (const { kind, object } of children) {
      expect(object.metadata).toMatchObject({
        namespace: owner.namespace,
        labels: { 'vibed.dev/artifact-uid': owner.uid },
      });
      expect(deployer.rights.some(r => r.apiGroups.includes(kind.group) && r.resources.includes(kind.plural))).toBe(
        true,
      );
    }
  });

  it('makes names that hold for the longest artifact name', () => {
    const long = { ...owner, name: 'a'.repeat(40) };
    for (const { object } of [...deployer.workload(long, version), ...deployer.route(long, version, { public: true })])
      expect(object.metadata.name.length).toBeLessThanOrEqual(63);
  });

  it('is reachable inside the cluster only when that is asked', () => {
    const kindsOf = (isPublic: boolean) => deployer.route(owner, version, { public: isPublic }).map(c => c.kind);
    expect(kindsOf(false)).not.toContain(kinds.ingress);
    expect(deployer.url(owner, { public: false })).toContain('.svc');
  });

  it('makes the golden objects', async () => {
    const children = [...deployer.workload(owner, version), ...deployer.route(owner, version, { public: true })];
    const text = children
      .map(c => stringify(c.object as KubeObject, { lineWidth: 140, aliasDuplicateObjects: false }))
      .join('---\n');
    await expect(text).toMatchFileSnapshot(`goldens/${name}.yaml`);
  });
});
