// The ways in which a command ends badly. The exit code is part of what scripts rely on.
import { z } from 'zod';

/**
 * 0 done, 1 the app failed, 2 the command was not understood, 3 the server cannot be reached or refused, 4 the app runs, but people
 * do not see it, 130 interrupted.
 */
export const exitCodes = { ok: 0, appFailed: 1, usage: 2, server: 3, brokenPage: 4, interrupted: 130 } as const;

/** The command line, the settings or the folder are not usable. */
export class UsageError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** Calls that the server suggests. */
export const nextSchema = z.array(
  z.looseObject({ tool: z.string(), args: z.looseObject({}).optional(), why: z.string().optional() }),
);
const problemSchema = z.looseObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  source_ref: z.string().optional(),
  next: nextSchema.optional(),
});
/** What the API says about a refusal. */
export type Problem = z.output<typeof problemSchema>;

/** The server answered, and it was no. */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Problem;
  constructor(status: number, body: unknown) {
    const parsed = problemSchema.safeParse(body);
    const problem = parsed.success
      ? parsed.data
      : { code: `Http${status}`, message: `the server answered ${status}`, hint: 'is this address a vibeD?' };
    super(problem.message);
    this.name = 'Refused';
    this.status = status;
    this.problem = problem;
  }
}

/** Ctrl-C while the server works. The message says what continues there. */
export class Interrupted extends Error {}

/** No answer came. */
export class Unreachable extends Error {
  constructor(server: string, cause: unknown) {
    super(`${server} cannot be reached: ${reasonOf(cause)}`, { cause });
    this.name = 'Unreachable';
  }
}

/** The innermost message: fetch wraps it in "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  return error.message === '' ? ('code' in error ? String(error.code) : error.name) : error.message;
}

/** The file system said no: the path is in the message, and it is the caller's to mend. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
