import { type SourceFault, type SourceReport, sourceExit } from './job.ts';

/** An expected failure of the source container: it ends the program with a typed report instead of a stack. */
export class SourceError extends Error {
  readonly reason: SourceFault;
  readonly remedy: string;
  constructor(reason: SourceFault, message: string, remedy: string) {
    super(message);
    this.reason = reason;
    this.remedy = remedy;
  }
}

const worthRetrying: ReadonlySet<SourceFault> = new Set([
  'SourceUnreachable',
  'GitUnreachable',
  'SourceTimedOut',
  'Internal',
]);

/** The exit code of a failure: whether trying again could end otherwise. */
export function exitOf(reason: SourceFault): number {
  return worthRetrying.has(reason) ? sourceExit.retry : sourceExit.refused;
}

/** The report of anything thrown; what is not a SourceError is our own fault. */
export function reportOf(error: unknown): Extract<SourceReport, { ok: false }> {
  if (error instanceof SourceError)
    return { ok: false, reason: error.reason, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return {
    ok: false,
    reason: 'Internal',
    message,
    remedy: 'this is a fault of vibeD or of its node; the build is tried again',
  };
}
