import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

it('shows every metric where Prometheus looks, once the thing has happened', async () => {
  const metrics = new Metrics();
  metrics.queue('artifacts').depth?.(3);
  metrics.queue('artifacts').retried?.();
  metrics.controller('artifacts').reconciled?.('success', 0.01);
  metrics.phase('a/b', 'building', 0);
  metrics.phase('a/b', 'building', 1_000);
  metrics.phase('a/b', 'deploying', 4_000);
  metrics.failed('CrashLoop');
  metrics.builds(2, 1);
  metrics.buildNotStarted();
  metrics.dropped('Job');
  metrics.answered('probe', 'answer');
  const server = serveMetrics(metrics).listen(0);
  await new Promise(resolve => server.once('listening', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = await (await fetch(`${at}/metrics`)).text();
  for (const line of [
    'vibed_queue_depth{controller="artifacts"} 3',
    'vibed_queue_retries_total{controller="artifacts"} 1',
    'vibed_reconcile_seconds_count{controller="artifacts",result="success"} 1',
    'vibed_phase_seconds_sum{phase="building"} 4',
    'vibed_artifact_failures_total{reason="CrashLoop"} 1',
    'vibed_builds{state="queued"} 2',
    'vibed_build_start_failures_total 1',
    'vibed_objects_dropped_total{kind="Job"} 1',
    'vibed_questions_total{kind="probe",result="answer"} 1',
  ])
    expect(text).toContain(line);
  expect((await fetch(`${at}/nope`)).status).toBe(404);
  server.close();
});
