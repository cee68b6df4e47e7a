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
