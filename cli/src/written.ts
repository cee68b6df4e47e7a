// What follows a write: its warnings, and on wish the wait until the version that was written runs.
import { z } from 'zod';
import { inCliWords, nextLines } from './cli-words.ts';
import { answer, type Invocation, type Options } from './command.ts';
import { nextSchema } from './failures.ts';
import { allowBrokenOption, timeoutOf, timeoutOption, waitFor } from './wait.ts';

const writtenSchema = z.looseObject({
  name: z.string(),
  version: z.int(),
  phase: z.string(),
  url: z.string().optional(),
  changed: z.boolean().optional(),
  warnings: z.array(z.string()).default([]),
  next: nextSchema.default([]),
});

export const waitOptions: Options = {
  wait: { type: 'boolean', about: 'until it runs; then the URL alone is printed' },
  timeout: timeoutOption,
  'allow-broken': allowBrokenOption,
};

/** Prints what was written, or waits for it; returns the exit code. */
export async function follow(body: unknown, invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const timeoutSeconds = timeoutOf(invocation);
  const { name, version, phase, changed, warnings, next } = writtenSchema.parse(body);
  for (const warning of warnings) terminal.err(`warning: ${inCliWords(warning)}`);
  const told = `${name} version ${version}: ${changed === false ? 'unchanged, ' : ''}${phase}`;
  if (flags.wait === true) {
    terminal.err(told);
    return await waitFor({ name, version, timeoutSeconds, toldBefore: warnings }, invocation);
  }
  for (const line of nextLines(next)) terminal.err(line);
  return answer(invocation, body, () => told);
}
