// Every way in which a call can fail, once: code → HTTP status and title. One edge turns anything thrown into problem+json or
// into an MCP result; our own faults are never blamed on the client, and what is unknown is told as internal and logged.
import { exceededQuota, isKubeError, type KubeError } from '@vibed/store/kube';

const table = {
  InvalidInput: { status: 400, title: 'The input is not usable' },
  Unauthorized: { status: 401, title: 'An API key is needed' },
  TicketExpired: { status: 401, title: 'A new ticket is needed' },
  ScopeMissing: { status: 403, title: 'This key may not do that' },
  OriginRefused: { status: 403, title: 'This origin or host is not served' },
  Refused: { status: 403, title: 'The cluster refused it' },
  QuotaExceeded: { status: 403, title: 'The quota has no room' },
  NotFound: { status: 404, title: 'There is no such thing' },
  MethodNotAllowed: { status: 405, title: 'Not this method' },
  RequestTimeout: { status: 408, title: 'The body did not arrive in time' },
  NameTaken: { status: 409, title: 'The name is taken' },
  Conflict: { status: 409, title: 'It has changed meanwhile' },
  ManagedByGit: { status: 409, title: 'Git manages this artifact' },
  NotServing: { status: 409, title: 'No version of it serves' },
  UploadSpent: { status: 410, title: 'This upload URL is used or expired' },
  ClientGone: { status: 408, title: 'The client went away' },
  TooLarge: { status: 413, title: 'Too large' },
  UnsupportedMediaType: { status: 415, title: 'Not this content type' },
  RateLimited: { status: 429, title: 'Too many requests' },
  Internal: { status: 500, title: 'A fault of vibeD' },
  Unavailable: { status: 503, title: 'The cluster does not answer' },
} as const;
export type ProblemCode = keyof typeof table;

/** Every code with its status and title, for documents. */
export const problemCodes: readonly { code: string; status: number; title: string }[] = Object.entries(table).map(
  ([code, { status, title }]) => ({ code, status, title }),
);

/** A call that helps, ready to be made. */
export type Next = {
  tool: string;
  args: Record<string, unknown>;
  why: string;
};

export interface ProblemDetails {
  /** The input field to blame. */
  field?: string | undefined;
  /** What to do about it. */
  hint?: string | undefined;
  retryAfterSeconds?: number | undefined;
  /** Methods that the path takes, for MethodNotAllowed. */
  allow?: readonly string[] | undefined;
  /** The files that came with the refused call are stored under this reference. */
  sourceRef?: string | undefined;
  next?: readonly Next[] | undefined;
  cause?: unknown;
}

/** An expected failure, in words for whoever asked. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'Problem';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return table[this.code].status;
  }

  /** The same failure, which also tells where the files of the call are kept. */
  withSource(sourceRef: string | undefined): Problem {
    return sourceRef === undefined ? this : new Problem(this.code, this.message, { ...this.details, sourceRef });
  }
}

/** What every answer about a failure says, whatever the door. */
export function describeProblem({ code, message, details }: Problem): Record<string, unknown> {
  const { field, hint, retryAfterSeconds, sourceRef, next = [] } = details;
  return {
    code,
    message,
    ...(field !== undefined && { field }),
    hint: hint ?? hints[code] ?? 'see get_deploy_guide',
    ...(retryAfterSeconds !== undefined && { retry_after_s: retryAfterSeconds }),
    ...(sourceRef !== undefined && { source_ref: sourceRef }),
    next,
  };
}

const hints: Partial<Record<ProblemCode, string>> = {
  Unauthorized: 'send Authorization: Bearer <API key>',
  ScopeMissing: 'use a key with that scope',
  NotFound: 'list_artifacts tells which names exist',
  Conflict: 'read it again and repeat the change on what is there now',
  Unavailable: 'nothing was lost: repeat the same call',
  Internal: 'repeat the call; if it stays, tell the people who run vibeD the time of it',
};

/** RFC 9457, with our fields beside the standard ones. */
export function problemJson(problem: Problem): Record<string, unknown> {
  const { title, status } = table[problem.code];
  return { type: 'about:blank', title, status, detail: problem.message, ...describeProblem(problem) };
}

/** Anything thrown, as a Problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isKubeError(error)) return fromKube(error);
  if (error instanceof URIError)
    return new Problem('InvalidInput', 'the path is not percent-encoded UTF-8', { hint: 'encode it as UTF-8' });
  return new Problem('Internal', 'vibeD could not do this because of a fault of its own', { cause: error });
}

function fromKube(error: KubeError): Problem {
  const cause = error;
  switch (error.code) {
    case 'NotFound':
      return new Problem('NotFound', 'there is no such artifact', { cause });
    case 'AlreadyExists':
    case 'Conflict':
    case 'Gone':
      return new Problem('Conflict', 'somebody else changed it at the same moment', { cause });
    case 'Invalid':
      return new Problem('InvalidInput', error.message, { cause, hint: 'change the named field' });
    case 'Forbidden':
      return (
        quotaProblem(error) ?? new Problem('Refused', error.message, { cause, hint: 'ask the people who run vibeD' })
      );
    case 'TooManyRequests':
    case 'Unavailable':
      return new Problem('Unavailable', 'the Kubernetes API does not answer at the moment', {
        cause,
        retryAfterSeconds: Math.ceil(error.retryAfterSeconds ?? 2),
      });
    default:
      return error.code satisfies never;
  }
}

function quotaProblem(cause: KubeError): Problem | undefined {
  const full = exceededQuota(cause);
  if (full === undefined) return undefined;
  return new Problem('QuotaExceeded', `the quota ${full.quota} of your namespace has no room: ${full.limits}`, {
    cause,
    hint: 'delete artifacts that are not needed any more, or ask an administrator to raise the quota',
  });
}
