import { type KubeClient, KubeError } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { keepNetworkPolicy } from './keep.ts';

const wanted = {
  metadata: { name: 'vibed-builds', namespace: 'vibed-builds' },
  spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] },
};

/** How often it is applied while `live` is what the cluster has. */
async function appliedOver(live: object | undefined): Promise<number> {
  let applied = 0;
  const client = {
    get: async () => {
      if (live === undefined) throw new KubeError('NotFound', 'not there');
      return live;
    },
    apply: async () => {
      applied += 1;
    },
  } as unknown as KubeClient;
  await keepNetworkPolicy(client, wanted);
  return applied;
}

it.each([
  ['missing', undefined, 1],
  [
    'as wanted, in another order',
    { ...wanted, spec: { egress: wanted.spec.egress, policyTypes: ['Egress'], podSelector: {} } },
    0,
  ],
  ['with one more direction', { ...wanted, spec: { ...wanted.spec, ingress: [{}] } }, 1],
  [
    'with a wider peer',
    { ...wanted, spec: { ...wanted.spec, egress: [{ to: [{ podSelector: {}, namespaceSelector: {} }] }] } },
    1,
  ],
])('a policy that is %s', async (_what, live, times) => expect(await appliedOver(live)).toBe(times));
