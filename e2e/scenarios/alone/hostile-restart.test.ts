// Restarts both processes of vibeD while foreign objects are there, so nothing else may run meanwhile: what a LIST meets at the start is
// not what a watch meets.
import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { baseUrl, fetchHere, keyOf } from '../../../api-server/e2e/lib/door.ts';
import { eventually } from '../../lib/eventually.ts';
import { barePod, createSet, foreignJob, identityOf, revision } from '../../lib/foreign-objects.ts';
import { killOperator, operatorReady } from '../../lib/operator.ts';
import { plainApp } from '../../lib/plain-app.ts';
import { proves, type Stage, scenario } from '../../lib/scenario.ts';

const api = { name: 'vibed-api' };

/** Ends the pods of the api-server and waits for the next one. */
async function restartApi({ cluster: { client, systemNamespace: namespace } }: Stage): Promise<void> {
  const restartedAt = { 'vibed.dev/e2e-restart': new Date().toISOString() };
  const template = { metadata: { annotations: restartedAt } };
  await client.mergePatch(kinds.deployment, { ...api, namespace }, { spec: { template } });
  const state = async () => {
    const { metadata, spec, status } = await client.get<
      KubeObject & {
        spec?: { replicas?: number };
        status?: { observedGeneration?: number; updatedReplicas?: number; readyReplicas?: number; replicas?: number };
      }
    >(kinds.deployment, { ...api, namespace });
    const wanted = spec?.replicas ?? 1;
    const counts = [status?.updatedReplicas, status?.readyReplicas, status?.replicas];
    return status?.observedGeneration === metadata.generation && counts.every(count => count === wanted);
  };
  await eventually(state, true as boolean, { within: 180 });
}

scenario('both processes start again among foreign objects', proves('hostile.objects'), async stage => {
  const { client } = stage.cluster;
  const { namespace } = stage;
  const app = stage.app('survivor');
  await app.apply(plainApp('one'));
  await app.runs();
  const identity = await identityOf(app);
  await createSet(client, namespace, 'managed', { 'app.kubernetes.io/managed-by': 'vibed' });
  await createSet(client, namespace, 'identical', identity);
  await client.create(kinds.controllerRevision, revision(namespace, 'survivor-v99', identity, { spec: null }));
  await client.create(kinds.job, foreignJob(namespace, 'waiting', identity, true));
  await client.create(kinds.job, foreignJob(namespace, 'running', identity, false));
  await client.create(kinds.pod, barePod(namespace, 'bare', identity));

  await killOperator(stage.cluster);
  await restartApi(stage);
  await operatorReady(stage.cluster);
  await app.apply(plainApp('two'));
  await app.runs();
  expect((await app.ask('/')).text).toContain('two');
  const key = await keyOf('e2e-neighbour');
  const list = async () =>
    (await fetchHere(`${baseUrl}/api/artifacts`, { headers: { authorization: `Bearer ${key}` } })).status;
  await eventually(list, 200 as number, { within: 30 });
});
