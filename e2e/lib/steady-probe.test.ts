import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from './eventually.ts';
import { get } from './http.ts';
import { SteadyProbe } from './steady-probe.ts';

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a GET dials loopback and asks for the app’s host', async () => {
  const port = await serve((request, response) => response.end(`${request.headers.host} ${request.url}`));
  const answer = await get('http://todo-1a2b.localhost:8080', '/a?b=c', { port });
  expect(answer).toMatchObject({ status: 200, text: 'todo-1a2b.localhost:8080 /a?b=c' });
});

test('counts every failed answer and remembers what was said', async () => {
  let asked = 0;
  const port = await serve((_request, response) => {
    asked += 1;
    response.statusCode = asked === 5 ? 503 : 200;
    response.end(asked < 10 ? 'old' : 'new');
  });
  const probe = new SteadyProbe('http://app.localhost', '/', { port }, 2, 1);
  await eventually(async () => probe.report.bodies, ['old', 'new'], { everyMs: 5 });
  const report = await probe.stop();
  expect(report.failures).toEqual([expect.stringContaining('HTTP 503')]);
  expect(report.requests).toBeGreaterThanOrEqual(10);
});

test('counts a refused connection', async () => {
  const probe = new SteadyProbe('http://app.localhost', '/', { port: 1 }, 1, 1);
  await eventually(async () => probe.report.failures.length > 0, true as boolean, { everyMs: 5 });
  await probe.stop();
});
