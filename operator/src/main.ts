// The operator: three small controllers over one set of caches, led by whoever holds the Lease.
//
//   artifacts   namespace/name  → artifact/reconcile.ts        tenants  namespace → tenant/reconcile.ts
//   build queue (one key)       → builder/build-queue.ts
import { readConfig } from './config.ts';
import { serveHealth } from './health.ts';
import { makeLogger } from './logger.ts';
import { serveMetrics } from './metrics-server.ts';
import { makeOperator, startLeading } from './operator.ts';
import { runAsLeader } from './runtime/leader.ts';
import { readSettings } from './settings.ts';

const config = readConfig();
const log = makeLogger(config.logLevel);
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

try {
  await run();
  process.exit(0);
} catch (error) {
  log.error('the operator ends', { error });
  process.exit(1);
}

async function run(): Promise<void> {
  const settings = readSettings(config.settingsPath);
  const operator = makeOperator(config, settings, log);
  const health = await serveHealth({ port: config.healthPort, isReady: () => operator.synced, log });
  const metrics = serveMetrics(operator.metrics).listen(config.port);
  await operator.whenSynced(stop.signal);
  const lease = {
    client: operator.client,
    namespace: settings.systemNamespace,
    name: 'vibed-operator',
    identity: `${config.pod}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`,
    log,
  };
  await runAsLeader(lease, stop.signal, signal => startLeading(operator, signal));
  metrics.close();
  await operator.stop();
  await health.stop();
}
