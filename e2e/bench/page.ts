// docs/benchmarks.md, from the results.
import { type Figure, median, type Row, shown } from './figures.ts';

export interface Taken extends Figure {
  at: string;
  minutes: number;
  machine: string;
  /** One-minute load average before and after. */
  load: string;
}
export interface Report {
  figures: Record<string, Taken>;
}

const head = `<!-- Written by \`make bench\`; the single values are in benchmarks.json. -->
# Figures

\`make bench\` measures all of them on the running cluster (\`make up\`) and writes this page; some of them, by letter:
\`node_modules/.bin/node e2e/bench/main.ts a c\` (\`--help\`). Medians, with the smallest and the largest value: what is compared
ran in pairs, close together and in alternating order. The cluster, the operator and the measurement share the machine, so
other work on it shows; the load average tells how quiet it was.
`;

export function page({ figures }: Report): string {
  const sections = Object.entries(figures)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([letter, figure]) => section(letter, figure));
  return `${[head, ...sections].join('\n')}\n`;
}

function section(letter: string, figure: Taken): string {
  const { title, rows, notes, at, machine, minutes, load } = figure;
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC, ${shown(minutes)} min, load ${load}`;
  const lines = rows.map(row => `| ${cells(row).join(' | ')} |`);
  const told = notes.map(note => `- ${note}`);
  return [
    `## (${letter}) ${title}`,
    `${machine}; ${when}.`,
    '',
    '| what | median | min – max | n | wanted |',
    '|---|---:|---:|---:|---|',
    ...lines,
    '',
    ...told,
    '',
  ].join('\n');
}

function cells({ what, unit, values, wanted }: Row): string[] {
  const known = values.filter(Number.isFinite);
  const withUnit = (value: number) => `${shown(value)}${unit === '' ? '' : ` ${unit}`}`;
  const spread = known.length < 2 ? '' : `${shown(Math.min(...known))} – ${shown(Math.max(...known))}`;
  return [what, `**${withUnit(median(known))}**`, spread, String(known.length), wanted ?? ''];
}
