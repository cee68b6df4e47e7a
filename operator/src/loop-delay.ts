// How long the event loop of this process kept its callers waiting, as a metric.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** Milliseconds between two looks; it is part of what is measured, and taken off again. */
const resolution = 10;

/** Registers `vibed_event_loop_delay_seconds`: the longest delay, and the 99th percentile, since it was last read. */
export function registerLoopDelay(registry: Registry): void {
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolution / 1e3);
  new Gauge({
    name: 'vibed_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last scrape: stat is max or p99.',
    labelNames: ['stat'],
    registers: [registry],
    collect() {
      this.set({ stat: 'max' }, seconds(delays.max));
      this.set({ stat: 'p99' }, seconds(delays.percentile(99)));
      delays.reset();
    },
  });
}
