// The api-server: two doors (MCP, REST) over one set of actions, one watch fanned out, and the source endpoint of build pods.
import type { Server } from 'node:http';
import { Analysis } from '@vibed/operator/analysis';
import { serveHealth } from '@vibed/operator/health';
import { makeLogger } from '@vibed/operator/logger';
import { serveMetrics } from '@vibed/operator/metrics-server';
import { bytesIn, readSettings } from '@vibed/operator/settings';
import { CrdArtifactStore } from '@vibed/store';
import { connect } from '@vibed/store/kube';
import type { Services } from './actions/action.ts';
import { makeLines } from './actions/lines.ts';
import { makeApp } from './app.ts';
import { KeyRing } from './auth/keys.ts';
import { originRules } from './auth/origin.ts';
import { RateLimiter } from './auth/rate-limit.ts';
import { type Endpoint, readConfig } from './config.ts';
import { EnvSecrets } from './env-secrets.ts';
import { Feed } from './feed.ts';
import { makeServer } from './http/server.ts';
import { Metrics } from './metrics.ts';
import { prune, sourceInUse } from './prune.ts';
import { serveSources } from './source-endpoint.ts';
import { LocalStorage } from './storage/local.ts';
import { Turnstile } from './storage/turnstile.ts';
import { Tenancy } from './tenancy.ts';
import { Uploads } from './uploads.ts';

const config = readConfig();
const log = makeLogger(config.logLevel);
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
const hour = 3_600_000;

try {
  await run();
  process.exit(0);
} catch (error) {
  log.error('the api-server ends', { error });
  process.exit(1);
}

async function run(): Promise<void> {
  const services = await makeServices();
  const { settings, view, feed } = services;
  const isReady = () => view.synced;
  const health = await serveHealth({ ...config.healthListen, isReady, log });
  const keys = config.keysDir === undefined ? undefined : new KeyRing(config.keysDir, log);
  const app = makeApp({
    services,
    keys,
    origins: originRules(settings.api.publicUrl, config.allowedHosts),
    isReady,
  });
  const doors = await listen(makeServer(app), config.listen);
  const sources = await listen(
    serveSources({
      ...services,
      systemNamespace: settings.systemNamespace,
      buildNamespace: settings.builds.namespace,
    }),
    config.sourceListen,
  );
  const metrics = await listen(serveMetrics(services.metrics), config.metricsListen);
  log.info('listening', {
    doors: config.listen,
    sources: config.sourceListen,
    metrics: config.metricsListen,
    auth: keys === undefined ? 'none' : 'keys',
  });
  await view.whenSynced(stop.signal);
  log.info('synced', { artifacts: view.all().length });
  const pruning = setInterval(() => void prune(services), hour);
  await new Promise(resolve => stop.signal.addEventListener('abort', resolve, { once: true }));
  clearInterval(pruning);
  feed.stop();
  services.analysis.stop();
  await Promise.all([close(doors), close(sources), close(metrics), view.stop()]);
  await health.stop();
}

async function makeServices(): Promise<Services> {
  const settings = readSettings(config.settingsPath);
  const client = connect({
    kubeconfig: config.kubeconfig,
    fieldManager: 'vibed-api-server',
    userAgent: 'vibed-api-server/0.1.0',
    requestTimeoutMs: 10_000,
  });
  const metrics = new Metrics();
  const store = new CrdArtifactStore({ client, log, onDropped: ({ kind }) => metrics.dropped(kind) });
  const view = store.watch({});
  const tenancy = new Tenancy(client, settings.tenants.sharedNamespace);
  const feed = new Feed({ view, tenancy, metrics });
  return {
    settings,
    analysis: new Analysis({ queuedPerOwner: 10 }),
    client,
    store,
    view,
    metrics,
    log,
    feed,
    storage: await LocalStorage.open(config.dataDir, {
      bytesPerOwner: bytesIn(settings.api.sourceBytesPerOwner),
      treesPerOwner: settings.api.sourcesPerOwner,
      isInUse: sourceInUse({ view, feed, tenancy, store }),
    }),
    uploads: await Uploads.open(config.dataDir),
    envSecrets: new EnvSecrets(config.dataDir),
    reading: new Turnstile('request bodies', 20, 200),
    unpacking: new Turnstile('uploads', 2, 20),
    following: new Turnstile('followed logs', 10, 0),
    lines: makeLines(),
    tenancy,
    limits: {
      read: new RateLimiter({ burst: 200, perSecond: 20 }),
      write: new RateLimiter({ burst: 60, perSecond: 1 }),
      message: new RateLimiter({ burst: 200, perSecond: 20 }),
      stranger: new RateLimiter({ burst: 100, perSecond: 10 }),
    },
  };
}

function listen(server: Server, { host, port }: Endpoint): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** Answers what is under way, for a moment; what streams is ended. */
function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 3_000).unref();
  });
}
