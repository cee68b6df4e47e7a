// The REST API, as the commands use it. Answers are checked where they are used, with what is needed of them.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { Agent, fetch, type Response } from 'undici';
import { z } from 'zod';
import type { Connection } from './config.ts';
import { Interrupted, Refused, Unreachable } from './failures.ts';
import { quoted } from './terminal.ts';
import { type Heard, userAgent } from './version.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

interface Asked {
  readonly query?: Query;
  readonly body?: Record<string, unknown>;
  readonly isPatient?: boolean;
}

type Answered = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Names below .localhost are this machine (RFC 6761), whatever its resolver says of them. */
export function lookupHost(host: string, options: LookupOptions, answer: Answered): void {
  if (host !== 'localhost' && !host.endsWith('.localhost')) {
    lookup(host, options, answer);
    return;
  }
  const address = { address: '127.0.0.1', family: 4 };
  if (options.all === true) answer(null, [address]);
  else answer(null, address.address, address.family);
}

/** For every request of the process, also those of the MCP client. */
export const dispatcher = new Agent({ connect: { lookup: lookupHost } });
/** For what is followed: a quiet app says nothing for hours, and the server no header before its first line. */
export const patientDispatcher = new Agent({ connect: { lookup: lookupHost }, headersTimeout: 0, bodyTimeout: 0 });

const uploadSchema = z.looseObject({ upload_url: z.string() });
const receivedSchema = z.looseObject({ source_ref: z.string() });

/** One vibeD. Throws Refused when it says no, Unreachable when it says nothing, and ends every request when `signal` is aborted. */
export class Api {
  readonly #server: string;
  readonly #key: string | undefined;
  readonly #heard: Heard;
  readonly #signal: AbortSignal;

  constructor({ server, key }: Pick<Connection, 'server' | 'key'>, heard: Heard, signal: AbortSignal) {
    this.#server = server;
    this.#key = key;
    this.#heard = heard;
    this.#signal = signal;
  }

  async get(path: string, query: Query = {}): Promise<unknown> {
    return await jsonOf(await this.#send('GET', path, { query }));
  }

  async send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: Record<string, unknown>): Promise<unknown> {
    try {
      return await jsonOf(await this.#send(method, path, { body }));
    } catch (error) {
      const name = artifactOf(path, body);
      if (!this.#signal.aborted || name === undefined) throw error;
      const check = quoted(['vibed', 'get', name]);
      throw new Interrupted(`interrupted before the server answered; it may still carry out the command: ${check}`);
    }
  }

  /** The body of an answer that is no JSON, as it comes. */
  async *stream(path: string, query: Query = {}): AsyncGenerator<Uint8Array> {
    const { body } = await this.#send('GET', path, { query, isPatient: true });
    if (body === null) return;
    try {
      yield* body as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (this.#signal.aborted) return;
      throw new Unreachable(this.#server, error);
    }
  }

  /** Sends a tar.gz through a one-time URL; returns the reference of what is stored now. */
  async upload(archive: Uint8Array): Promise<string> {
    const { upload_url } = uploadSchema.parse(await this.send('POST', '/api/uploads', {}));
    // The ticket counts, not the host: the server's public name may be one that this machine does not reach it by.
    const ticket = new URL(upload_url).pathname.split('/').at(-1) ?? '';
    const headers = { 'content-type': 'application/gzip' };
    const answer = await this.#fetch(`/api/uploads/${ticket}`, { method: 'PUT', body: archive, headers });
    return receivedSchema.parse(await jsonOf(answer)).source_ref;
  }

  async #send(method: string, path: string, { query = {}, body, isPatient = false }: Asked): Promise<Response> {
    const given = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
    const search = given.size === 0 ? '' : `?${given}`;
    return await this.#fetch(path + search, {
      method,
      isPatient,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  async #fetch(path: string, { headers, isPatient, ...init }: RequestOptions): Promise<Response> {
    const authorization = this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` };
    const all = { 'user-agent': userAgent, ...authorization, ...headers };
    let answer: Response;
    try {
      const through = isPatient === true ? patientDispatcher : dispatcher;
      const signal = this.#signal;
      answer = await fetch(this.#server + path, {
        ...init,
        headers: all,
        redirect: 'manual',
        dispatcher: through,
        signal,
      });
    } catch (error) {
      throw new Unreachable(this.#server, error);
    }
    this.#heard(answer.headers);
    if (answer.ok) return answer;
    throw new Refused(answer.status, parsed(await answer.text()));
  }
}

interface RequestOptions {
  readonly method: string;
  readonly isPatient?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** The artifact that a request writes; undefined where it writes none. */
function artifactOf(path: string, body: Record<string, unknown>): string | undefined {
  const [, , collection, name] = path.split('/');
  if (collection !== 'artifacts') return undefined;
  if (name !== undefined) return decodeURIComponent(name);
  return typeof body.name === 'string' ? body.name : undefined;
}

async function jsonOf(answer: Response): Promise<unknown> {
  const body = parsed(await answer.text());
  if (body === undefined) throw new Refused(answer.status, body);
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page: Refused says that this is no vibeD
  }
}
