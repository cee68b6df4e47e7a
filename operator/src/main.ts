// The operator: three small controllers over one set of caches, led by whoever holds the Lease.
//
//   artifacts   namespace/name  → artifact/reconcile.ts        tenants  namespace → tenant/reconcile.ts
//   build queue (one key)       → builder/admit.ts
import { readFileSync } from 'node:fs';
import type { CompactArtifact } from '@vibed/store';
import { CrdArtifactStore } from '@vibed/store';
import { connect, KubeCache, kinds } from '@vibed/store/kube';
import { buildLog, podLog } from './answers/logs.ts';
import { probe } from './answers/probe.ts';
import { eventFor, tell } from './artifact/events.ts';
import type { Ports } from './artifact/plan.ts';
import type { AnswerValue, Question } from './artifact/questions.ts';
import { reconcile } from './artifact/reconcile.ts';
import type { Namespace } from './artifact/world.ts';
import { admitBuilds } from './builder/build-queue.ts';
import { buildahBuilder, buildEnvironmentObject } from './builder/buildah.ts';
import { completeChild } from './builder/complete.ts';
import { ChildStore } from './children.ts';
import { readConfig } from './config.ts';
import { kubernetesDeployer } from './deployer/kubernetes.ts';
import { serveHealth } from './http.ts';
import { makeLogger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { Asker } from './runtime/asker.ts';
import { runController } from './runtime/controller.ts';
import { runAsLeader } from './runtime/leader.ts';
import { WorkQueue } from './runtime/workqueue.ts';
import { readSettings } from './settings.ts';
import { reconcileTenant } from './tenant/reconcile.ts';

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
  const metrics = new Metrics();
  const client = connect({
    kubeconfig: config.kubeconfig,
    fieldManager: 'vibed-operator',
    userAgent: 'vibed-operator/0.1.0',
  });
  const store = new CrdArtifactStore({ client, log });
  const children = new ChildStore({ client, log, complete: child => completeChild(child, store, client) });
  const namespaces = new KubeCache<Namespace>({ client, log, kind: kinds.namespace });
  const view = store.watch({});
  children.start();
  namespaces.start();
  const builder = { settings, stepsImage: config.stepsImage, caBundle: readOptional(config.caBundlePath) };
  const kubernetes = kubernetesDeployer(settings);
  const ports: Ports = {
    settings,
    builder: buildahBuilder(builder),
    deployers: new Map([[kubernetes.target, kubernetes]]),
  };
  const health = serveHealth(config.port, metrics, () => view.synced && children.synced && namespaces.synced);

  const queues = {
    artifacts: new WorkQueue({ metrics: metrics.queue('artifacts') }),
    tenants: new WorkQueue({ metrics: metrics.queue('tenants') }),
    builds: new WorkQueue({ metrics: metrics.queue('builds') }),
  };
  view.subscribe(artifact => queues.artifacts.add(keyOf(artifact)));
  children.subscribe(key => queues.artifacts.add(key));
  children.subscribeJobs(() => queues.builds.add('queue'));
  namespaces.subscribe(namespace => {
    queues.tenants.add(namespace.metadata.name);
    for (const a of view.all()) if (a.metadata.namespace === namespace.metadata.name) queues.artifacts.add(keyOf(a));
  });

  const answer = async (question: Question, signal: AbortSignal): Promise<AnswerValue> => {
    try {
      const value = await answerQuestion(question, signal);
      metrics.answered(question.kind, 'answer');
      return value;
    } catch (error) {
      metrics.answered(question.kind, 'error');
      throw error;
    }
  };
  const answerQuestion = (question: Question, signal: AbortSignal): Promise<AnswerValue> => {
    switch (question.kind) {
      case 'probe':
        return probe(question.target, signal);
      case 'podLog':
        return podLog(client, question.pod, question.container, question.previous);
      case 'buildLog':
        return buildLog(client, question.pod, question.containers);
      default:
        return question satisfies never;
    }
  };
  const asker = new Asker<Question, AnswerValue>({
    concurrency: 32,
    timeoutMs: 45_000,
    onAnswer: key => queues.artifacts.add(key),
    log,
  });
  const report = (before: CompactArtifact, after: CompactArtifact) => {
    const told = eventFor(before, after);
    if (told !== undefined) void tell(client, after, told, log);
    if (told?.type === 'Warning') metrics.failed(told.reason);
  };
  const context = {
    store,
    children,
    asker,
    answer,
    ports,
    view,
    report,
    observe: (artifact: CompactArtifact) => ({
      artifact,
      namespace: namespaces.get(undefined, artifact.metadata.namespace ?? ''),
      children: children.observe(artifact.metadata.uid ?? ''),
      versions: store.versions(artifact),
      answers: asker.answers(keyOf(artifact)),
      targets: new Set([kubernetes.target]),
      now: new Date(),
    }),
  };

  await Promise.all([
    view.whenSynced(stop.signal),
    children.whenSynced(stop.signal),
    namespaces.whenSynced(stop.signal),
  ]);
  log.info('synced', { artifacts: view.all().length });
  const lease = {
    client,
    namespace: settings.systemNamespace,
    name: 'vibed-operator',
    identity: `${config.pod}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`,
    log,
  };
  await runAsLeader(lease, stop.signal, async signal => {
    log.info('leading');
    await client.apply(kinds.configMap, buildEnvironmentObject(builder));
    for (const artifact of view.all()) queues.artifacts.add(keyOf(artifact));
    for (const namespace of namespaces.all()) queues.tenants.add(namespace.metadata.name);
    queues.builds.add('queue');
    await Promise.all([
      runController(
        {
          name: 'artifacts',
          queue: queues.artifacts,
          workers: config.workers,
          log,
          metrics: metrics.controller('artifacts'),
          reconcile: key => reconcile(key, context),
        },
        signal,
      ),
      runController(
        {
          name: 'tenants',
          queue: queues.tenants,
          workers: 2,
          log,
          metrics: metrics.controller('tenants'),
          reconcile: async name => void (await reconcileTenant(name, { client, namespaces, settings })),
        },
        signal,
      ),
      runController(
        {
          name: 'builds',
          queue: queues.builds,
          workers: 1,
          log,
          metrics: metrics.controller('builds'),
          reconcile: async () => void (await admitBuilds({ client, children, settings, metrics })),
        },
        signal,
      ),
    ]);
  });
  health.close();
  await Promise.all([view.stop(), children.stop(), namespaces.stop(), asker.stop()]);
}

function keyOf({ metadata }: CompactArtifact): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
