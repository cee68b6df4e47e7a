// Says what is being done, how long that usually takes and how far it is: one line that moves on a terminal, plain lines
// elsewhere.
export interface Step {
  readonly name: string;
  /** What it takes from nothing on two idle cores; a warm one is much faster. */
  readonly expectedSeconds: number;
  readonly run: (say: (detail: string) => void) => Promise<void>;
}

/** `m:ss`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `4/9 kubernetes 6:10 of ~8:00`, followed by a detail when there is one. */
export function stepLine(at: number, of: number, step: Step, elapsed: number, detail = ''): string {
  const expected = elapsed > step.expectedSeconds * 1.5 ? 'longer than the usual' : 'of';
  const line = `${at}/${of} ${step.name} ${clock(elapsed)} ${expected} ~${clock(step.expectedSeconds)}`;
  return detail ? `${line}  ${detail}` : line;
}

/** `4/9 kubernetes 8:02`: what stays when a step is done. */
export function doneLine(at: number, of: number, step: Step, elapsed: number): string {
  return `${at}/${of} ${step.name} ${clock(elapsed)}`;
}

export function tableOf(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(step => step.name.length));
  const rows = steps.map((step, i) => `  ${i + 1} ${step.name.padEnd(width)}  ~${clock(step.expectedSeconds)}`);
  return ['step, and what it takes when nothing is cached:', ...rows].join('\n');
}

export async function runSteps(steps: readonly Step[], out: NodeJS.WriteStream): Promise<void> {
  for (const [i, step] of steps.entries()) await runStep(step, i + 1, steps.length, out);
}

async function runStep(step: Step, at: number, of: number, out: NodeJS.WriteStream): Promise<void> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let detail = '';
  const live = (): void => {
    if (!out.isTTY) return;
    out.write(`\r\x1b[2K${stepLine(at, of, step, elapsed(), detail).slice(0, out.columns - 1)}`);
  };
  // Without a terminal a line a minute shows that it lives.
  const timer = setInterval(
    () => {
      if (out.isTTY) live();
      else out.write(`${stepLine(at, of, step, elapsed(), detail)}\n`);
    },
    out.isTTY ? 500 : 60_000,
  );
  try {
    live();
    await step.run(text => {
      detail = text;
      live();
    });
    out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${doneLine(at, of, step, elapsed())}\n`);
  } catch (error) {
    if (out.isTTY) out.write('\n');
    out.write(`${at}/${of} ${step.name} failed after ${clock(elapsed())}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
