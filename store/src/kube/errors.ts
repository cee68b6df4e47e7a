/**
 * What went wrong, as far as a caller may act on it.
 * - `NotFound`: no such object, or no such kind on this cluster.
 * - `AlreadyExists`: a create met an object of that name.
 * - `Conflict`: a precondition (uid, resourceVersion, a JSON Patch `test`) or a field owner disagreed.
 * - `Forbidden`: rights, admission or quota; `reason` and `message` tell them apart.
 * - `Invalid`: the API server will never accept this request as it is.
 * - `TooManyRequests`: try again after `retryAfterSeconds`.
 * - `Gone`: the resourceVersion or continue token is too old; list again.
 * - `Unavailable`: network failure, time-out, 5xx, or our own credential was not accepted (401); try again later.
 */
export type KubeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Forbidden'
  | 'Invalid'
  | 'TooManyRequests'
  | 'Gone'
  | 'Unavailable';

export interface KubeErrorDetails {
  /** HTTP status; absent when no answer came. */
  readonly status?: number | undefined;
  /** `reason` of the API server's Status. */
  readonly reason?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** The only error that leaves the Kubernetes client; its message holds no request body and no rejected value. */
export class KubeError extends Error {
  readonly code: KubeErrorCode;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'KubeError';
    this.code = code;
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** True for a KubeError, of that code when one is given. */
export function isKubeError(error: unknown, code?: KubeErrorCode): error is KubeError {
  return error instanceof KubeError && (code === undefined || error.code === code);
}

/** Status of the API server, as far as it is read. */
interface StatusBody {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: {
    readonly retryAfterSeconds?: unknown;
    readonly causes?: readonly { readonly field?: unknown; readonly message?: unknown }[];
  };
}

const maxMessageLength = 1024;
/** Characters of a message that are read. */
export const readMessageLength = 8 * 1024;

/** The error for an answer that is not 2xx; `what` names the request, `body` is the answer's text. */
export function errorFromResponse(what: string, status: number, body: string, retryAfter?: string): KubeError {
  const answer = parseStatus(body);
  return errorFromStatus(what, { ...answer, code: status }, retryAfterSecondsOf(retryAfter));
}

/** The error for a Status object, as an ERROR event of a watch carries it. */
export function errorFromStatus(what: string, answer: StatusBody, retryAfterSeconds?: number): KubeError {
  const status = typeof answer.code === 'number' ? answer.code : 500;
  const reason = typeof answer.reason === 'string' && answer.reason !== '' ? answer.reason : undefined;
  const wait = retryAfterSeconds ?? answer.details?.retryAfterSeconds;
  return new KubeError(codeOf(status, reason, answer.message), `${what}: ${describe(answer, status)}`, {
    status,
    reason,
    retryAfterSeconds: typeof wait === 'number' && wait > 0 ? wait : undefined,
  });
}

/** The error for a request that got no answer, or only half of one. */
export function errorFromFailure(what: string, cause: unknown): KubeError {
  if (cause instanceof KubeError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new KubeError('Unavailable', `${what}: ${text}`, { cause });
}

/** Requests that can never succeed, but which the API server reports as a fault of its own: a 500 without a reason. */
const invalidAs500 = /failed to create typed patch object|resourceVersion should not be set on objects to be created/;

function codeOf(status: number, reason: string | undefined, message: unknown): KubeErrorCode {
  if (status === 500 && reason === undefined && invalidAs500.test(String(message))) return 'Invalid';
  if (status === 409) return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
  if (status === 404) return 'NotFound';
  if (status === 403) return 'Forbidden';
  if (status === 410) return 'Gone';
  if (status === 429) return 'TooManyRequests';
  // 401: it is our own credential that was refused, which is no fault of whoever asked us.
  if (status === 401 || status < 400 || status >= 500) return 'Unavailable';
  return 'Invalid';
}

function describe(answer: StatusBody, status: number): string {
  const causes = (answer.details?.causes ?? []).flatMap(cause =>
    typeof cause.message === 'string' ? [cause.field ? `${cause.field}: ${cause.message}` : cause.message] : [],
  );
  // The summary of a 422 repeats the causes with the object's name; the causes alone say it better.
  const text = status === 422 && causes.length > 0 ? causes.join('; ') : answer.message;
  if (typeof text !== 'string' || text === '') return `HTTP ${status}`;
  return withoutValues(text).slice(0, maxMessageLength);
}

/**
 * The API server quotes what it refuses (`Invalid value: "hunter2": too long`), and that may be a secret. Nothing after a value
 * without an end, also one that was cut, can be trusted.
 */
function withoutValues(message: string): string {
  const value =
    /(Invalid value|Too long|Duplicate value): (?:(?:"(?:[^"\\]|\\.)*"|\{.*\}|\[.*\]|[^\s:"{[]+)(?=:|$|,|;|\s)|["{[].*)/gs;
  return message.slice(0, readMessageLength).replaceAll(value, '$1');
}

function parseStatus(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    // A proxy in between answers in HTML: nothing in it is worth a message.
    return {};
  }
}

function retryAfterSecondsOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) ? seconds : undefined;
}
