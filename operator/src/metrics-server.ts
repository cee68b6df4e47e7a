// /metrics of a process, for Prometheus. At a port of its own, which a NetworkPolicy opens to the namespaces that the settings name.
import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

/** Returns a server that does not listen yet. */
export function serveMetrics({ registry }: { readonly registry: Registry }): Server {
  return createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    if (request.url?.split('?')[0] !== '/metrics') return answer(404, 'there is only /metrics\n');
    return registry.metrics().then(
      text => answer(200, text, registry.contentType),
      (error: Error) => answer(500, `${error.message}\n`),
    );
  });
}
