// Waiting for a version with what happens told on the way. A server that is started again meanwhile is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Invocation, pathOf } from './command.ts';
import { exitCodes, Refused, Unreachable } from './failures.ts';
import { printable } from './terminal.ts';

const failureSchema = z.looseObject({
  step: z.string().optional(),
  reason: z.string(),
  message: z.string().optional(),
  remedy: z.string().optional(),
  excerpt: z.string().optional(),
});
/** Why an app failed, as the API says it. */
export type Failure = z.output<typeof failureSchema>;

const waitSchema = z.looseObject({
  outcome: z.string(),
  step: z.string(),
  url: z.string().optional(),
  failure: failureSchema.optional(),
});

export interface Wanted {
  readonly name: string;
  readonly version: number;
  readonly timeoutSeconds: number;
}

const pollSeconds = 5;
const silenceMs = 60_000;

/** Until the version runs (its URL is printed) or will not; returns the exit code. */
export async function waitFor(wanted: Wanted, invocation: Invocation): Promise<number> {
  const { terminal, flags } = invocation;
  const until = Date.now() + wanted.timeoutSeconds * 1000;
  let step = '';
  for (;;) {
    const body = await lookOnce(wanted, until, invocation);
    const seen = waitSchema.parse(body);
    const isOver = seen.outcome !== 'still_working';
    if (seen.step !== step && !isOver) terminal.err(printable(seen.step));
    step = seen.step;
    if (!isOver && Date.now() < until) continue;
    if (flags.json === true) terminal.out(JSON.stringify(body, null, 2));
    if (seen.outcome === 'running') {
      if (flags.json !== true) terminal.out(seen.url ?? '');
      return exitCodes.ok;
    }
    terminal.err(
      seen.failure === undefined
        ? `${wanted.name} version ${wanted.version}: ${seen.outcome}`
        : failureText(seen.failure),
    );
    return exitCodes.appFailed;
  }
}

async function lookOnce({ name, version }: Wanted, until: number, { api, terminal }: Invocation): Promise<unknown> {
  const giveUp = Date.now() + silenceMs;
  for (;;) {
    const left = Math.ceil((until - Date.now()) / 1000);
    const timeout_s = Math.max(1, Math.min(pollSeconds, left));
    try {
      return await api.get(pathOf(name, '/wait'), { version, timeout_s }, terminal.signal);
    } catch (error) {
      if (!passes(error) || terminal.signal.aborted || Date.now() > giveUp) throw error;
      await sleep(1000, undefined, { signal: terminal.signal });
    }
  }
}

const passes = (error: unknown) =>
  error instanceof Unreachable || (error instanceof Refused && [429, 502, 503, 504].includes(error.status));

/** Reason, message, remedy and the last lines of the log. */
export function failureText({ step, reason, message, remedy, excerpt }: Failure): string {
  const lines = [
    `failed${step === undefined ? '' : ` at ${step}`}: ${reason}`,
    message,
    remedy === undefined ? undefined : `remedy: ${remedy}`,
    excerpt === undefined ? undefined : excerpt.replace(/^/gm, '  | '),
  ];
  return printable(lines.filter(line => line !== undefined).join('\n'));
}
