// /metrics of the operator, for Prometheus.
import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

export function serveMetrics(port: number, metrics: Metrics): Server {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    if (request.url?.split('?')[0] !== '/metrics') return answer(404, 'there is only /metrics\n');
    return metrics.registry.metrics().then(
      text => answer(200, text, metrics.registry.contentType),
      (error: Error) => answer(500, `${error.message}\n`),
    );
  });
  return server.listen(port);
}
