import type { SourceReport } from './job.ts';

/** What a kubelet keeps of a termination message, in bytes. */
const limit = 4096;

/** The report as JSON of at most 4096 bytes: texts are shortened, then lists, and never the facts. */
export function sourceMessage(report: SourceReport): string {
  for (const [length, count] of [
    [400, 20],
    [200, 10],
    [120, 5],
    [80, 2],
    [40, 0],
  ] as const) {
    const text = JSON.stringify(shortened(report, length, count));
    if (Buffer.byteLength(text) <= limit) return text;
  }
  throw new Error('the report does not fit into a termination message');
}

function shortened(value: unknown, length: number, count: number): unknown {
  if (typeof value === 'string') return value.length <= length ? value : `${value.slice(0, length - 1)}…`;
  if (Array.isArray(value)) return value.slice(0, count).map(entry => shortened(entry, length, count));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, isFact(key) ? entry : shortened(entry, length, count)]),
  );
}

/** Digests and commits are worth nothing shortened. */
function isFact(key: string): boolean {
  return key === 'digest' || key === 'commit';
}
