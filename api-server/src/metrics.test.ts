import type { AddressInfo } from 'node:net';
import { serveMetrics } from '@vibed/operator/metrics-server';
import { expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

it('answers at /metrics alone, and with a 500 when they cannot be made', async () => {
  const metrics = new Metrics();
  const server = serveMetrics(metrics);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect([await statusOf('/metrics'), await statusOf('/sources/a/b/c')]).toEqual([200, 404]);
  metrics.registry.metrics = () => Promise.reject(new Error('no'));
  expect(await statusOf('/metrics')).toBe(500);
  server.close();
  server.closeAllConnections();
});
