// The parts of the operator and how they hang together: views and caches feed keys to queues, controllers work them off.
import { existsSync, readFileSync } from 'node:fs';
import { type ArtifactView, type CompactArtifact, CrdArtifactStore } from '@vibed/store';
import { connect, type Kind, KubeCache, type KubeClient, kinds, type Log } from '@vibed/store/kube';
import { Analysis } from './analysis/analysis.ts';
import { answerWith } from './answers/answer.ts';
import { probeTimeoutMs } from './answers/probe.ts';
import { eventFor, type Told, tell } from './artifact/events.ts';
import { keyOf, ownerOf } from './artifact/identity.ts';
import type { AnswerValue, Question } from './artifact/questions.ts';
import { type ReconcileContext, reconcile } from './artifact/reconcile.ts';
import type { Namespace, World } from './artifact/world.ts';
import { buildEnvironmentObject, type StepOptions } from './builder/build-environment.ts';
import { admitBuilds } from './builder/build-queue.ts';
import { builders } from './builder/builders.ts';
import { completeChild } from './builder/complete.ts';
import { LayersBuilder } from './builder/layers/build.ts';
import { locator } from './builder/layers/locate.ts';
import { ChildStore, watchedWhereServed } from './children.ts';
import type { Config } from './config.ts';
import { knativeDeployer } from './deployer/knative.ts';
import { kubernetesDeployer } from './deployer/kubernetes.ts';
import { Environment } from './environment.ts';
import { admissionParameters } from './install/admission.ts';
import { keepConfigMap } from './keep-config-map.ts';
import { Metrics } from './metrics.ts';
import { keepNetworkPolicy } from './network/keep.ts';
import { installationPolicies } from './network/policies.ts';
import { Asker } from './runtime/asker.ts';
import { runController } from './runtime/controller.ts';
import { WorkQueue } from './runtime/workqueue.ts';
import type { Settings } from './settings.ts';
import { railKinds } from './tenant/guard-rails.ts';
import { RailView } from './tenant/rail-view.ts';
import { reconcileTenant } from './tenant/reconcile.ts';

export interface Operator {
  client: KubeClient;
  metrics: Metrics;
  view: ArtifactView;
  children: ChildStore;
  namespaces: KubeCache<Namespace>;
  rails: RailView;
  queues: Record<'artifacts' | 'tenants' | 'builds', WorkQueue>;
  context: ReconcileContext;
  settings: Settings;
  steps: StepOptions;
  workers: number;
  log: Log;
  readonly synced: boolean;
  whenSynced(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const answerWithinMs = {
  layers: 300_000,
  probe: probeTimeoutMs,
  buildLog: 45_000,
  podLog: 45_000,
  images: 60_000,
} as const satisfies Record<Question['kind'], number>;

/** Connects and starts watching; nothing is written before startLeading. */
export function makeOperator(config: Config, settings: Settings, log: Log): Operator {
  const metrics = new Metrics();
  const client = connect({
    kubeconfig: config.kubeconfig,
    fieldManager: 'vibed-operator',
    userAgent: 'vibed-operator/0.1.0',
  });
  const onDropped = (kind: Kind) => metrics.dropped(kind.kind);
  const store = new CrdArtifactStore({ client, log, onDropped });
  const children = new ChildStore({
    client,
    log,
    onDropped,
    buildNamespaces: [settings.builds.namespace, settings.builds.installNamespace],
    complete: child => completeChild(child, store, client),
  });
  const namespaces = new KubeCache<Namespace>({ client, log, onDropped, kind: kinds.namespace });
  const rails = new RailView({ client, log, onDropped, kinds: railKinds(settings) });
  const view = store.watch({});
  children.start();
  namespaces.start();
  rails.start();
  const queues = {
    artifacts: new WorkQueue({ metrics: metrics.queue('artifacts') }),
    tenants: new WorkQueue({ metrics: metrics.queue('tenants') }),
    builds: new WorkQueue({ metrics: metrics.queue('builds') }),
  };
  // They wait for others nearly all the time; images are made four at once (the layers builder's own turnstile).
  const asker = new Asker<Question, AnswerValue>({
    concurrency: 128,
    timeoutMs: ({ kind }) => answerWithinMs[kind],
    onAnswer: key => queues.artifacts.add(key),
    log,
  });
  // Many at once: each ends within its minute, and where the registry does not answer all of them take it.
  const farewells = new Asker<Question, AnswerValue>({
    concurrency: 64,
    timeoutMs: ({ kind }) => answerWithinMs[kind],
    onAnswer: key => queues.artifacts.add(key),
    log,
  });
  const steps = { settings, stepsImage: config.stepsImage, caBundle: readOptional(config.caBundlePath) };
  const analysis = new Analysis();
  const layers = new LayersBuilder({
    settings,
    analysis,
    locate: locator({ store, settings, tokenFile: config.sourceTokenPath }),
    scratch: config.scratchPath,
    credentialFile: config.registryCredentialPath,
    caFile: existing(config.caBundlePath),
  });
  const deployers = new Map([knativeDeployer(settings), kubernetesDeployer(settings)].map(d => [d.target, d] as const));
  const environment = new Environment({
    client,
    log,
    children,
    watched: watchedWhereServed,
    onChange: () => {
      for (const artifact of view.all()) queues.artifacts.add(keyOf(artifact));
    },
  });
  environment.start();
  const observe = (artifact: CompactArtifact): World => ({
    artifact,
    namespace: namespaces.get(undefined, artifact.metadata.namespace ?? ''),
    children: children.observe(ownerOf(artifact)),
    versions: store.versions(artifact),
    answers: asker.answers(keyOf(artifact)),
    targets: environment.targets,
    served: environment.served,
    now: new Date(),
  });
  const report = (before: CompactArtifact, after: CompactArtifact) => {
    metrics.phase(keyOf(after), after.status?.phase);
    const told = eventFor(before, after);
    if (told?.type === 'Warning') metrics.failed(told.reason);
    if (told !== undefined) void tell(client, after, told, log);
  };
  const tellOf = (artifact: CompactArtifact, told: Told) => {
    log.warn(told.note, { artifact: keyOf(artifact), reason: told.reason });
    void tell(client, artifact, told, log);
  };
  const ports = { settings, builder: builders(steps), deployers };
  const answer = answerWith({ client, metrics, analysis, layers });
  const context = { store, children, asker, farewells, answer, ports, view, observe, report, tell: tellOf };
  const watched = [view, children, namespaces, rails, environment];
  const operator = {
    client,
    metrics,
    view,
    children,
    namespaces,
    rails,
    queues,
    context,
    settings,
    steps,
    workers: config.workers,
    log,
  };
  connectQueues(operator);
  return {
    ...operator,
    get synced() {
      return watched.every(w => w.synced);
    },
    whenSynced: async signal => void (await Promise.all(watched.map(w => w.whenSynced(signal)))),
    stop: async () => {
      await Promise.all([...watched, asker, farewells].map(w => w.stop()));
      analysis.stop();
    },
  };
}

/** What wakes whom. */
function connectQueues({
  view,
  children,
  namespaces,
  rails,
  queues,
  metrics,
}: Pick<Operator, 'view' | 'children' | 'namespaces' | 'rails' | 'queues' | 'metrics'>): void {
  view.subscribe((artifact, change) => {
    if (change === 'delete') metrics.phase(keyOf(artifact), undefined);
    queues.artifacts.add(keyOf(artifact));
  });
  children.subscribe(key => queues.artifacts.add(key));
  children.subscribeJobs(() => queues.builds.add('queue'));
  rails.subscribe(namespace => queues.tenants.add(namespace));
  namespaces.subscribe(({ metadata }) => {
    queues.tenants.add(metadata.name);
    for (const artifact of view.all())
      if (artifact.metadata.namespace === metadata.name) queues.artifacts.add(keyOf(artifact));
  });
}

/** Works until the signal aborts. A new leader looks at everything once. */
export async function startLeading(operator: Operator, signal: AbortSignal): Promise<void> {
  const { client, children, namespaces, rails, settings, metrics, queues, view, log } = operator;
  log.info('leading', { artifacts: view.all().length });
  for (const namespace of [settings.builds.namespace, settings.builds.installNamespace])
    await keepConfigMap(client, buildEnvironmentObject(operator.steps, namespace));
  await keepConfigMap(client, admissionParameters(settings));
  for (const policy of installationPolicies(settings)) await keepNetworkPolicy(client, policy);
  // What pushes to a repository, or deletes from it, is the next leader's from then on.
  const dropQuestions = () => {
    const { asker, farewells } = operator.context;
    for (const key of view.all().map(keyOf)) for (const questions of [asker, farewells]) questions.retain(key, []);
  };
  signal.addEventListener('abort', dropQuestions, { once: true });
  for (const artifact of view.all()) queues.artifacts.add(keyOf(artifact));
  for (const namespace of namespaces.all()) queues.tenants.add(namespace.metadata.name);
  queues.builds.add('queue');
  const controller = (
    name: keyof Operator['queues'],
    workers: number,
    work: (key: string) => Promise<{ recheckAfterMs?: number } | undefined>,
  ) =>
    runController(
      { name, queue: queues[name], workers, log, metrics: metrics.controller(name), reconcile: work },
      signal,
    );
  await Promise.all([
    controller('artifacts', operator.workers, key => reconcile(key, operator.context)),
    controller('tenants', 2, name => reconcileTenant(name, { client, namespaces, rails, settings })),
    controller('builds', 1, () => admitBuilds({ client, children, settings, metrics, log })),
  ]);
  // Those too that the last reconciles have asked.
  dropQuestions();
}

const existing = (path: string): string | undefined => (existsSync(path) ? path : undefined);

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
