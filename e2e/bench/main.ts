// The figures of docs/benchmarks.md, measured on the running cluster: `make bench`, or some of them by letter. What was not
// measured this time keeps its last values (docs/benchmarks.json).
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildStep } from './build-step.ts';
import { doorFigures, doorHelp } from './doors.ts';
import type { Figure } from './figures.ts';
import { heap } from './heap.ts';
import { hostileTenants } from './hostile.ts';
import { layersFigure, layersMemory } from './layers.ts';
import { operatorTax } from './operator-tax.ts';
import { page, type Report } from './page.ts';
import { sourceToUrl } from './source-to-url.ts';
import { BenchStage } from './stage.ts';
import { targets } from './targets.ts';
import { writes } from './writes.ts';

const HELP = `usage: node e2e/bench/main.ts [letters] [--pairs 7] [--artifacts 100,2000]

  a  build step ÷ Buildah by hand in the same pod, cold and one-line change   (~6 min)
  b  operator tax at 100 and 2,000 artifacts ÷ a bare script                  (~10 min)
  c  operator writes per artifact life and while idle, from the audit log     (~2 min)
  d  heap per cached object                                                   (~2 min)
  e  source → first 200, split at the phases                                  (~4 min)
  f  the layers builder ÷ Buildah: source → first 200, one-line changes       (~5 min a pair)
  g  memory of the operator while it makes 20 images at once                  (~1 min)
  k  targets ÷ the same by hand, rollback by traffic, 1 → 200 (needs Knative) (~20 min)
  n  both processes while hostile tenants attack and a neighbour lives        (~5 min)${doorHelp}

Without letters all of them, one after the other. The cluster has to be up (make up) and otherwise quiet: tests, builds and
other people's work show in the spread. Writes docs/benchmarks.json and docs/benchmarks.md.
`;
const results = fileURLToPath(new URL('../../docs/benchmarks.json', import.meta.url));
const document = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

interface Options {
  pairs: number;
  artifacts: readonly number[];
}
const figures: Record<string, (stage: BenchStage, options: Options) => Promise<Figure>> = {
  a: (stage, { pairs }) => buildStep(stage, pairs),
  b: (stage, { pairs, artifacts }) => operatorTax(stage, pairs, artifacts),
  c: stage => writes(stage),
  d: stage => heap(stage),
  e: (stage, { pairs }) => sourceToUrl(stage, pairs),
  f: (stage, { pairs }) => layersFigure(stage, pairs),
  g: stage => layersMemory(stage),
  k: (stage, { pairs }) => targets(stage, pairs),
  n: stage => hostileTenants(stage),
  ...doorFigures,
};

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(results, 'utf8')) as Report;
  } catch {
    return { figures: {} };
  }
}

const machine = () =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim()}, Node ${process.version}`;
const load = () => loadavg()[0]?.toFixed(1) ?? '?';

async function measure(letters: readonly string[], options: Options): Promise<void> {
  for (const letter of letters) {
    const before = load();
    const started = Date.now();
    // What is measured next must not pay for the cleaning up, so it is waited for; the result is kept before.
    await using stage = new BenchStage();
    const figure = await figures[letter]?.(stage, options);
    if (figure === undefined) continue;
    const report = readReport();
    const at = new Date(started).toISOString();
    const taken = { at, minutes: (Date.now() - started) / 60_000, machine: machine(), load: `${before} → ${load()}` };
    report.figures[letter] = { ...figure, ...taken };
    writeFileSync(results, `${JSON.stringify(report, null, 1)}\n`);
    writeFileSync(document, page(report));
    console.log(page({ figures: { [letter]: { ...figure, ...taken } } }));
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    pairs: { type: 'string', default: '7' },
    artifacts: { type: 'string', default: '100,2000' },
  },
});
const letters = positionals.length === 0 ? Object.keys(figures) : positionals.flatMap(word => [...word]);
if (values.help || letters.some(letter => !(letter in figures))) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else {
  await measure(letters, { pairs: Number(values.pairs), artifacts: values.artifacts.split(',').map(Number) });
  // Watches and pools of the client are of no more use.
  process.exit();
}
