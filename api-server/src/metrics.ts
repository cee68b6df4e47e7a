// Prometheus metrics: each is written where the thing happens.

import { registerLoopDelay } from '@vibed/operator/loop-delay';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export class Metrics {
  readonly registry = new Registry();
  readonly #actions = new Histogram({
    name: 'vibed_api_action_seconds',
    help: 'Duration of one action, by door and result (ok, or the code of the problem).',
    labelNames: ['action', 'door', 'result'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [this.registry],
  });
  readonly #readers = new Gauge({
    name: 'vibed_api_event_readers',
    help: 'Open event streams.',
    registers: [this.registry],
  });
  readonly #cutOff = new Counter({
    name: 'vibed_api_event_readers_cut_off_total',
    help: 'Event streams closed because their reader was too slow.',
    registers: [this.registry],
  });

  readonly #dropped = new Counter({
    name: 'vibed_api_objects_dropped_total',
    help: 'Objects with labels of vibeD that cannot be read, by kind; they are left out.',
    labelNames: ['kind'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    registerLoopDelay(this.registry);
  }

  acted(action: string, door: string, result: string, seconds: number): void {
    this.#actions.observe({ action, door, result }, seconds);
  }
  readers(count: number): void {
    this.#readers.set(count);
  }
  dropped(kind: string): void {
    this.#dropped.inc({ kind });
  }
  cutOff(): void {
    this.#cutOff.inc();
  }
}
