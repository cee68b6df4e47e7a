// Runs the suites one after the other and ends with the line that says it all: `N passed, N failed`. A suite that cannot run
// counts as one failure, with its reason above.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed, each with the first lines of its error: a log is read from its end. */
  failures?: readonly string[];
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: readonly {
    name: string;
    status: string;
    message: string;
    assertionResults: readonly { fullName: string; status: string; failureMessages: readonly string[] }[];
  }[];
}
const node = process.execPath;
const vitest = ['node_modules/vitest/vitest.mjs', 'run'];

const scenarios = [node, ...vitest, '--config', 'e2e/vitest.config.ts'];
const projects = (...names: string[]) => names.flatMap(name => ['--project', name]);

/** Suites by name, each a list of steps. */
const suites: Record<string, readonly { name: string; run: (reports: string) => Promise<Count> }[]> = {
  verify: [
    {
      name: 'generated files',
      run: () =>
        checked(
          [node, 'crds/src/generate.ts', '--check'],
          [node, 'operator/src/install/generate.ts', '--check'],
          [node, 'packages/recipe/generate.ts', '--check'],
        ),
    },
    { name: 'lint', run: () => checked(['node_modules/.bin/biome', 'check', '--error-on-warnings', '.']) },
    { name: 'types', run: () => checked(['node_modules/.bin/tsc', '-p', '.']) },
    { name: 'unit, golden and contract tests', run: reports => counted(join(reports, 'unit.json'), [node, ...vitest]) },
  ],
  cluster: [
    {
      name: 'cluster and operator',
      run: () =>
        checked(
          [node, 'cluster/src/main.ts', 'up'],
          // Both worlds are tested, and the one without Knative comes first.
          [node, 'cluster/src/main.ts', 'knative-remove'],
          [node, 'cluster/src/vibed/main.ts', 'install'],
          [node, 'cluster/src/vibed/main.ts', 'sample'],
        ),
    },
  ],
  scenarios: [
    {
      name: 'scenarios on the real cluster',
      run: reports => counted(join(reports, 'e2e.json'), [...scenarios, ...projects('offline', 'scenarios', 'alone')]),
    },
    {
      name: 'MCP and REST on the real cluster',
      run: reports =>
        counted(join(reports, 'doors.json'), [node, ...vitest, '--config', 'api-server/e2e/vitest.config.ts']),
    },
  ],
  knative: [
    {
      name: 'scenarios with Knative',
      run: reports =>
        counted(join(reports, 'knative.json'), [...scenarios, ...projects('arrival', 'knative', 'knative-alone')]),
    },
  ],
};

function execute([program = '', ...args]: readonly string[]): Promise<number> {
  // The tests are for the cluster of this checkout: a KUBECONFIG of somebody's own would get vibeD installed.
  const env = { ...process.env, KUBECONFIG: undefined };
  const child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve(code ?? 1));
  });
}

/** Commands that pass or fail as a whole; the first failure ends it. */
async function checked(...commands: (readonly string[])[]): Promise<Count> {
  for (const command of commands) {
    const code = await execute(command);
    if (code !== 0) {
      console.error(`${command.slice(1).join(' ')} ended with ${code}`);
      return { passed: 0, failed: 1, skipped: 0 };
    }
  }
  return { passed: 1, failed: 0, skipped: 0 };
}

async function counted(report: string, command: readonly string[]): Promise<Count> {
  const code = await execute([...command, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  const found = JSON.parse(await readFile(report, 'utf8')) as Report;
  // A file that does not load, or an error outside tests, fails the run without a failed test.
  return {
    passed: found.numPassedTests,
    failed: code !== 0 ? Math.max(1, found.numFailedTests) : 0,
    skipped: found.numPendingTests,
    failures: found.testResults.flatMap(file => [
      ...(file.status === 'failed' && file.message ? [`${file.name}\n${firstLines(file.message)}`] : []),
      ...file.assertionResults
        .filter(test => test.status === 'failed')
        .map(test => `${test.fullName}\n${firstLines(test.failureMessages.join('\n'))}`),
    ]),
  };
}

function firstLines(message: string): string {
  return message
    .split('\n')
    .slice(0, 12)
    .map(line => `      ${line}`)
    .join('\n');
}

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const times: string[] = [];
const failures: string[] = [];
const reports = await mkdtemp(join(tmpdir(), 'vibed-test-'));
for (const suite of process.argv.slice(2)) {
  for (const step of suites[suite] ?? []) {
    console.log(`\n── ${step.name}`);
    const started = Date.now();
    const count = await step.run(reports).catch((error: Error): Count => {
      console.error(error);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    times.push(
      `${((Date.now() - started) / 60_000).toFixed(1).padStart(6)} min  ${step.name}: ${count.passed} passed, ${count.failed} failed`,
    );
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
    failures.push(...(count.failures ?? []));
  }
}
await rm(reports, { recursive: true, force: true });
for (const failure of failures) {
  console.log(`\nFAILED ${failure}`);
}
console.log(`\n${times.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed === 0 ? 0 : 1;
