// The environment variables of a test run, read in one place.
import { z } from 'zod';

const environment = z.object({
  KEEP: z.stringbool({ error: 'KEEP: 1 keeps the namespaces of this run' }).default(false),
});

const parsed = environment.parse(process.env);

export const config = {
  /** Leave namespaces as they are when a scenario ends, for a look at them. */
  keep: parsed.KEEP,
} as const;
