// HTTP to one API server: credentials, TLS, time-outs. client-node is used for what it is good at (kubeconfig, tokens, exec plugins);
// its applySecurityAuthentication() builds a new connection pool for every request, so the pool is kept here, and over HTTP/1.1:
// with HTTP/2 every watch and every request would hang on one TCP connection.
import { KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request } from 'undici';
import { errorFromFailure, errorFromResponse, KubeError } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TransportRequest {
  /** For messages: `list jobs.batch`. */
  readonly what: string;
  readonly method: Method;
  /** Path and query. */
  readonly path: string;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Transport {
  /** The text of a 2xx answer; a KubeError for everything else. */
  send(request: TransportRequest): Promise<string>;
  /** The body of a 2xx answer as it comes, without any time-out; `headersMs` is how long the first byte may take, 0 for ever. */
  stream(request: TransportRequest & { signal: AbortSignal }, headersMs: number): AsyncIterable<Uint8Array>;
}

export interface TransportOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly userAgent: string;
  readonly requestTimeoutMs: number;
}

interface Access {
  readonly headers: Record<string, string>;
  readonly dispatcher: Dispatcher;
}

interface AccessCache {
  current(): Promise<Access>;
  /** Asks for credentials anew next time. */
  forget(): void;
}

interface Limits {
  readonly signal: AbortSignal;
  /** Milliseconds; 0 for ever. */
  readonly headersTimeout?: number;
  readonly bodyTimeout?: number;
}

/** What applyToHTTPSOptions() fills in. */
interface TlsOptions {
  headers?: Record<string, string>;
  auth?: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  rejectUnauthorized?: boolean;
  servername?: string;
}

/** Tokens are files that the kubelet replaces: look again this often. */
const accessLifetimeMs = 30_000;

/** Throws a KubeError when the kubeconfig can't be read or the process is not in a cluster. */
export function httpTransport(options: TransportOptions): Transport {
  return new HttpTransport(options);
}

class HttpTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #server: string;
  readonly #access: AccessCache;

  constructor(options: TransportOptions) {
    const { kubeconfig, server } = loadConfig(options);
    this.#options = options;
    this.#server = server;
    this.#access = accessTo(kubeconfig);
  }

  async send(asked: TransportRequest): Promise<string> {
    return withinTime(asked, this.#options.requestTimeoutMs, async signal => {
      const answer = await this.#request(asked, { signal });
      return await answer.body.text();
    });
  }

  async *stream(asked: TransportRequest & { signal: AbortSignal }, headersMs: number): AsyncIterable<Uint8Array> {
    try {
      const limits = { headersTimeout: headersMs, bodyTimeout: 0, signal: asked.signal };
      yield* (await this.#request(asked, limits)).body;
    } catch (error) {
      if (!asked.signal.aborted) throw errorFromFailure(asked.what, error);
    }
  }

  async #request(asked: TransportRequest, limits: Limits): Promise<Dispatcher.ResponseData> {
    const { headers, dispatcher } = await this.#access.current();
    const answer = await request(this.#server + asked.path, {
      ...limits,
      method: asked.method,
      dispatcher,
      headers: {
        ...headers,
        'user-agent': this.#options.userAgent,
        accept: asked.accept ?? 'application/json',
        ...(asked.body === undefined ? {} : { 'content-type': asked.contentType ?? 'application/json' }),
      },
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    if (answer.statusCode === 401) this.#access.forget();
    const [retryAfter] = [answer.headers['retry-after']].flat();
    throw errorFromResponse(asked.what, answer.statusCode, await answer.body.text(), retryAfter);
  }
}

function loadConfig(options: TransportOptions): { kubeconfig: KubeConfig; server: string } {
  const kubeconfig = new KubeConfig();
  try {
    if (options.kubeconfig === undefined) kubeconfig.loadFromCluster();
    else kubeconfig.loadFromFile(options.kubeconfig);
  } catch (error) {
    throw errorFromFailure(`kubeconfig ${options.kubeconfig ?? 'of the pod'}`, error);
  }
  if (options.context !== undefined) kubeconfig.setCurrentContext(options.context);
  const server = kubeconfig.getCurrentCluster()?.server;
  if (server === undefined || server.includes('undefined')) {
    const where = options.kubeconfig === undefined ? 'not in a pod' : `${options.kubeconfig} has no such context`;
    throw new KubeError('Unavailable', `no API server is configured: ${where}; name a kubeconfig and its context`);
  }
  return { kubeconfig, server: server.replace(/(?<!\/)\/+$/, '') };
}

/** Headers and connection pool; the pool stays while the TLS material does, for watches hang on it. */
function accessTo(kubeconfig: KubeConfig): AccessCache {
  let cached: { readonly access: Promise<Access>; readonly until: number } | undefined;
  let pool: { readonly dispatcher: Dispatcher; readonly madeOf: string } | undefined;

  const load = async (): Promise<Access> => {
    const tls: TlsOptions = {};
    await kubeconfig.applyToHTTPSOptions(tls);
    const madeOf = JSON.stringify([tls.ca, tls.cert, tls.key, tls.rejectUnauthorized, tls.servername].map(String));
    if (pool?.madeOf !== madeOf) pool = { dispatcher: await dispatcherFor(kubeconfig, tls), madeOf };
    const basic = tls.auth === undefined ? {} : { authorization: `Basic ${Buffer.from(tls.auth).toString('base64')}` };
    return { headers: { ...basic, ...tls.headers }, dispatcher: pool.dispatcher };
  };
  return {
    current: async () => {
      if (cached === undefined || cached.until < performance.now()) {
        cached = { access: load(), until: performance.now() + accessLifetimeMs };
      }
      try {
        return await cached.access;
      } catch (error) {
        cached = undefined;
        throw errorFromFailure('credentials for the API server', error);
      }
    },
    forget: () => {
      cached = undefined;
    },
  };
}

async function dispatcherFor(kubeconfig: KubeConfig, tls: TlsOptions): Promise<Dispatcher> {
  const cluster = kubeconfig.getCurrentCluster();
  if (cluster?.proxyUrl) {
    const context = new RequestContext(cluster.server, 'GET');
    await kubeconfig.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher !== undefined) return dispatcher;
  }
  const { ca, cert, key, rejectUnauthorized, servername } = tls;
  const given = Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(
    ([, value]) => value !== undefined,
  );
  // A dead peer is noticed by TCP before the watch's own inactivity limit where the network drops idle connections.
  return new Agent({
    allowH2: false,
    connect: { ...Object.fromEntries(given), keepAlive: true, keepAliveInitialDelay: 30_000 },
  });
}

async function withinTime<T>(
  asked: TransportRequest,
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${ms} ms`)), ms);
  const forward = () => limit.abort(new Error('given up by the caller'));
  if (asked.signal?.aborted) forward();
  asked.signal?.addEventListener('abort', forward, { once: true });
  try {
    return await run(limit.signal);
  } catch (error) {
    throw errorFromFailure(asked.what, error);
  } finally {
    clearTimeout(timer);
    asked.signal?.removeEventListener('abort', forward);
  }
}
