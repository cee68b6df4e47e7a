/** A double of an OCI registry with bearer tokens, upload URLs on its own terms and blobs on another host: what the sidecar is tested against. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running double, what it holds, and what it saw. */
export class RegistryDouble implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>();
  /** Requests in order, `METHOD target`; those to the store of the blobs with their login. */
  readonly seen: string[] = [];
  /** Looked at before every answer: a status to give instead, or 'cut' to end the connection. */
  fault: (request: string) => number | 'cut' | undefined = () => undefined;
  private readonly tokens = new Map<string, string[]>();
  /** Digests by tag, of each repository. */
  readonly tagged = new Map<string, Map<string, string>>();
  private readonly uploads = new Map<string, Buffer>();
  private readonly credentials: string;
  private readonly registry = createServer((request, response) => this.answer(request, response));
  private readonly store = createServer((request, response) => this.answerBlob(request, response));

  /** Starts a double; `credentials` is `user:password`. */
  static async start(credentials: string): Promise<RegistryDouble> {
    const double = new RegistryDouble(credentials);
    await listening(double.registry);
    await listening(double.store);
    return double;
  }

  private constructor(credentials: string) {
    this.credentials = credentials;
  }

  get url(): string {
    return at(this.registry);
  }

  /** Tokens are void from now on. */
  revoke(): void {
    this.tokens.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.registry, this.store]) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://double');
    const authorization = request.headers.authorization ?? '';
    if (url.pathname === '/token') {
      this.grant(url, authorization, response);
      return;
    }
    this.seen.push(`${request.method} ${request.url}`);
    const fault = this.fault(`${request.method} ${request.url}`);
    if (fault === 'cut') return void request.socket.destroy();
    if (fault !== undefined) return void request.resume().on('end', () => response.writeHead(fault).end());
    const [, name = ''] = /^\/v2\/(.+?)\/(?:blobs|manifests|tags)\//.exec(url.pathname) ?? [];
    const scopes = this.tokens.get(authorization.replace('Bearer ', '')) ?? [];
    const wanted = isRead(request) ? 'pull' : request.method === 'DELETE' ? 'delete' : 'push';
    const granted = scopes.some(
      scope => scope.startsWith(`repository:${name}:`) && scope.split(':')[2]?.split(',').includes(wanted),
    );
    if (!granted) {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${this.url}/token",service="double"` }).end();
      return;
    }
    const served = isRead(request) ? this.read(url, response, name) : this.write(request, response, url, name);
    served.catch(() => response.destroy());
  }

  private grant(url: URL, authorization: string, response: ServerResponse): void {
    if (authorization !== `Basic ${Buffer.from(this.credentials).toString('base64')}`) {
      response.writeHead(401).end();
      return;
    }
    const token = randomUUID();
    this.tokens.set(token, url.searchParams.getAll('scope'));
    response.end(JSON.stringify({ token, expires_in: 300 }));
  }

  private answerBlob(request: IncomingMessage, response: ServerResponse): void {
    this.seen.push(`STORE ${request.url} ${request.headers.authorization ?? 'none'}`);
    const blob = this.blobs.get(lastPart(request.url ?? ''));
    response.writeHead(blob === undefined ? 404 : 200, { 'content-length': blob?.length ?? 0 }).end(blob);
  }

  private async read(url: URL, response: ServerResponse, name: string): Promise<void> {
    const last = lastPart(url.pathname);
    if (url.pathname.endsWith('/tags/list')) return this.listTags(url, response, name);
    const blob = this.blobs.get(this.tagged.get(name)?.get(last) ?? last);
    if (blob === undefined) response.writeHead(404).end();
    else if (url.pathname.includes('/blobs/')) response.writeHead(307, { location: `${at(this.store)}/${last}` }).end();
    else
      response
        .writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json', 'content-length': blob.length })
        .end(blob);
  }

  private async write(request: IncomingMessage, response: ServerResponse, url: URL, name: string): Promise<void> {
    const body = await bytesOf(request);
    const last = lastPart(url.pathname);
    if (request.method === 'POST') {
      this.startUpload(response, url, name);
      return;
    }
    if (request.method === 'DELETE') {
      const tags = this.tagged.get(name) ?? new Map<string, string>();
      for (const [tag, digest] of [...tags]) if (digest === last) tags.delete(tag);
      response.writeHead(this.blobs.delete(last) ? 202 : 404).end();
      return;
    }
    if (url.pathname.includes('/manifests/')) {
      if (missing(body, this.blobs)) {
        response.writeHead(404).end(JSON.stringify({ errors: [{ code: 'MANIFEST_BLOB_UNKNOWN' }] }));
        return;
      }
      this.blobs.set(digestOf(body), body);
      const tags = this.tagged.get(name) ?? new Map<string, string>();
      if (!last.startsWith('sha256:')) this.tagged.set(name, tags.set(last, digestOf(body)));
      response.writeHead(201, { 'docker-content-digest': digestOf(body) }).end();
      return;
    }
    const sofar = Buffer.concat([this.uploads.get(last) ?? Buffer.alloc(0), body]);
    this.uploads.set(last, sofar);
    const digest = url.searchParams.get('digest') ?? '';
    if (url.searchParams.get('_state') !== 'secret') response.writeHead(400).end();
    else if (request.method === 'PATCH') {
      const location = `/v2/${name}/blobs/uploads/${last}?_state=secret`;
      response.writeHead(202, { location, range: `0-${sofar.length - 1}` }).end();
    } else if (digest !== digestOf(sofar)) response.writeHead(400).end();
    else {
      this.blobs.set(digest, sofar);
      response.writeHead(201, { location: 'http://internal.example/x', 'docker-content-digest': digest }).end();
    }
  }

  /** Two at a time. */
  private listTags(url: URL, response: ServerResponse, name: string): void {
    const tags = this.tagged.get(name);
    if (tags === undefined) return void response.writeHead(404).end();
    const after = [...tags.keys()].sort().filter(tag => tag > (url.searchParams.get('last') ?? ''));
    const page = after.slice(0, 2);
    const link = `</v2/${name}/tags/list?n=2&last=${page.at(-1)}>; rel="next"`;
    response
      .writeHead(200, after.length > 2 ? { link } : {})
      .end(JSON.stringify({ name, tags: page.length > 0 ? page : null }));
  }

  private startUpload(response: ServerResponse, url: URL, name: string): void {
    if (url.searchParams.has('mount')) {
      response.writeHead(201, { location: '/x' }).end();
      return;
    }
    const id = randomUUID();
    this.uploads.set(id, Buffer.alloc(0));
    response.writeHead(202, { location: `${this.url}/v2/${name}/blobs/uploads/${id}?_state=secret` }).end();
  }
}

/** Whether a manifest names a blob that is not there. */
function missing(manifest: Buffer, blobs: ReadonlyMap<string, Buffer>): boolean {
  const { config, layers = [] } = parsed(manifest);
  return [config, ...layers].some(blob => blob !== undefined && !blobs.has(blob.digest));
}

function parsed(bytes: Buffer): { config?: { digest: string }; layers?: { digest: string }[] } {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return {};
  }
}

/** The digest of these bytes as registries write it. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Starts a server on a free loopback port. */
export async function listening(server: Server): Promise<Server> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** The URL of a listening server. */
export function at(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function isRead(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function lastPart(path: string): string {
  return decodeURIComponent(path.split('/').at(-1) ?? '');
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
