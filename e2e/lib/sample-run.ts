// The whole life of a sample app: applied, followed, asked, deleted without a trace.
import type { V1Deployment, V1Namespace } from '@kubernetes/client-node';
import { isKubeError, type KubeObject, kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import type { App, AppState } from './app.ts';
import { artifactFrom, type Overrides } from './artifact-from.ts';
import { allChildren, childrenOf } from './children.ts';
import { eventually } from './eventually.ts';
import { PhaseRecord } from './phases.ts';
import type { Stage } from './scenario.ts';

/** Deploys a folder of e2e/apps, lets `check` ask it, and deletes it; phases, Pod Security and orphans are checked here. */
export async function sampleRun(
  stage: Stage,
  folder: string,
  check: (app: App, state: AppState) => Promise<void>,
  overrides: Overrides = {},
): Promise<void> {
  const artifact = artifactFrom(folder, overrides);
  const app = stage.app(artifact.metadata.name);
  await using record = await PhaseRecord.of(stage.cluster.client, stage.namespace, app.name);
  await app.apply(artifact);
  const state = await app.runs();
  // Where nothing has to run, no Job builds.
  const order = ['pending', 'building', 'deploying', 'running'];
  const jobs = await childrenOf(stage.cluster, kinds.job, stage.namespace, await app.uid());
  expect(await record.end()).toEqual(order.filter(phase => jobs.length > 0 || phase !== 'building'));
  expect(state).toMatchObject({ desired: { version: 1 }, serving: { version: 1 } });
  expect(state.serving?.image).toMatch(/@sha256:[0-9a-f]{64}$/);
  expect(state.serving?.probe?.status).toBeLessThan(500);
  await check(app, state);
  await enforcesRestricted(stage);
  await leavesNoOrphan(app);
}

export async function enforcesRestricted({ cluster, namespace }: Stage): Promise<void> {
  const read = async () =>
    (await cluster.client.get<Typed<V1Namespace>>(kinds.namespace, { name: namespace })).metadata.labels ?? {};
  await eventually(read, { 'pod-security.kubernetes.io/enforce': 'restricted' }, { within: 20 });
  const privileged = { name: 'x', image: 'x', securityContext: { privileged: true } };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'privileged', namespace },
    spec: { containers: [privileged] },
  };
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const refusal = await cluster.client.raw('POST', path, pod).catch((error: unknown) => error);
  expect(isKubeError(refusal, 'Forbidden') && refusal.message).toMatch(/violates PodSecurity "restricted/);
}

export async function leavesNoOrphan(app: App): Promise<void> {
  const uid = await app.uid();
  const before = await app.children();
  expect(before).toContainEqual(expect.stringMatching(/^Service /));
  await app.delete();
  // Children of children (ReplicaSets, pods) are the garbage collector's; they take their grace period.
  await eventually(() => allChildren(app.cluster, app.namespace, uid), [], { within: 90 });
}

/** The Deployments of an app's versions. */
export async function deploymentsOf(app: App): Promise<Typed<V1Deployment>[]> {
  const labelSelector = `vibed.dev/artifact-uid=${await app.uid()}`;
  const page = await app.cluster.client.list<Typed<V1Deployment> & KubeObject>(kinds.deployment, {
    namespace: app.namespace,
    labelSelector,
  });
  return page.items;
}
