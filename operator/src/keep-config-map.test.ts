import { type KubeClient, KubeError, type KubeObject } from '@vibed/store/kube';
import { expect, test } from 'vitest';
import { keepConfigMap } from './keep-config-map.ts';

type ConfigMap = KubeObject & { data?: Record<string, string> };
const wanted: ConfigMap = {
  metadata: { namespace: 'builds', name: 'environment' },
  data: { npmrc: 'a', 'ca.pem': 'b' },
};

/** What is applied while `live` is what the cluster has. */
async function appliedOver(live: ConfigMap | undefined): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  const client = {
    get: async () => {
      if (live === undefined) throw new KubeError('NotFound', 'not there');
      return live;
    },
    apply: async (_: unknown, object: KubeObject) => {
      applied.push(object);
      return object;
    },
  } as unknown as KubeClient;
  await keepConfigMap(client, wanted);
  return applied;
}

test('a new leader that finds it as wanted writes nothing', async () => {
  expect(await appliedOver({ ...wanted, data: { 'ca.pem': 'b', npmrc: 'a' } })).toEqual([]);
});

test.for([
  ['missing', undefined],
  ['different', { ...wanted, data: { npmrc: 'a', 'ca.pem': 'old' } }],
  ['with a key too many', { ...wanted, data: { ...wanted.data, 'pip.conf': 'c' } }],
  ['empty', { metadata: wanted.metadata }],
] as const)('%s: it is applied', async ([, live]) => {
  expect(await appliedOver(live)).toEqual([wanted]);
});
