// What a command may do to the outside, so that tests can look at it.

export interface Terminal {
  /** What was asked for: a URL, a table, JSON. */
  out(text: string): void;
  /** What is told on the way: progress, warnings, failures. */
  err(text: string): void;
  /** Absent where nobody can answer. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  readonly openUrl: (url: string) => void;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** Text of others, without what would steer a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '').replace(/[^\P{Cc}\t\n]/gu, '');
}

/** Rows under their titles, in columns as wide as they need. */
export function table(titles: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const all = [titles, ...rows].map(row => row.map(cell => printable(String(cell ?? '-'))));
  const widths = titles.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)));
  return all
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
