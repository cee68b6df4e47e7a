// docs/alerts.yaml: an alert on a metric or a label that no process exports would never fire.
import { readFileSync } from 'node:fs';
import { Metrics as OperatorMetrics } from '@vibed/operator/metrics';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { Metrics as ApiMetrics } from './metrics.ts';

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}
const text = readFileSync(new URL('../../docs/alerts.yaml', import.meta.url), 'utf8');
const alerts = (parse(text) as Rules).groups.flatMap(({ rules }) => rules);

it.each(alerts)('$alert is about a series that is exported', async ({ expr }) => {
  const operator = new OperatorMetrics();
  operator.queue('artifacts').retried?.();
  const exported = (await Promise.all([operator, new ApiMetrics()].map(({ registry }) => registry.metrics()))).join(
    '\n',
  );
  const selectors = [...expr.matchAll(/\b(vibed_[a-z0-9_]+)(?:\{([^}]*)\})?/g)];
  expect(selectors.length).toBeGreaterThan(0);
  for (const [, name = '', matchers = ''] of selectors) {
    const lines = exported.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    expect(lines.some(line => matchers === '' || line.includes(matchers))).toBe(true);
  }
});

it('exports the delay of both event loops', async () => {
  for (const { registry } of [new OperatorMetrics(), new ApiMetrics()])
    for (const stat of ['max', 'p99'])
      expect(await registry.metrics()).toMatch(
        new RegExp(`^vibed_event_loop_delay_seconds\\{stat="${stat}"\\} [0-9.e-]+$`, 'm'),
      );
});
