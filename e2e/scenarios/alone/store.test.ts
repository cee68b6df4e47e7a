// The ArtifactStore's contract, on the real kube-apiserver. The operator writes status and finalizers as well, so it has to be away.
import { CrdArtifactStore } from '@vibed/store';
import { artifactStoreContract } from '@vibed/store/testing';
import { withoutOperator } from '../../lib/operator.ts';
import { proves, scenario } from '../../lib/scenario.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };

scenario('the store keeps its contract', proves('store.contract'), async ({ cluster, namespace }) => {
  await withoutOperator(cluster, async () => {
    for (const rule of artifactStoreContract) {
      const store = new CrdArtifactStore({ client: cluster.client, log: quiet });
      await rule.check({ store, namespace }).catch((cause: unknown) => {
        throw new Error(`an ArtifactStore ${rule.name}`, { cause });
      });
    }
  });
});
