// What hostile tenants cost the others: the longest block of either event loop and the most memory of both processes, while the
// hostile scenarios run.
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Figure, Row } from './figures.ts';
import { type BenchStage, type Component, processMetrics } from './stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const components = ['operator', 'api-server'] as const satisfies readonly Component[];

interface Sample {
  component: Component;
  /** Longest delay of the event loop since the sample before, in milliseconds. */
  delayMs: number;
  mebibytes: number;
}

/** Runs the hostile scenarios once, one file after the other, and samples both processes every second meanwhile. */
export async function hostileTenants({ cluster }: BenchStage): Promise<Figure> {
  const sample = async (component: Component): Promise<Sample> => {
    const metric = await processMetrics(cluster, component);
    return {
      component,
      delayMs: metric('vibed_event_loop_delay_seconds{stat="max"}') * 1000,
      mebibytes: metric('process_resident_memory_bytes') / 2 ** 20,
    };
  };
  // The first read also forgets what was before.
  const before = await Promise.all(components.map(sample));
  const suite = startSuite();
  const samples: Sample[] = [];
  while (suite.code === undefined) {
    await pause(1000);
    samples.push(...(await Promise.all(components.map(sample))));
  }
  if (suite.code !== 0) throw new Error(`the hostile scenarios failed: vitest ended with ${suite.code}`);
  return {
    title: 'Both processes while the hostile scenarios run',
    rows: components.flatMap(component => rowsOf(component, before, samples)),
    notes: [
      'One run of e2e/scenarios/hostile*.test.ts, one file after the other, sampled every second through the kube-apiserver.',
    ],
  };
}

function rowsOf(component: Component, before: readonly Sample[], samples: readonly Sample[]): Row[] {
  const own = samples.filter(s => s.component === component);
  const most = (values: readonly number[]) => [Math.max(...values)];
  const resident = before.filter(s => s.component === component).map(s => s.mebibytes);
  return [
    { what: `${component}: longest block`, unit: 'ms', values: most(own.map(s => s.delayMs)), wanted: '≤ 100 ms' },
    { what: `${component}: resident before`, unit: 'MiB', values: resident },
    { what: `${component}: resident, at most`, unit: 'MiB', values: most(own.map(s => s.mebibytes)) },
  ];
}

/** `code` is set when the suite has ended. */
function startSuite(): { code: number | undefined } {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'e2e/vitest.config.ts', '--project', 'scenarios'];
  const suite: { code: number | undefined } = { code: undefined };
  spawn(process.execPath, [...args, '--no-file-parallelism', 'e2e/scenarios/hostile-'], { cwd: root, stdio: 'inherit' })
    .once('error', () => {
      suite.code = -1;
    })
    .once('close', code => {
      suite.code = code ?? -1;
    });
  return suite;
}
