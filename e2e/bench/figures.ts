// What a figure is, and the arithmetic that all of them share.

/** One line of the table: every single value that was measured, so that the spread can be seen. */
export interface Row {
  what: string;
  unit: string;
  values: readonly number[];
  /** What was wanted of the median, in words. */
  wanted?: string;
}

export interface Figure {
  title: string;
  rows: readonly Row[];
  /** What a reader has to know to judge it; lists of writes and the like. */
  notes: readonly string[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Pair by pair: what ran close together is compared with one another. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, i) => value / (below[i] ?? Number.NaN));
}

/** Three digits that count. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** Runs both of each pair close together, in alternating order. */
export async function interleaved<T>(
  pairs: number,
  ours: (i: number) => Promise<T>,
  theirs: (i: number) => Promise<T>,
): Promise<{ ours: T[]; theirs: T[] }> {
  const results = { ours: [] as T[], theirs: [] as T[] };
  for (let i = 0; i < pairs; i += 1) {
    const order = i % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const side of order) {
      const result = await (side === 'ours' ? ours(i) : theirs(i));
      results[side].push(result);
      // A run that is cut short has still told something.
      console.log(`pair ${i + 1} of ${pairs}, ${side}: ${JSON.stringify(result)}`);
    }
  }
  return results;
}
