/** A double of an OCI registry with bearer tokens, upload URLs on its own terms and blobs on another host: what the sidecar is tested against. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running double and what it saw. */
export interface RegistryDouble extends AsyncDisposable {
  readonly url: string;
  readonly blobs: Map<string, Buffer>;
  /** Requests in order, `METHOD path?query`, with the kind of login. */
  readonly seen: string[];
  /** Tokens are void from now on. */
  revoke(): void;
}

/** Starts the double; `credentials` is `user:password`. */
export async function registryDouble(credentials: string): Promise<RegistryDouble> {
  const blobs = new Map<string, Buffer>();
  const seen: string[] = [];
  const tokens = new Map<string, string[]>();
  const uploads = new Map<string, Buffer>();
  const store = await listening(
    createServer((request, response) => {
      seen.push(`STORE ${request.url} ${request.headers.authorization ?? 'none'}`);
      const blob = blobs.get(decodeURIComponent(request.url ?? '').slice(1));
      response.writeHead(blob === undefined ? 404 : 200, { 'content-length': blob?.length ?? 0 }).end(blob);
    }),
  );
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://double');
    const authorization = request.headers.authorization ?? '';
    if (url.pathname === '/token') return token(url, authorization, response);
    seen.push(`${request.method} ${request.url}`);
    const [, name = ''] = /^\/v2\/(.+?)\/(?:blobs|manifests|tags)\//.exec(url.pathname) ?? [];
    const scopes = tokens.get(authorization.replace('Bearer ', '')) ?? [];
    const wanted = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'push';
    const granted = scopes.some(
      scope => scope.startsWith(`repository:${name}:`) && scope.split(':')[2]?.split(',').includes(wanted),
    );
    if (!granted)
      return void response
        .writeHead(401, { 'www-authenticate': `Bearer realm="${at(server)}/token",service="double"` })
        .end();
    serve(request, response, url, name).catch(() => response.destroy());
  });
  const token = (url: URL, authorization: string, response: ServerResponse) => {
    if (authorization !== `Basic ${Buffer.from(credentials).toString('base64')}`)
      return void response.writeHead(401).end();
    const value = randomUUID();
    tokens.set(value, url.searchParams.getAll('scope'));
    response.end(JSON.stringify({ token: value, expires_in: 300 }));
  };
  const serve = async (request: IncomingMessage, response: ServerResponse, url: URL, name: string) => {
    const last = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    if (request.method === 'GET' || request.method === 'HEAD') {
      const blob = blobs.get(last);
      if (blob === undefined) return void response.writeHead(404).end();
      if (url.pathname.includes('/blobs/'))
        return void response.writeHead(307, { location: `${at(store)}/${last}` }).end();
      return void response
        .writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json', 'content-length': blob.length })
        .end(blob);
    }
    const body = await bytesOf(request);
    if (request.method === 'POST') {
      if (url.searchParams.has('mount')) return void response.writeHead(201, { location: '/x' }).end();
      const id = randomUUID();
      uploads.set(id, Buffer.alloc(0));
      return void response
        .writeHead(202, { location: `${at(server)}/v2/${name}/blobs/uploads/${id}?_state=secret` })
        .end();
    }
    if (url.pathname.includes('/manifests/')) {
      blobs.set(last, body);
      return void response.writeHead(201, { 'docker-content-digest': digestOf(body) }).end();
    }
    if (url.searchParams.get('_state') !== 'secret') return void response.writeHead(400).end();
    const sofar = Buffer.concat([uploads.get(last) ?? Buffer.alloc(0), body]);
    uploads.set(last, sofar);
    if (request.method === 'PATCH')
      return void response
        .writeHead(202, { location: `/v2/${name}/blobs/uploads/${last}?_state=secret`, range: `0-${sofar.length - 1}` })
        .end();
    const digest = url.searchParams.get('digest') ?? '';
    if (digest !== digestOf(sofar)) return void response.writeHead(400).end();
    blobs.set(digest, sofar);
    response.writeHead(201, { location: 'http://internal.example/x', 'docker-content-digest': digest }).end();
  };
  await listening(server);
  return {
    url: at(server),
    blobs,
    seen,
    revoke: () => tokens.clear(),
    [Symbol.asyncDispose]: async () => {
      for (const one of [server, store]) {
        one.closeAllConnections();
        await new Promise(resolve => one.close(resolve));
      }
    },
  };
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

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
