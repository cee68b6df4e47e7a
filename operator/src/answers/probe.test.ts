import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OverLimit } from '@vibed/bounded';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Analysis } from '../analysis/analysis.ts';
import type { ProbeTarget } from '../artifact/questions.ts';
import { probe } from './probe.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function app(listener: RequestListener): Promise<ProbeTarget> {
  server = createServer(listener);
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, host: 'todo.example.com', scheme: 'http', path: '/', strict: false };
}
const patience = { pause: 5, gate: 1_000, route: 1_000, unrouted: 1_000, wake: 1_000 };
const analysis = new Analysis();
afterAll(() => analysis.stop());
const asking = (signal: AbortSignal) => ({ analysis, owner: 'alice', signal });
const ask = (target: ProbeTarget, less = {}) =>
  probe(target, asking(AbortSignal.timeout(8_000)), { ...patience, ...less });

it('asks for the app’s host at the address given, and reads the title', async () => {
  const target = await app((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<title> ${request.headers.host} </title>`);
  });
  expect(await ask(target)).toMatchObject({ status: 200, title: 'todo.example.com' });
});

it('fetches the page’s own scripts and styles and names those that do not answer', async () => {
  const page =
    '<script src="/ok.js"></script><script src="gone.js"></script><link href="/s.css" rel=stylesheet><script src="https://cdn.example/x.js"></script>';
  const target = await app((request, response) => {
    response.statusCode = request.url === '/gone.js' ? 404 : 200;
    response.setHeader('content-type', 'text/html');
    response.end(request.url === '/' ? page : '');
  });
  expect(await ask(target)).toMatchObject({ status: 200, broken: ['/gone.js'] });
});

it('asks again until an answer is good, but not for ever: the last one is told', async () => {
  let asked = 0;
  const target = await app((_request, response) => {
    asked += 1;
    response.statusCode = asked < 3 ? 503 : 200;
    response.end();
  });
  expect(await ask(target)).toMatchObject({ status: 200 });
  expect(asked).toBe(4); // and once more, to see whether the answer is steady
});

it('waits for the expected answer through a route that knows the host only later', async () => {
  let asked = 0;
  const target = await app((_request, response) => {
    asked += 1;
    response.statusCode = asked < 3 ? 404 : 200;
    response.end();
  });
  expect(await ask({ ...target, expect: { status: 200 } })).toMatchObject({ status: 200 });
});

it('tells an answer of the ingress that has not come to know the host apart from one of the app', async () => {
  const target = await app((_request, response) => response.writeHead(404).end('page not found'));
  const soon = { route: 20, unrouted: 60 };
  const routed = { ...target, routed: true };
  expect(await ask({ ...routed, expect: { status: 200 } }, soon)).toMatchObject({ status: 404, isUnrouted: true });
  expect(await ask({ ...target, expect: { status: 200 } }, soon)).not.toHaveProperty('isUnrouted');
  expect(await ask({ ...routed, expect: { status: 404 } }, soon)).not.toHaveProperty('isUnrouted');
});

it('does not take an ingress that knows the host only later for the app', async () => {
  let asked = 0;
  const target = await app((request, response) => {
    if (request.headers.host === 'todo.example.com') asked += 1;
    response.statusCode = asked < 3 ? 404 : 200;
    response.end('page not found');
  });
  expect(await ask({ ...target, routed: true })).toMatchObject({ status: 200 });
});

it('believes an app whose 404 is not the ingress’s', async () => {
  const target = await app((request, response) => {
    response.statusCode = 404;
    response.end(request.headers.host === 'todo.example.com' ? 'no such guest book' : 'page not found');
  });
  expect(await ask({ ...target, routed: true })).toMatchObject({ status: 404 });
});

it('waits until the new version answers through the route, not the one before it', async () => {
  let asked = 0;
  const target = await app((_request, response) => {
    asked += 1;
    response.end(asked > 2 && asked < 6 ? 'old' : 'new');
  });
  const { fingerprint } = await ask(target);
  expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(await ask({ ...target, expect: { status: 200, fingerprint } })).toMatchObject({ status: 200, fingerprint });
  expect(asked).toBe(6);
});

it('takes no fingerprint of a page that says something else each time', async () => {
  let asked = 0;
  const target = await app((_request, response) => {
    asked += 1;
    response.end(`visit ${asked}`);
  });
  expect(await ask(target)).not.toHaveProperty('fingerprint');
});

it('follows no redirect', async () => {
  const target = await app((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  expect(await ask({ ...target, strict: true })).toMatchObject({ status: 302 });
});

it('reads a bounded part of an endless page', async () => {
  const target = await app((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.write('<title>big</title>');
    const more = setInterval(() => response.write('x'.repeat(65536)), 1);
    response.on('close', () => clearInterval(more));
  });
  expect(await ask(target)).toMatchObject({ status: 200, title: 'big' });
});

it('ends at once when it is no longer wanted', async () => {
  const target = await app(() => undefined);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  await expect(probe(target, asking(stop.signal), patience)).rejects.toThrow();
});

it('answers without a title where the page takes too long to read', async () => {
  const target = await app((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<title>slow</title>');
  });
  const slow = { page: () => Promise.reject(new OverLimit('time', 'it did not end within 10 s')) };
  const answer = await probe(target, { ...asking(AbortSignal.timeout(8_000)), analysis: slow }, patience);
  expect(answer).toMatchObject({ status: 200, error: 'the page was not read: it did not end within 10 s' });
  expect(answer).not.toHaveProperty('title');
});
