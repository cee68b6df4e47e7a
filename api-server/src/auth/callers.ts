// Who sends a request, judged from its headers alone; and whether they still may what they may when it began.
import type { IncomingMessage } from 'node:http';
import type { Log } from '@vibed/store/kube';
import { Problem } from '../problems.ts';
import type { Holder } from '../uploads.ts';
import { type Caller, mayDo, type Scope } from './caller.ts';
import type { KeyRing } from './keys.ts';
import type { RateLimiter } from './rate-limit.ts';

const anonymous: Caller = { user: 'local', scope: 'admin' };
/** How often the keys behind open streams are looked up. */
const lookEveryMs = 2_000;

export interface CallersOptions {
  /** Undefined where the process binds loopback and nobody needs a key. */
  readonly keys: Pick<KeyRing, 'callerOf' | 'callerById'> | undefined;
  /** By the address of the connection: a forwarded header says whatever its sender likes. */
  readonly strangers: RateLimiter;
  readonly log: Log;
}

export class Callers {
  readonly #options: CallersOptions;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** The caller of a request; throws Unauthorized, or RateLimited for an address that sends too many such requests. */
  async of(request: IncomingMessage): Promise<Caller> {
    const { keys, strangers } = this.#options;
    if (keys === undefined) return anonymous;
    const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const caller = key === undefined ? undefined : await keys.callerOf(key);
    if (caller !== undefined) return caller;
    strangers.take(request.socket.remoteAddress ?? '');
    throw new Problem(
      'Unauthorized',
      key === undefined ? 'there is no API key in this request' : 'this API key is not known here',
    );
  }

  /** The caller behind a ticket or an earlier request, as they are now; undefined when the key is revoked or expired. */
  async now({ user, keyId }: Holder): Promise<Caller | undefined> {
    const { keys } = this.#options;
    if (keys === undefined) return anonymous;
    const caller = keyId === undefined ? undefined : await keys.callerById(keyId);
    return caller?.user === user ? caller : undefined;
  }

  /** Aborts with `done`, and within seconds after the key of this caller lost the scope, expired or was revoked. */
  whileMay(caller: Caller, scope: Scope, done: AbortSignal): AbortSignal {
    if (this.#options.keys === undefined) return done;
    const ended = new AbortController();
    const timer = setInterval(() => {
      void this.#may(caller, scope).then(may => may || ended.abort());
    }, lookEveryMs);
    timer.unref();
    const signal = AbortSignal.any([done, ended.signal]);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    return signal;
  }

  /** Also false when the keys cannot be read. */
  async #may(caller: Caller, scope: Scope): Promise<boolean> {
    try {
      const now = await this.now(caller);
      return now !== undefined && mayDo(now, scope);
    } catch (error) {
      this.#options.log.error('the API keys cannot be read', { error });
      return false;
    }
  }
}
