// A bucket of tokens per user: bursts pass, a loop does not.
import { Problem } from '../problems.ts';

export interface RateLimit {
  /** Calls that may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limit: RateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Throws RateLimited with the time to wait when the user's bucket is empty. */
  take(user: string): void {
    const now = this.#now();
    this.#buckets.set(user, { tokens: this.#tokensOf(user, now) - 1, at: now });
    if (this.#buckets.size > 10_000) this.#forgetFull(now);
  }

  /** As take() throws, but takes nothing. */
  check(user: string): void {
    this.#tokensOf(user, this.#now());
  }

  #tokensOf(user: string, now: number): number {
    const { burst, perSecond } = this.#limit;
    const bucket = this.#buckets.get(user) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    if (tokens >= 1) return tokens;
    const retryAfterSeconds = Math.max(1, Math.ceil((1 - tokens) / perSecond));
    throw new Problem('RateLimited', 'too many calls', { retryAfterSeconds, hint: `wait ${retryAfterSeconds} s` });
  }

  /** A bucket that has filled up again is the same as none. */
  #forgetFull(now: number): void {
    const { burst, perSecond } = this.#limit;
    for (const [user, { tokens, at }] of this.#buckets)
      if (tokens + ((now - at) / 1000) * perSecond >= burst) this.#buckets.delete(user);
  }
}
