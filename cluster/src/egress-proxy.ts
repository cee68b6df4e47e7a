// The only way out of the namespace: an HTTP proxy that connects builds to package hosts. The allow-list holds exact
// `host:port` pairs; anything else is refused, by name and before a connection is made. It listens on a unix socket:
//
//   egress-proxy.ts <socket> <allow-list.json>
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

const REFUSED = 'not a package host of this machine; the allow-list is .vibed/config/egress.json\n';

/** The `host:port` a request is for, or undefined when it is not a request for a proxy. */
export function destinationOf(method: string | undefined, url: string | undefined): string | undefined {
  const text = method === 'CONNECT' ? `https://${url}` : url;
  if (!text || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  if (method !== 'CONNECT' && protocol === 'https:') return undefined; // TLS is never ended here
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

export function egressProxy(allowed: ReadonlySet<string>): Server {
  const server = createServer((incoming, response) => plain(allowed, incoming, response));
  server.on('connect', (incoming, client, head) => tunnel(allowed, incoming, client, head));
  server.on('clientError', (_, socket) => socket.destroy());
  return server;
}

function isAllowed(allowed: ReadonlySet<string>, incoming: IncomingMessage): boolean {
  const destination = destinationOf(incoming.method, incoming.url);
  const allow = destination !== undefined && allowed.has(destination);
  console.log(`${new Date().toISOString()} ${allow ? 'allowed' : 'refused'} ${incoming.method} ${destination}`);
  return allow;
}

function tunnel(allowed: ReadonlySet<string>, incoming: IncomingMessage, client: Duplex, head: Buffer): void {
  client.on('error', () => client.destroy());
  if (!isAllowed(allowed, incoming)) {
    client.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${REFUSED.length}\r\nconnection: close\r\n\r\n${REFUSED}`);
    return;
  }
  const { hostname, port } = new URL(`https://${incoming.url}`);
  const upstream = connect({ host: hostname, port: Number(port || 443) });
  upstream.once('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    client.pipe(upstream).pipe(client);
  });
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
}

/** `GET http://…`, as apt sends it. */
function plain(allowed: ReadonlySet<string>, incoming: IncomingMessage, response: ServerResponse): void {
  if (!isAllowed(allowed, incoming)) {
    response.writeHead(403).end(REFUSED);
    return;
  }
  const { 'proxy-connection': _, 'proxy-authorization': __, ...headers } = incoming.headers;
  const upstream = request(incoming.url ?? '', { method: incoming.method ?? 'GET', headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', error => {
    if (!response.headersSent) response.writeHead(502);
    response.end(`${error.message}\n`);
  });
  incoming.pipe(upstream);
}

if (import.meta.main) {
  const [, , socket = '', list = ''] = process.argv;
  rmSync(socket, { force: true });
  egressProxy(new Set(JSON.parse(readFileSync(list, 'utf8')) as string[])).listen(socket);
}
