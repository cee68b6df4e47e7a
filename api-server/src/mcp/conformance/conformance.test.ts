// The official conformance suite, both its lines, against this server over real HTTP. The suite brings scenarios for servers that
// offer its fixtures; baseline.yaml says of every check that fails here why, and nothing else may fail.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { startTestServer } from '../../app.testing.ts';

const baselineSchema = z.record(
  z.string(),
  z.array(z.strictObject({ because: z.string(), says: z.string(), checks: z.record(z.string(), z.array(z.string())) })),
);
const baseline = baselineSchema.parse(parse(readFileSync(new URL('baseline.yaml', import.meta.url), 'utf8')));

const checkSchema = z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() });
type Check = z.output<typeof checkSchema> & { scenario: string };

/** Whole scenarios that pass: a suite that stops asking is no pass. */
const lines = [
  {
    line: '0.1.16',
    program: 'mcp-conformance-2025',
    suite: ['--suite', 'all'],
    passes: ['dns-rebinding-protection', 'ping', 'prompts-list', 'server-initialize', 'tools-list'],
  },
  {
    line: '0.2.0-alpha.12',
    program: 'mcp-conformance-2026',
    suite: ['--requirements', '2026-07-28'],
    passes: [
      'dns-rebinding-protection',
      'http-header-validation',
      'input-required-result-ignore-extra-params',
      'input-required-result-missing-input-response',
      'input-required-result-unsupported-methods',
      'input-required-result-validate-input',
      'prompts-list',
      'sep-2164-resource-not-found',
      'server-sse-multiple-streams',
      'tools-list',
    ],
  },
];

it.each(lines)(
  'every scenario of line $line passes, or its baseline says why not',
  { timeout: 60_000 },
  async ({ line, program, suite, passes }) => {
    await using server = await startTestServer({ anonymous: true });
    const checks = await checksOf(program, [...suite, '--url', `${server.url}/mcp`]);
    const expected = new Map<string, RegExp>(
      (baseline[line] ?? []).flatMap(({ says, checks: listed }) =>
        Object.entries(listed).flatMap(([scenario, ids]) =>
          ids.map(id => [`${scenario}: ${id}`, new RegExp(says)] as const),
        ),
      ),
    );
    const failed = checks.filter(({ status }) => status === 'FAILURE');
    const failedNames = new Set(failed.map(nameOf));
    const unexplained = failed.filter(check => !expected.get(nameOf(check))?.test(check.errorMessage ?? ''));
    expect(unexplained, 'checks that fail for a reason that baseline.yaml does not give').toEqual([]);
    const stale = [...expected.keys()].filter(name => !failedNames.has(name));
    expect(stale, 'entries of baseline.yaml that pass now: remove them').toEqual([]);
    const names = [...new Set(checks.map(({ scenario }) => scenario))];
    const passed = names.filter(name => {
      const statuses = checks.filter(({ scenario }) => scenario === name).map(({ status }) => status);
      return statuses.includes('SUCCESS') && !statuses.includes('FAILURE');
    });
    expect(passed.sort()).toEqual(passes);
  },
);

const nameOf = ({ scenario, id }: Check) => `${scenario}: ${id}`;

/** Runs the suite and reads what it found: one folder per scenario, server-<scenario>-<time>. */
async function checksOf(program: string, args: readonly string[]): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vibed-conformance-'));
  try {
    const bin = fileURLToPath(new URL(`../../../../node_modules/${program}/dist/index.js`, import.meta.url));
    const text = await run([bin, 'server', ...args, '--output-dir', folder]);
    const found = readdirSync(folder).flatMap(name => {
      const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\dZ-]+$/, '');
      const checks = z.array(checkSchema).parse(JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8')));
      return checks.map(check => ({ ...check, scenario }));
    });
    if (found.length === 0) throw new Error(`the suite found nothing:\n${text.slice(-2_000)}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The program's words; it exits 1 for every check that fails, which is judged here. */
const run = (args: readonly string[]) =>
  new Promise<string>(resolve => {
    execFile(process.execPath, args, { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 }, (_failed, out, err) =>
      resolve(out + err),
    );
  });
