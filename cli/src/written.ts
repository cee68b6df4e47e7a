// What follows a write: its warnings, and on wish the wait until the version that was written runs.
import { z } from 'zod';
import { answer, type Invocation, numberFlag, type Options } from './command.ts';
import { printable } from './terminal.ts';
import { waitFor } from './wait.ts';

const writtenSchema = z.looseObject({
  name: z.string(),
  version: z.int(),
  phase: z.string(),
  url: z.string().optional(),
  changed: z.boolean().optional(),
  warnings: z.array(z.string()).default([]),
});

export const waitOptions: Options = {
  wait: { type: 'boolean', about: 'until it runs; then the URL alone is printed' },
  timeout: { type: 'string', value: 'SECONDS', about: 'how long to wait; 900 unless given' },
};

/** Tells what was written, or waits for it; returns the exit code. */
export async function follow(body: unknown, invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const timeoutSeconds = numberFlag(invocation, 'timeout') ?? 900;
  const { name, version, phase, changed, warnings } = writtenSchema.parse(body);
  for (const warning of warnings) terminal.err(`warning: ${printable(warning)}`);
  const told = `${name} version ${version}: ${changed === false ? 'unchanged, ' : ''}${phase}`;
  if (flags.wait !== true) return answer(invocation, body, () => told);
  terminal.err(told);
  return await waitFor({ name, version, timeoutSeconds }, invocation);
}
