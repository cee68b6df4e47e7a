import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

test('objects that are left out are counted by kind', async () => {
  const metrics = new Metrics();
  metrics.dropped('Artifact');
  metrics.dropped('Artifact');
  expect(await metrics.registry.metrics()).toContain('vibed_api_objects_dropped_total{kind="Artifact"} 2');
});
