/** The sidecar of a build pod: the only holder of the registry credential, on the pod's loopback.
 *
 * It lets the build read the configured bases, and read and write this artifact's own two repositories; registry-route.ts decides. The build
 * never sees a credential, a token, a redirect or an upload URL of the registry: uploads are known to it by an id only. */
import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { RegistryClient } from './registry-client.ts';
import { type RegistryProxyConfig, registryProxyConfig } from './registry-config.ts';
import { type RegistryRoute, registryRoute } from './registry-route.ts';

const requestHeaders = [
  'accept',
  'content-type',
  'content-length',
  'content-range',
  'range',
  'if-none-match',
  'user-agent',
];
const responseHeaders = [
  'content-type',
  'content-length',
  'content-range',
  'range',
  'etag',
  'accept-ranges',
  'docker-content-digest',
  'docker-upload-uuid',
  'docker-distribution-api-version',
  'oci-chunk-min-length',
  'oci-subject',
  'retry-after',
];

/** What even an empty write costs the registry: a folder for the upload, or a manifest. */
const leastWrite = 4096;

class TooMuchPushed extends Error {}

/** The bytes that this build may still send. */
class PushBudget {
  readonly #max: number;
  #spent = 0;

  constructor(max: number) {
    this.#max = max;
  }

  spend(bytes: number): void {
    this.#spent += bytes;
    if (this.#spent > this.#max)
      throw new TooMuchPushed(
        `this build has sent more than ${this.#max} bytes to the registry, which is the limit (builds.pushBytesMax)`,
      );
  }

  /** The body of a request, which ends with an error where the budget does; the request itself stays open for the answer. */
  async *metered(request: IncomingMessage): AsyncGenerator<Buffer> {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      this.spend((chunk as Buffer).length);
      yield chunk as Buffer;
    }
  }
}

interface Upload {
  readonly repository: string;
  readonly url: URL;
}

/** The server, not yet listening. */
export function registryProxy(config: RegistryProxyConfig, log: (line: string) => void): Server {
  const upstream = new RegistryClient(config.upstream);
  const bases = new Map(Object.entries(config.bases).map(([host, endpoint]) => [host, new RegistryClient(endpoint)]));
  const uploads = new Map<string, Upload>();
  const budget = new PushBudget(config.pushBytesMax);
  const grants = { own: config.own, cache: config.cache, bases: [...bases.keys()], private: config.private };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = registryRoute(request.method ?? '', request.url ?? '', grants);
    if (request.url === '/healthz') return void response.end('ok\n');
    if (route.kind === 'ping')
      return void response.setHeader('docker-distribution-api-version', 'registry/2.0').end('{}');
    if (route.kind === 'refused') return fail(response, 403, 'DENIED', route.message);
    const client = route.kind === 'forward' && route.host !== undefined ? bases.get(route.host) : upstream;
    const url = client === undefined ? undefined : targetUrl(route, client, uploads);
    if (client === undefined || url === undefined)
      return fail(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'this upload is not known here');
    await forward({ request, response, route, client, url, uploads, budget });
  };
  return createServer((request, response) => {
    const started = performance.now();
    response.on('close', () => {
      const path = (request.url ?? '').replace(/\?.*$/s, '');
      if (path !== '/healthz')
        log(
          `${request.method} ${JSON.stringify(path).slice(1, -1)} ${response.statusCode} ${Math.round(performance.now() - started)} ms`,
        );
    });
    handle(request, response).catch(error => {
      if (response.headersSent) return void response.destroy();
      if (error instanceof TooMuchPushed) {
        // The rest of the body is on its way. It is read and thrown away: closing the connection would lose the answer.
        request.resume();
        return fail(response, 413, 'DENIED', error.message);
      }
      const message = error instanceof Error ? error.message : 'unknown';
      fail(response, 502, 'UNAVAILABLE', `the registry could not be reached: ${message}`);
    });
  });
}

type Open = Exclude<RegistryRoute, { kind: 'ping' | 'refused' }>;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Open;
  readonly client: RegistryClient;
  readonly url: URL;
  readonly uploads: Map<string, Upload>;
  readonly budget: PushBudget;
}

function targetUrl(route: Open, client: RegistryClient, uploads: ReadonlyMap<string, Upload>): URL | undefined {
  if (route.kind === 'forward') {
    const url = new URL(`/v2/${route.repository}/${route.rest}`, client.url);
    url.search = route.query;
    return url;
  }
  const upload = uploads.get(route.id);
  if (upload === undefined || upload.repository !== route.repository) return undefined;
  const url = new URL(upload.url);
  for (const [key, value] of new URLSearchParams(route.query)) url.searchParams.set(key, value);
  return url;
}

async function forward(exchange: Exchange): Promise<void> {
  const { request, response, route, client, url, budget } = exchange;
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const method = request.method ?? 'GET';
  const writes = ['POST', 'PUT', 'PATCH'].includes(method);
  if (writes) budget.spend(leastWrite);
  const body = writes ? { body: Readable.from(budget.metered(request)) } : {};
  const headers = pick(request.headers, requestHeaders);
  const answer = await client.send({ method, url, headers, ...body, scopes: scopesOf(route), signal: abort.signal });
  const passed = pick(answer.headers, responseHeaders);
  const location = uploadLocation(exchange, answer, url);
  response.writeHead(answer.statusCode ?? 502, { ...passed, ...(location !== undefined && { location }) });
  await pipeline(answer, response);
}

/** Where the upload goes on, in the sidecar's own words; other locations of the registry are of no use to the build. */
function uploadLocation(exchange: Exchange, answer: IncomingMessage, asked: URL): string | undefined {
  const { route, uploads, client } = exchange;
  if (route.kind === 'forward' && !route.rest.startsWith('blobs/uploads')) return undefined;
  if (answer.statusCode === 201) {
    if (route.kind === 'upload') uploads.delete(route.id);
    return `/v2/${route.repository}/blobs/${answer.headers['docker-content-digest'] ?? asked.searchParams.get('digest') ?? asked.searchParams.get('mount') ?? ''}`;
  }
  const location = answer.headers.location;
  if (location === undefined) return undefined;
  const url = new URL(location, asked);
  // Behind a TLS-terminating proxy, registries often name themselves by http.
  if (url.host === client.url.host) url.protocol = client.url.protocol;
  const id = route.kind === 'upload' ? route.id : randomUUID();
  uploads.set(id, { repository: route.repository, url });
  return `/v2/${route.repository}/blobs/uploads/${id}`;
}

function scopesOf(route: Open): string[] {
  const base = route.kind === 'forward' && route.host !== undefined;
  const own = `repository:${route.repository}:${base ? 'pull' : 'pull,push'}`;
  const from = new URLSearchParams(route.query).get('from');
  return from === null || from === route.repository ? [own] : [own, `repository:${from}:pull`];
}

function pick(headers: IncomingMessage['headers'], names: readonly string[]) {
  return Object.fromEntries(names.flatMap(name => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  const body = JSON.stringify({ errors: [{ code, message: `vibeD: ${message}`, detail: null }] });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

/** Asks a running sidecar for its health: the kubelet cannot, because it does not reach the pod's loopback. */
async function probe(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  return response?.ok === true ? 0 : 1;
}

/** The program: listens on loopback until it is told to stop; with `--probe` it asks the one that listens. */
export async function main(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  const text = env.VIBED_REGISTRY ?? readFileSync(env.VIBED_REGISTRY_FILE ?? '', 'utf8');
  const config = registryProxyConfig.parse(JSON.parse(text));
  if (args.includes('--probe')) {
    process.exitCode = await probe(config.port);
    return;
  }
  const server = registryProxy(config, line => console.log(line));
  server.listen(config.port, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${config.port}`));
  process.on('SIGTERM', () => {
    server.close();
    server.closeIdleConnections();
  });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.env, process.argv.slice(2));
}
