// What an app and a build can reach: what they need, and nothing else of the cluster.
import type { V1Pod } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import type { App } from '../lib/app.ts';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { type AttackStage, attack } from '../lib/attack.ts';
import type { Cluster } from '../lib/cluster.ts';
import { proves } from '../lib/scenario.ts';
import { type Report, reportOf, scoutOf, type Target } from '../lib/scout.ts';

/** The address of a running pod. */
async function podIP({ client }: Cluster, namespace: string, labelSelector: string): Promise<string> {
  const { items } = await client.list<Typed<V1Pod>>(kinds.pod, { namespace, labelSelector });
  const found = items.find(({ status }) => status?.phase === 'Running' && status.podIP !== undefined);
  if (found?.status?.podIP === undefined) throw new Error(`no pod ${labelSelector} runs in ${namespace}`);
  return found.status.podIP;
}

const podOf = ({ cluster, namespace, name }: App) => podIP(cluster, namespace, `app.kubernetes.io/instance=${name}`);

/** Nobody's business, neither an app's nor a build's. */
async function forbidden({ cluster, neighbour }: AttackStage): Promise<Record<string, Target>> {
  const { nodeIP, systemNamespace } = cluster;
  const component = (name: string) => podIP(cluster, systemNamespace, `app.kubernetes.io/component=${name}`);
  const [operator, api] = await Promise.all([component('operator'), component('api-server')]);
  return {
    'kube-apiserver by its Service': { host: 'kubernetes.default.svc', port: 443 },
    'kube-apiserver on the node': { host: nodeIP, port: 6443 },
    kubelet: { host: nodeIP, port: 10250 },
    'the operator’s metrics': { host: operator, port: 8081 },
    'the api-server’s doors': { host: api, port: 8090 },
    'the api-server’s metrics': { host: api, port: 8093 },
    'the neighbour’s Service': { host: `${neighbour.app.name}.${neighbour.app.namespace}.svc`, port: 80 },
  };
}

const allOf = (targets: Record<string, Target>, answer: string): Report =>
  Object.fromEntries(Object.keys(targets).map(name => [name, answer]));

attack('an app that looks around', proves('hostile.network'), async stage => {
  const { cluster, namespace } = stage;
  const { nodeIP } = cluster;
  const friend = stage.app('friend');
  await friend.apply(artifactFrom('node-plain', { target: 'kubernetes' }));
  await friend.runs();
  const closed = {
    ...(await forbidden(stage)),
    registry: { host: nodeIP, port: 5000 },
    'the proxy of builds': { host: nodeIP, port: 3128 },
    'the source endpoint': { host: 'vibed-api-source.vibed-system.svc', port: 8092 },
  };
  const open = {
    'an app of the same workspace': { host: await podOf(friend), port: 8080 },
    'the same by its Service': { host: `friend.${namespace}.svc`, port: 80 },
    'the ingress': { host: nodeIP, port: 80 },
  };
  const app = stage.app('scout');
  await app.apply(scoutOf({ connections: { ...closed, ...open } }, 'run'));
  await app.runs();
  expect(await reportOf(app, '/now')).toEqual({ ...allOf(closed, 'nothing'), ...allOf(open, 'open') });
});

for (const builder of ['buildah', 'layers'] as const) {
  attack(`a build with ${builder} that looks around`, proves('hostile.network'), async stage => {
    const { nodeIP } = stage.cluster;
    const friend = stage.app('friend');
    await friend.apply(artifactFrom('node-plain', { target: 'kubernetes' }));
    await friend.runs();
    const closed = {
      ...(await forbidden(stage)),
      'a pod of the own workspace': { host: await podOf(friend), port: 8080 },
      'the ingress': { host: nodeIP, port: 80 },
      ...(builder === 'layers' && { 'the source endpoint': { host: 'vibed-api-source.vibed-system.svc', port: 8092 } }),
    };
    const open = { 'the proxy of packages': { host: nodeIP, port: 3128 } };
    // Build pods reach these, for our own steps; without a credential there is nothing to have.
    const requests = {
      'the registry': { host: nodeIP, port: 5000, path: '/v2/' },
      ...(builder === 'buildah' && {
        'the source endpoint': {
          host: 'vibed-api-source.vibed-system.svc',
          port: 8092,
          path: `/sources/${stage.neighbour.app.namespace}/${stage.neighbour.app.name}/sha256:0`,
        },
        'metrics beside the sources': { host: 'vibed-api-source.vibed-system.svc', port: 8092, path: '/metrics' },
      }),
    };
    const app = stage.app('scout');
    await app.apply(scoutOf({ connections: { ...closed, ...open }, requests }, builder));
    const state = await app.runs();
    expect(state.build?.builder).toBe(builder);
    const refused = Object.fromEntries(Object.keys(requests).map(name => [name, 401]));
    expect(await reportOf(app, '/built')).toEqual({ ...allOf(closed, 'nothing'), ...allOf(open, 'open'), ...refused });
  });
}

attack('git URLs that lead inside', proves('hostile.network'), async stage => {
  const { nodeIP } = stage.cluster;
  const urls = {
    apiserver: `https://${nodeIP}:6443/x.git`,
    registry: `http://${nodeIP}:5000/x.git`,
    nobody: `http://${nodeIP}:1/x.git`,
    service: 'http://kubernetes.default.svc:443/x.git',
    metrics: 'http://vibed-api-source.vibed-system.svc:8092/x.git',
    missing: 'http://not-there.default.svc/x.git',
    metadata: 'http://169.254.169.254/x.git',
    decimal: 'http://2130706433/x.git',
  };
  const failures = await Promise.all(
    Object.entries(urls).map(async ([name, url]) => {
      const app = stage.app(name);
      await app.apply(artifactOf({ git: { url } }, { name }));
      const { failure } = await app.reaches({ current: true, phase: 'failed' });
      return { reason: failure?.reason, message: failure?.message, remedy: failure?.remedy };
    }),
  );
  // Whether something answers there is told by none of them.
  const [first] = failures;
  expect(first).toMatchObject({ message: expect.stringContaining('no public address') });
  for (const failure of failures) expect(failure).toEqual(first);
});
