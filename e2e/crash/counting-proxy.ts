// Stands between one process and the apiserver, counts that process's writes, and can end it at any of them:
//
//   operator ── plain HTTP ──▶ forwarder in the cluster's network ── unix socket ──▶ this proxy ── TLS ──▶ apiserver
//                                                                   before: the write never arrives
//                                                                   after:  it is done, and nobody is told
//
// Credentials pass through unchanged, so the rights are the process's own.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Upstream } from './cluster-inside.ts';

/** One write that the apiserver has answered, or that was kept from it. */
export interface Write {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Without query. */
  path: string;
  /** Absent when it never arrived. */
  status?: number;
}

export type Moment = 'before' | 'after';

/** Ends the process at the first write that `at` chooses. */
export interface Trap {
  at: (write: Write, count: number) => boolean;
  moment: Moment;
  /** Called while the write is held: must end the process at once. */
  spring: () => void;
}

const writing = ['POST', 'PUT', 'PATCH', 'DELETE'];
/** Leases are held and Events are told; neither is an artifact's state. A review only asks. */
const uncounted = /\/(leases|events|[a-z]*reviews)(\/|$)/;

export class CountingProxy implements AsyncDisposable {
  readonly socket: string;
  /** What counts, in order of arrival, since the last arm(). */
  readonly writes: Write[] = [];
  /** Writes to the Lease: somebody leads. */
  leaseWrites = 0;
  /** Where the trap sprang. */
  sprung: Write | undefined;
  readonly #folder: string;
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #concerns: readonly string[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #trap: Trap | undefined;
  /** The process is dead to us: nothing of it goes through any more. */
  #isShut = false;

  private constructor(upstream: Upstream, concerns: readonly string[]) {
    this.#upstream = upstream;
    this.#concerns = concerns;
    this.#folder = mkdtempSync(join(tmpdir(), 'vibed-proxy-'));
    this.socket = join(this.#folder, 'api.sock');
    this.#server = createServer(
      (incoming, outgoing) => void this.#serve(incoming, outgoing).catch(() => incoming.destroy()),
    );
    // A watch lasts for minutes.
    this.#server.requestTimeout = 0;
  }

  /** Writes count whose path or body has one of `concerns` in it. */
  static async start(upstream: Upstream, concerns: readonly string[]): Promise<CountingProxy> {
    const proxy = new CountingProxy(upstream, concerns);
    await new Promise<void>(resolve => proxy.#server.listen(proxy.socket, resolve));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
    this.#agent.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Counts from zero, with or without a trap. */
  arm(trap?: Trap): void {
    this.writes.length = 0;
    this.sprung = undefined;
    this.#trap = trap;
  }

  /** Lets a new process through, without a trap. */
  open(): void {
    this.arm();
    this.leaseWrites = 0;
    this.#isShut = false;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    if (this.#isShut) return void incoming.destroy();
    const method = incoming.method ?? 'GET';
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    if (writing.includes(method) && path.includes('/leases')) this.leaseWrites += 1;
    if (!writing.includes(method) || uncounted.test(path) || !this.#isOfConcern(path, body))
      return this.#pass(incoming, body, outgoing);
    const write: Write = { method: method as Write['method'], path };
    this.writes.push(write);
    const isTrapped = this.sprung === undefined && this.#trap?.at(write, this.writes.length) === true;
    if (isTrapped && this.#trap?.moment === 'before') return this.#spring(write, incoming);
    const { status, headers, bytes } = await this.#answerTo(incoming, body);
    write.status = status;
    if (isTrapped) return this.#spring(write, incoming);
    if (this.#isShut) return void incoming.destroy();
    outgoing.writeHead(status, headers).end(bytes);
  }

  #isOfConcern(path: string, body: Buffer): boolean {
    return this.#concerns.some(text => path.includes(text) || body.includes(text));
  }

  #spring(write: Write, incoming: IncomingMessage): void {
    this.#isShut = true;
    this.sprung = write;
    this.#trap?.spring();
    incoming.destroy();
    this.#server.closeAllConnections();
  }

  async #answerTo(incoming: IncomingMessage, body: Buffer) {
    const answer = await this.#ask(incoming, body);
    return { status: answer.statusCode ?? 502, headers: answer.headers, bytes: await bodyOf(answer) };
  }

  /** As it comes: a watch never ends. */
  async #pass(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
    const answer = await this.#ask(incoming, body);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    answer.once('error', () => outgoing.destroy());
    outgoing.once('close', () => answer.destroy());
  }

  #ask(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { server, ca } = this.#upstream;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = { ...incoming.headers, host: server.host };
    const { method } = incoming;
    httpsRequest(new URL(incoming.url ?? '/', server), { method, headers, ca, agent: this.#agent } as object, resolve)
      .once('error', reject)
      .end(body);
    return promise;
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
