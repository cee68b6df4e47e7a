// A test double of a Kubernetes API server for one kind in one namespace, over real HTTP: LIST in pages, WATCH with history and
// bookmarks, and every way of failing that a client must survive, injected on demand. It judges nothing: no schema, no rights.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: unknown[];
  };
  data?: Record<string, string>;
}

/** What happens to one request instead of its answer; `hang` never answers, `reset-halfway` breaks off in the body, `none` lets it pass. */
export type RequestFault =
  | { readonly status: number; readonly retryAfter?: number }
  | 'reset'
  | 'reset-halfway'
  | 'hang'
  | 'none';

/** What happens to every watch that is open. */
export type WatchFault = 'end' | 'reset' | 'malformed' | 'half-line' | 'gone-event' | 'error-event';

export interface RecordedRequest {
  readonly operation: 'list' | 'watch' | 'other';
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (request: RecordedRequest) => { status: number; body: unknown; headers?: Record<string, string> };

const statusOf = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
});

export class FaultingApiserver {
  readonly requests: RecordedRequest[] = [];
  /** How many connections were ever opened. */
  connections = 0;
  /** Answers every request that is neither LIST nor WATCH. */
  answer: Answer = () => ({ status: 404, body: statusOf(404, 'NotFound') });
  /** While true, open watches are told nothing. */
  stalled = false;
  readonly #server: Server;
  readonly #directory = mkdtempSync(join(tmpdir(), 'faulting-apiserver-'));
  readonly #objects = new Map<string, FakeObject>();
  readonly #watches = new Set<ServerResponse>();
  readonly #faults: { list: RequestFault[]; watch: RequestFault[]; other: RequestFault[] } = {
    list: [],
    watch: [],
    other: [],
  };
  #history: { readonly revision: number; readonly line: string }[] = [];
  #revision = 100;
  #compactedAt = 0;
  #uids = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#handle(request, response));
    this.#server.on('connection', () => {
      this.connections += 1;
    });
  }

  static async start(): Promise<FaultingApiserver> {
    const started = new FaultingApiserver();
    await new Promise<void>(resolve => started.#server.listen(0, '127.0.0.1', resolve));
    writeFileSync(started.kubeconfig, started.#kubeconfigText());
    return started;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
    rmSync(this.#directory, { recursive: true });
  }

  /** Path of a kubeconfig for this server. */
  get kubeconfig(): string {
    return join(this.#directory, 'kubeconfig');
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** The true state: name → `uid/resourceVersion`. */
  get state(): Record<string, string> {
    const entries = [...this.#objects.values()].map(object => [object.metadata.name, identityOf(object)]);
    return Object.fromEntries(entries.sort());
  }

  count(operation: RecordedRequest['operation']): number {
    return this.requests.filter(request => request.operation === operation).length;
  }

  /** The next requests of this operation fail, each in the given way. */
  failNext(operation: 'list' | 'watch' | 'other', ...faults: RequestFault[]): void {
    this.#faults[operation].push(...faults);
  }

  /** Creates or changes an object. */
  set(name: string, data: Record<string, string> = {}): FakeObject {
    const existing = this.#objects.get(name);
    return this.#store(existing ? 'MODIFIED' : 'ADDED', name, existing?.metadata.uid ?? this.#newUid(), data);
  }

  /** Deletes and creates again, told as one MODIFIED: what a client sees that missed the deletion. */
  recreateAsModified(name: string): FakeObject {
    return this.#store('MODIFIED', name, this.#newUid(), {});
  }

  remove(name: string): void {
    const object = this.#objects.get(name);
    if (object === undefined) throw new Error(`there is no ${name}`);
    this.#objects.delete(name);
    this.#record('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: this.#nextRevision() } });
  }

  /** Tells every open watch an event of the caller's making, which changes nothing here. */
  tell(type: string, object: unknown): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  }

  bookmark(): void {
    this.tell('BOOKMARK', {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(this.#revision) },
    });
  }

  /** Forgets all history: a watch from before is answered with 410. */
  compact(): void {
    this.#history = [];
    this.#compactedAt = this.#revision;
  }

  breakWatches(fault: WatchFault): void {
    for (const watch of [...this.#watches]) {
      if (fault === 'end') watch.end();
      else if (fault === 'reset') watch.destroy();
      else if (fault === 'malformed') watch.write('{"type":"MODIFIED","object":{"metadata":\n');
      else if (fault === 'half-line') watch.end('{"type":"MODIFIED","object":{"metadata":{"na');
      else if (fault === 'gone-event') this.#tellError(watch, statusOf(410, 'Expired'));
      else this.#tellError(watch, statusOf(500, 'InternalError'));
    }
  }

  #tellError(watch: ServerResponse, status: unknown): void {
    watch.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  }

  #store(type: 'ADDED' | 'MODIFIED', name: string, uid: string, data: Record<string, string>): FakeObject {
    const object: FakeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name,
        namespace: 'default',
        uid,
        resourceVersion: this.#nextRevision(),
        managedFields: [{ manager: 'x' }],
      },
      data,
    };
    this.#objects.set(name, object);
    this.#record(type, object);
    return object;
  }

  #record(type: string, object: FakeObject): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ revision: this.#revision, line });
    if (this.stalled) return;
    for (const watch of this.#watches) watch.write(line);
  }

  #nextRevision(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #newUid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://double');
      const isCollection = request.method === 'GET' && url.pathname.endsWith('/configmaps');
      const operation = !isCollection ? 'other' : url.searchParams.has('watch') ? 'watch' : 'list';
      const { method = 'GET', headers } = request;
      const recorded = {
        operation,
        method,
        url: request.url ?? '',
        headers,
        body: Buffer.concat(chunks).toString(),
      } as const;
      this.requests.push(recorded);
      const fault = this.#faults[operation].shift();
      if (fault !== undefined && fault !== 'none') return this.#fail(fault, response);
      if (operation === 'list') return this.#list(url.searchParams, response);
      if (operation === 'watch') return this.#watch(url.searchParams, response);
      const { status, body, headers: more } = this.answer(recorded);
      response.writeHead(status, { 'content-type': 'application/json', ...more });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  #fail(fault: Exclude<RequestFault, 'none'>, response: ServerResponse): void {
    if (fault === 'hang') return;
    if (fault === 'reset') {
      response.destroy();
      return;
    }
    if (fault === 'reset-halfway') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
      return;
    }
    response.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) });
    response.end(JSON.stringify(statusOf(fault.status, 'Injected')));
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const all = [...this.#objects.values()].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    const from = Number(query.get('continue') ?? 0);
    const to = from + Number(query.get('limit') ?? all.length);
    const rest = all.length - to;
    const more = rest > 0 ? { continue: String(to), remainingItemCount: rest } : {};
    const items = all.slice(from, to).map(({ apiVersion: _, kind: __, ...item }) => item);
    const metadata = { resourceVersion: String(this.#revision), ...more };
    response.end(JSON.stringify({ kind: 'ConfigMapList', apiVersion: 'v1', metadata, items }));
  }

  #watch(query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    if (from < this.#compactedAt) {
      this.#fail({ status: 410 }, response);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { revision, line } of this.#history) if (revision > from) response.write(line);
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }

  #kubeconfigText(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return JSON.stringify({
      'current-context': 'double',
      // client-node refuses plain HTTP unless verification is off as well.
      clusters: [{ name: 'double', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'double', user: { token: 'token-of-the-double' } }],
      contexts: [{ name: 'double', context: { cluster: 'double', user: 'double' } }],
    });
  }
}

/** What tells one state of one incarnation from all others. */
export function identityOf(object: {
  metadata: { uid?: string | undefined; resourceVersion?: string | undefined };
}): string {
  return `${object.metadata.uid}/${object.metadata.resourceVersion}`;
}
