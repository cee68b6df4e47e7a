// /healthz: the process turns. /readyz: it has seen everything once. /metrics: Prometheus.
import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

export function serveHealth(port: number, metrics: Metrics, isReady: () => boolean): Server {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return answer(200, 'ok\n');
      case '/readyz':
        return isReady() ? answer(200, 'ok\n') : answer(503, 'waiting for the first lists\n');
      case '/metrics':
        return metrics.registry.metrics().then(
          text => answer(200, text, metrics.registry.contentType),
          (error: Error) => answer(500, `${error.message}\n`),
        );
      default:
        return answer(404, 'there are /healthz, /readyz and /metrics\n');
    }
  });
  return server.listen(port);
}
