// `vibed wait`, and the wait after a write, with what happens printed on the way. A server that is started again meanwhile is
// waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import { phases } from '@vibed/crds';
import { z } from 'zod';
import { inCliWords, nextLines } from './cli-words.ts';
import { answer, type Invocation, numberFlag, type Option, pathOf, serverCommand, textFlag } from './command.ts';
import { exitCodes, Interrupted, nextSchema, Refused, Unreachable, UsageError } from './failures.ts';
import { jsonText, printable, quoted } from './terminal.ts';

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
  version: z.int().optional(),
  outcome: z.string(),
  step: z.string(),
  url: z.string().optional(),
  warnings: z.array(z.string()).default([]),
  broken: z.boolean().default(false),
  failure: failureSchema.optional(),
  next: nextSchema.default([]),
});
type Seen = z.output<typeof waitSchema>;

export interface Wanted {
  readonly name: string;
  /** The version asked for at the time of each look unless given. */
  readonly version?: number | undefined;
  readonly timeoutSeconds: number;
  /** Warnings that were printed already. */
  readonly toldBefore?: readonly string[];
}

export const timeoutOption: Option = { type: 'string', value: 'SECONDS', about: 'how long to wait; 900 unless given' };
export const allowBrokenOption: Option = {
  type: 'boolean',
  about: 'exit with 0, not 4, when the app runs but its page is broken',
};
const defaultTimeout = 900;
export const timeoutOf = (invocation: Invocation): number => numberFlag(invocation, 'timeout') ?? defaultTimeout;

const pollSeconds = 5;
const silenceMs = 60_000;

export const wait = serverCommand({
  name: 'wait',
  summary: 'wait until an app runs (and print its URL), is gone, or is in a phase',
  words: '<name>',
  examples: ['vibed wait my-app', 'vibed wait my-app --for gone --timeout 60', 'vibed wait my-app --for suspended'],
  options: {
    for: {
      type: 'string',
      choices: ['running', 'gone', ...phases.filter(phase => phase !== 'running')],
      about: 'running unless given',
    },
    version: { type: 'string', value: 'N', about: 'with --for running: this version; the newest unless given' },
    timeout: timeoutOption,
    'allow-broken': allowBrokenOption,
  },
  run: async invocation => {
    const { name } = invocation.args;
    const wanted = { name, version: numberFlag(invocation, 'version'), timeoutSeconds: timeoutOf(invocation) };
    const phase = textFlag(invocation, 'for') ?? 'running';
    if (phase !== 'running' && wanted.version !== undefined)
      throw new UsageError('--version belongs to --for running', 'leave one of them out');
    try {
      return await (phase === 'running' ? waitFor(wanted, invocation) : waitForPhase(phase, wanted, invocation));
    } catch (error) {
      // A name that was never there is gone, too: scripts delete and then wait.
      if (phase === 'gone' && error instanceof Refused && error.status === 404)
        return answer(invocation, { name, phase }, () => `${name} is gone`);
      throw error;
    }
  },
});

/** Waits until the version runs (its URL is printed) or will not; returns the exit code. */
export async function waitFor(wanted: Wanted, invocation: Invocation): Promise<number> {
  const { name, version } = wanted;
  const until = Date.now() + wanted.timeoutSeconds * 1000;
  let step = '';
  for (;;) {
    const timeout_s = Math.max(1, Math.min(pollSeconds, Math.ceil((until - Date.now()) / 1000)));
    const body = await patiently(
      () => invocation.api.get(pathOf(name, '/wait'), { version, timeout_s }),
      wanted,
      invocation,
    );
    const seen = waitSchema.parse(body);
    const isOver = seen.outcome !== 'still_working';
    if (seen.step !== step && !isOver) invocation.terminal.err(seen.step);
    step = seen.step;
    if (isOver || Date.now() >= until) return report(body, seen, wanted, invocation);
  }
}

function report(body: unknown, seen: Seen, wanted: Wanted, { terminal, flags }: Invocation): number {
  if (flags.json === true) terminal.out(jsonText(body));
  if (seen.outcome === 'running') {
    const warnings = seen.warnings.filter(warning => wanted.toldBefore?.includes(warning) !== true);
    for (const warning of warnings) terminal.err(`warning: ${inCliWords(warning)}`);
    if (flags.json !== true) terminal.out(seen.url ?? '');
    return seen.broken && flags['allow-broken'] !== true ? exitCodes.brokenPage : exitCodes.ok;
  }
  const version = wanted.version ?? seen.version;
  const app = version === undefined ? wanted.name : `${wanted.name} version ${version}`;
  const isLate = seen.outcome === 'still_working';
  const state = isLate ? `still ${seen.step} after ${wanted.timeoutSeconds} s` : seen.outcome;
  const said = seen.failure === undefined ? `${app}: ${state}` : failureText(seen.failure);
  terminal.err([said, ...nextLines(seen.next)].join('\n'));
  return exitCodes.appFailed;
}

const phaseSchema = z.looseObject({ phase: z.string() });

/** Waits until the app is in the phase. Rejects with NotFound when the app is gone. */
async function waitForPhase(phase: string, wanted: Wanted, invocation: Invocation): Promise<number> {
  const { name, timeoutSeconds } = wanted;
  const until = Date.now() + timeoutSeconds * 1000;
  let last = '';
  for (;;) {
    const body = await patiently(() => invocation.api.get(pathOf(name)), wanted, invocation);
    const present = phaseSchema.parse(body).phase;
    if (present === phase) return answer(invocation, body, () => `${name} is ${phase}`);
    if (present !== last) invocation.terminal.err(present);
    last = present;
    if (Date.now() >= until) {
      invocation.terminal.err(`${name} is still ${present} after ${timeoutSeconds} s, and not ${phase}`);
      return exitCodes.appFailed;
    }
    await patiently(() => sleep(1000, undefined, { signal: invocation.terminal.signal }), wanted, invocation);
  }
}

/** One look, repeated while the server is starting again. Ctrl-C ends the wait and nothing else. */
async function patiently<T>(look: () => Promise<T>, { name, version }: Wanted, { terminal }: Invocation): Promise<T> {
  const giveUp = Date.now() + silenceMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (terminal.signal.aborted) throw new Interrupted(continues(name, version));
      if (!passes(error) || Date.now() > giveUp) throw error;
    }
    await sleep(1000, undefined, { signal: terminal.signal }).catch(() => {
      throw new Interrupted(continues(name, version));
    });
  }
}

function continues(name: string, version: number | undefined): string {
  const what = version === undefined ? name : `the deploy of ${name} version ${version}`;
  return `interrupted: ${what} continues on the server; to wait for it: ${quoted(['vibed', 'wait', name])}`;
}

const passes = (error: unknown) =>
  error instanceof Unreachable || (error instanceof Refused && [429, 502, 503, 504].includes(error.status));

/** Reason, message, remedy and the last lines of the log. */
export function failureText({ step, reason, message, remedy, excerpt }: Failure): string {
  const lines = [
    `failed${step === undefined ? '' : ` at ${step}`}: ${reason}`,
    message === undefined ? undefined : inCliWords(message),
    remedy === undefined ? undefined : `remedy: ${inCliWords(remedy)}`,
    ...(excerpt === undefined
      ? []
      : printable(excerpt)
          .split('\n')
          .map(line => `  | ${line}`)),
  ];
  return lines.filter(line => line !== undefined).join('\n');
}
