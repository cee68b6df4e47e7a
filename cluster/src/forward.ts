// Connects the two sides of the network namespace. A unix socket ignores network namespaces, so two of these programs,
// one outside and one inside, carry TCP across without any route between them:
//
//   forward.ts tcp:127.0.0.1:8080 unix:/run/x/ingress.sock  [listen target ...]
import { rmSync } from 'node:fs';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** `tcp:<host>:<port>` or `unix:<path>`. */
export function endpointIn(text: string): { path: string } | { host: string; port: number } {
  const [kind, rest] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];
  if (kind === 'unix') return { path: rest };
  const colon = rest.lastIndexOf(':');
  const port = Number(rest.slice(colon + 1));
  if (kind !== 'tcp' || colon < 1 || !Number.isInteger(port)) {
    throw new Error(`${text}: write tcp:<host>:<port> or unix:<path>`);
  }
  return { host: rest.slice(0, colon), port };
}

export function forward(from: string, to: string): Promise<Server> {
  const listen = endpointIn(from);
  const target: NetConnectOpts = { ...endpointIn(to), allowHalfOpen: true } as NetConnectOpts;
  if ('path' in listen) rmSync(listen.path, { force: true }); // left by a predecessor that was killed
  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => join(client, connect(target)));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, () => resolve(server));
  });
}

/** Bytes and half-closes go both ways; an error on either side ends both. */
function join(client: Socket, upstream: Socket): void {
  upstream.setNoDelay(true);
  client.pipe(upstream);
  upstream.pipe(client);
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroySoon());
  }
}

if (import.meta.main) {
  const [, , ...pairs] = process.argv;
  for (let i = 0; i + 1 < pairs.length; i += 2) await forward(pairs[i] ?? '', pairs[i + 1] ?? '');
}
