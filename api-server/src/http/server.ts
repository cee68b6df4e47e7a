// The HTTP server of the doors: what Node decides before any handler runs.
import { createServer, type RequestListener, type Server } from 'node:http';

/** For the headers of a request, and for the whole of it: an upload over a slow line takes minutes. */
const headersMs = 20_000;
const requestMs = 300_000;
/** How long a connection may carry nothing in either direction: a reader that does not read is let go. */
const silenceMs = 120_000;

export function makeServer(app: RequestListener): Server {
  const server = createServer({ headersTimeout: headersMs, requestTimeout: requestMs }, app);
  server.timeout = silenceMs;
  // Node would send 100 Continue at once. It is sent when the body is read (body.ts), after its sender was admitted.
  server.on('checkContinue', app);
  return server;
}
