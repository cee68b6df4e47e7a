// The operator as an outsider may treat it: stop it, kill it, wait until it works again.
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';

const deploymentRef = (cluster: Cluster) => ({ namespace: cluster.systemNamespace, name: cluster.operatorDeployment });

async function operatorPods(cluster: Cluster): Promise<Typed<V1Pod>[]> {
  const deployment = await cluster.client.get<Typed<V1Deployment>>(kinds.deployment, deploymentRef(cluster));
  const wanted = Object.entries(deployment.spec?.selector.matchLabels ?? {});
  const labelSelector = wanted.map(([label, value]) => `${label}=${value}`).join(',');
  return (await cluster.client.list<Typed<V1Pod>>(kinds.pod, { namespace: cluster.systemNamespace, labelSelector }))
    .items;
}

export async function scaleOperator(cluster: Cluster, replicas: number): Promise<void> {
  await cluster.client.mergePatch(kinds.deployment, deploymentRef(cluster), { spec: { replicas } });
  if (replicas === 0) await eventually(async () => (await operatorPods(cluster)).length, 0 as number, { within: 120 });
  else await operatorReady(cluster);
}

/** As a node failure would: no grace, no goodbye. */
export async function killOperator(cluster: Cluster): Promise<void> {
  const pods = await operatorPods(cluster);
  for (const { metadata } of pods)
    await cluster.client.delete(kinds.pod, metadata, {
      gracePeriodSeconds: 0,
      ...(metadata.uid && { uid: metadata.uid }),
    });
}

export async function operatorReady(cluster: Cluster): Promise<void> {
  const ready = async () => {
    const { status, spec } = await cluster.client.get<Typed<V1Deployment>>(kinds.deployment, deploymentRef(cluster));
    return {
      enough: (status?.readyReplicas ?? 0) >= (spec?.replicas ?? 1),
      surplus: (status?.replicas ?? 0) - (spec?.replicas ?? 1),
    };
  };
  await eventually(ready, { enough: true, surplus: 0 }, { within: 180 });
}

/** While it is away, somebody else must be able to rely on its coming back, whatever the scenario does. */
export async function withoutOperator(cluster: Cluster, act: () => Promise<void>): Promise<void> {
  await scaleOperator(cluster, 0);
  try {
    await act();
  } finally {
    await scaleOperator(cluster, 1);
  }
}
