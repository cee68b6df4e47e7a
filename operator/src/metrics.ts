// Prometheus metrics: each is incremented where the thing happens, and exercised by a test.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { registerLoopDelay } from './loop-delay.ts';
import type { ControllerMetrics } from './runtime/controller.ts';
import type { WorkQueueMetrics } from './runtime/workqueue.ts';

const seconds = [0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 180, 600];

export class Metrics {
  readonly registry = new Registry();
  readonly #depth = this.#gauge('vibed_queue_depth', 'Keys that wait for a worker.', ['controller']);
  readonly #retries = this.#counter('vibed_queue_retries_total', 'Keys put back after a failure.', ['controller']);
  readonly #reconciles = this.#histogram('vibed_reconcile_seconds', 'Duration of one reconcile.', [
    'controller',
    'result',
  ]);
  readonly #phases = this.#histogram('vibed_phase_seconds', 'How long Artifacts stay in a phase.', ['phase']);
  readonly #failures = this.#counter('vibed_artifact_failures_total', 'Failures told to users, by reason.', ['reason']);
  readonly #builds = this.#gauge('vibed_builds', 'Build Jobs by state.', ['state']);
  readonly #notStarted = this.#counter(
    'vibed_build_start_failures_total',
    'Builds that could not be started at once.',
    [],
  );
  readonly #dropped = this.#counter(
    'vibed_objects_dropped_total',
    'Objects with labels of vibeD that cannot be read or are no child of it, by kind; they are left out.',
    ['kind'],
  );
  readonly #questions = this.#counter('vibed_questions_total', 'Probes and log reads, by kind and result.', [
    'kind',
    'result',
  ]);

  /** Since when, as this process has seen it; a restart begins anew. */
  readonly #inPhase = new Map<string, { phase: string; since: number }>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    registerLoopDelay(this.registry);
  }

  queue(controller: string): WorkQueueMetrics {
    return { depth: keys => this.#depth.set({ controller }, keys), retried: () => this.#retries.inc({ controller }) };
  }
  controller(controller: string): ControllerMetrics {
    return { reconciled: (result, s) => this.#reconciles.observe({ controller, result }, s) };
  }
  /** An Artifact's phase as just written; undefined when it is gone. Observes how long the one before lasted. */
  phase(key: string, phase: string | undefined, now = Date.now()): void {
    const before = this.#inPhase.get(key);
    if (before?.phase === phase) return;
    if (before !== undefined) this.#phases.observe({ phase: before.phase }, (now - before.since) / 1000);
    if (phase === undefined) this.#inPhase.delete(key);
    else this.#inPhase.set(key, { phase, since: now });
  }
  failed(reason: string): void {
    this.#failures.inc({ reason });
  }
  builds(queued: number, running: number): void {
    this.#builds.set({ state: 'queued' }, queued);
    this.#builds.set({ state: 'running' }, running);
  }
  buildNotStarted(): void {
    this.#notStarted.inc();
  }
  dropped(kind: string): void {
    this.#dropped.inc({ kind });
  }
  answered(kind: string, result: 'answer' | 'error'): void {
    this.#questions.inc({ kind, result });
  }

  #gauge(name: string, help: string, labelNames: string[]) {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
  #counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
  #histogram(name: string, help: string, labelNames: string[]) {
    return new Histogram({ name, help, labelNames, buckets: seconds, registers: [this.registry] });
  }
}
