/** One registry as the sidecar sees it: connection, login, redirects. Bodies stream; nothing is buffered but tokens and errors. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RegistryEndpoint } from './registry-config.ts';

/** A request to the registry. */
export interface RegistryRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Readable;
  /** Token scopes, `repository:name:pull,push`. */
  readonly scopes: readonly string[];
  readonly signal: AbortSignal;
}

type Challenge =
  | { readonly scheme: 'none' }
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: URL; readonly service?: string };

/** The credential is missing or wrong. */
export class LoginRefused extends Error {}

/** Speaks to one registry with its credential. */
export class RegistryClient {
  readonly url: URL;
  private readonly endpoint: RegistryEndpoint;
  private readonly agents: { readonly http: http.Agent; readonly https: https.Agent };
  private readonly tokens = new Map<string, { readonly value: string; readonly until: number }>();
  private known: Promise<Challenge> | undefined;

  constructor(endpoint: RegistryEndpoint) {
    this.endpoint = endpoint;
    this.url = new URL(endpoint.url);
    const ca = endpoint.caFile === undefined ? {} : { ca: readFileSync(endpoint.caFile) };
    const options = { keepAlive: true, timeout: 60_000, proxyEnv: endpoint.proxyEnv ?? process.env };
    this.agents = { http: new http.Agent(options), https: new https.Agent({ ...options, ...ca }) };
  }

  /** Sends the request with a login that fits, following redirects of reads; a body is sent only once, so it is never replayed. */
  async send(request: RegistryRequest): Promise<IncomingMessage> {
    const response = await this.follow(request, await this.authorization(request));
    if (response.statusCode !== 401 || request.body !== undefined) return response;
    // The token ran out, or the registry changed its mind: ask once more from the beginning.
    response.resume();
    this.known = undefined;
    this.tokens.clear();
    return await this.follow(request, await this.authorization(request));
  }

  private async follow(request: RegistryRequest, authorization: string | undefined): Promise<IncomingMessage> {
    let url = request.url;
    for (let hops = 0; hops <= 5; hops += 1) {
      // A blob store elsewhere has a signed URL of its own and must not see our credential.
      const own = url.origin === this.url.origin && authorization !== undefined;
      const response = await this.once({
        ...request,
        url,
        headers: { ...request.headers, ...(own && { authorization }) },
      });
      const location = response.headers.location;
      const reads = request.method === 'GET' || request.method === 'HEAD';
      if (!reads || location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0))
        return response;
      response.resume();
      const next = new URL(location, url);
      if (next.protocol !== 'https:' && next.protocol !== this.url.protocol)
        throw new Error('the registry redirects to an insecure place');
      url = next;
    }
    throw new Error('the registry redirects in circles');
  }

  private async once(request: Omit<RegistryRequest, 'scopes'>): Promise<IncomingMessage> {
    const { method, url, headers, body, signal } = request;
    const secure = url.protocol === 'https:';
    const outgoing = (secure ? https : http).request(url, {
      method,
      headers,
      signal,
      agent: secure ? this.agents.https : this.agents.http,
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    outgoing.on('response', resolve).on('error', reject);
    if (body === undefined) outgoing.end();
    // A registry may answer before it has read everything; that answer counts, not the broken pipe.
    else pipeline(body, outgoing).catch(reject);
    return await promise;
  }

  private async authorization(request: RegistryRequest): Promise<string | undefined> {
    this.known ??= this.challenge(request.signal);
    const challenge = await this.known.catch(error => {
      this.known = undefined;
      throw error;
    });
    if (challenge.scheme === 'none') return undefined;
    const basic = await this.basic();
    if (challenge.scheme === 'basic') return basic;
    return `Bearer ${await this.token(challenge, request, basic)}`;
  }

  /** What the registry wants, learnt from its ping. */
  private async challenge(signal: AbortSignal): Promise<Challenge> {
    const response = await this.once({ method: 'GET', url: new URL('/v2/', this.url), headers: {}, signal });
    response.resume();
    const header = response.statusCode === 401 ? String(response.headers['www-authenticate'] ?? '') : '';
    if (/^basic\b/i.test(header)) return { scheme: 'basic' };
    if (!/^bearer\b/i.test(header)) return { scheme: 'none' };
    const realm = new URL(/realm="([^"]*)"/i.exec(header)?.[1] ?? '');
    if (realm.protocol !== 'https:' && realm.protocol !== this.url.protocol)
      throw new Error('the token service of the registry is not secure');
    const service = /service="([^"]*)"/i.exec(header)?.[1];
    return { scheme: 'bearer', realm, ...(service !== undefined && { service }) };
  }

  private async token(
    challenge: Extract<Challenge, { scheme: 'bearer' }>,
    request: RegistryRequest,
    basic: string | undefined,
  ): Promise<string> {
    const key = request.scopes.join(' ');
    const cached = this.tokens.get(key);
    if (cached !== undefined && cached.until > Date.now()) return cached.value;
    const url = new URL(challenge.realm);
    if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
    for (const scope of request.scopes) url.searchParams.append('scope', scope);
    const headers = basic === undefined ? {} : { authorization: basic };
    const response = await this.once({ method: 'GET', url, headers, signal: request.signal });
    const text = await textOf(response);
    if (response.statusCode === 401 || response.statusCode === 403)
      throw new LoginRefused(`the token service of the registry answered ${response.statusCode}`);
    if (response.statusCode !== 200)
      throw new Error(`the token service of the registry answered ${response.statusCode}`);
    const answer: { token?: string; access_token?: string; expires_in?: number } = JSON.parse(text);
    const value = answer.token ?? answer.access_token;
    if (value === undefined) throw new Error('the token service of the registry gave no token');
    // The protocol's default is a minute; half of it is left for the request itself.
    this.tokens.set(key, { value, until: Date.now() + (answer.expires_in ?? 60) * 500 });
    return value;
  }

  private async basic(): Promise<string | undefined> {
    const { basicAuthFile, dockerConfigFile } = this.endpoint;
    if (basicAuthFile !== undefined) return encoded((await readFile(basicAuthFile, 'utf8')).trim());
    if (dockerConfigFile === undefined) return undefined;
    // A kubelet may mount a Secret some seconds after the process that reads it has started: so it is looked for at each login.
    const text = await readFile(dockerConfigFile, 'utf8').catch(ifAbsent);
    if (text === undefined) return undefined;
    const config: { auths?: Record<string, { auth?: string; username?: string; password?: string }> } =
      JSON.parse(text);
    const entries = Object.entries(config.auths ?? {});
    const entry = entries.find(([key]) => key.replace(/^https?:\/\//, '').split('/')[0] === this.url.host)?.[1];
    if (entry?.auth !== undefined) return `Basic ${entry.auth}`;
    return entry?.username === undefined ? undefined : encoded(`${entry.username}:${entry.password ?? ''}`);
  }
}

/** No file is no login; any other error is thrown again. */
function ifAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

function encoded(pair: string): string {
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    size += part.length;
    if (size > 1024 * 1024) throw new Error('the token service answers without end');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
