// Knative gives hosts by itself: an object of its API in the wrong hands takes them without naming any.
import type { Kind } from '@vibed/store/kube';
import { kinds } from '@vibed/store/kube';
import { attack } from '../../lib/attack.ts';
import { createDry } from '../../lib/impersonate.ts';
import { isRefused, memberOf } from '../../lib/route-thief.ts';
import { proves } from '../../lib/scenario.ts';

const serving = (kind: string, plural: string, version = 'v1'): Kind => ({
  ...kinds.knativeService,
  version,
  kind,
  plural,
});
const template = { spec: { containers: [{ image: 'thief' }] } };

attack('Knative Services that get the hosts of others', proves('hostile.admission'), async stage => {
  const { cluster, namespace, neighbour } = stage;
  const member = await memberOf(namespace, cluster);
  const { hostname: victim } = new URL(await neighbour.app.url());
  const [label = ''] = victim.split('.');
  const isOurs = /only vibeD makes routes of Knative in a workspace/;
  const named = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, namespace, labels } });
  const vibed = { 'app.kubernetes.io/managed-by': 'vibed' };
  await isRefused(member, kinds.knativeService, { ...named(label, vibed), spec: { template } }, isOurs);
  await isRefused(member, kinds.knativeService, { ...named('thief'), spec: { template } }, isOurs);
  const traffic = [{ configurationName: 'thief', percent: 100 }];
  await isRefused(member, serving('Route', 'routes'), { ...named(label, vibed), spec: { traffic } }, isOurs);
  const ref = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'thief' };
  const mapping = { ...named(victim), spec: { ref } };
  await isRefused(
    member,
    serving('DomainMapping', 'domainmappings', 'v1beta1'),
    mapping,
    /is kept for vibeD|only vibeD/,
  );
  await createDry(cluster.client, kinds.knativeService, { ...named('administrators'), spec: { template } });
});
