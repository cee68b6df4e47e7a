import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OverLimit } from '@vibed/bounded';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
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

/** An app of paths: a body of HTML, or a whole answer. */
type Given = string | { status?: number; type?: string; body?: string; location?: string };
const site = (paths: Record<string, Given>) =>
  app((request, response) => {
    const given = paths[request.url ?? ''] ?? { status: 404 };
    const {
      status = 200,
      type = 'text/html',
      body = '',
      location,
    } = typeof given === 'string' ? { body: given } : given;
    response.writeHead(status, { 'content-type': type, ...(location !== undefined && { location }) }).end(body);
  });
const script = { type: 'text/javascript' };
const style = { type: 'text/css' };

it('names the page’s own scripts and styles that do not load', async () => {
  const page =
    '<script src="/ok.js"></script><script src="gone.js"></script><link href="/s.css" rel=stylesheet><script src="https://cdn.example/x.js"></script>';
  const target = await site({ '/': page, '/ok.js': script, '/s.css': style });
  expect(await ask(target)).toMatchObject({
    status: 200,
    faults: [{ path: '/gone.js', kind: 'script', status: 404 }],
  });
});

it('names parts that are served as a type browsers do not use', async () => {
  const page =
    '<script type=module src=/src/main.ts></script><script src=/index.js></script><script src=/old.js></script><link href=/a.css rel=stylesheet>';
  const target = await site({
    '/': page,
    '/src/main.ts': { type: 'video/mp2t' },
    '/index.js': '<!doctype html>',
    '/old.js': { type: 'text/plain' },
    '/a.css': { type: 'application/octet-stream' },
  });
  expect((await ask(target)).faults).toEqual([
    { path: '/src/main.ts', kind: 'script', status: 200, type: 'video/mp2t' },
    { path: '/index.js', kind: 'script', status: 200, type: 'text/html' },
    { path: '/a.css', kind: 'style', status: 200, type: 'application/octet-stream' },
  ]);
});

it('finds the parts of a page that was built for a folder', async () => {
  const target = await site({
    '/': '<script type=module src="/my-notes/assets/a.js"></script>',
    '/assets/a.js': script,
  });
  expect((await ask(target)).faults).toEqual([
    { path: '/my-notes/assets/a.js', kind: 'script', status: 404, foundAt: '/assets/a.js' },
  ]);
});

it('asks twice for a part that fails, since the app may have just started', async () => {
  let asked = 0;
  const target = await app((request, response) => {
    if (request.url === '/a.js') asked += 1;
    response.statusCode = request.url === '/a.js' && asked === 1 ? 503 : 200;
    response.setHeader('content-type', request.url === '/a.js' ? 'text/javascript' : 'text/html');
    response.end('<script src=/a.js></script>');
  });
  expect(await ask(target)).not.toHaveProperty('faults');
});

it('says that a page is blank', async () => {
  expect(await ask(await site({ '/': '<!doctype html><title>Shop</title><div id=root></div>' }))).toMatchObject({
    blank: true,
  });
  server?.close();
  expect(await ask(await site({ '/': { type: 'application/json' } }))).not.toHaveProperty('blank');
});

it('looks at the page at "/" where a health path is asked, if there is one', async () => {
  const healthy = { ...(await site({ '/up': '', '/': '<script src=/gone.js></script>' })), path: '/up' };
  const seen = await ask(healthy);
  expect(seen).toMatchObject({ status: 200, faults: [{ path: '/gone.js', status: 404 }] });
  expect(seen).not.toHaveProperty('blank');
  server?.close();
  const api = await ask({ ...(await site({ '/up': '' })), path: '/up' });
  expect(api).toEqual({ kind: 'probe', status: 200, latencyMs: api.latencyMs, fingerprint: api.fingerprint });
});

describe('a redirect', () => {
  const to = (location: string, more: Record<string, Given> = {}) =>
    site({ '/': { status: 302, location }, ...more }).then(ask);

  it('within the app is followed, and the page behind it is looked at', async () => {
    const more = {
      '/home': { status: 301, location: 'https://todo.example.com/login?next=%2F' },
      '/login?next=%2F': '<title>Sign in</title><form></form><script src=/gone.js></script>',
    };
    expect(await to('/home', more)).toMatchObject({
      status: 302,
      title: 'Sign in',
      redirect: { to: '/login?next=%2F', kind: 'own', status: 200 },
      faults: [{ path: '/gone.js' }],
    });
  });

  it.each([
    ['/home', { to: '/home', kind: 'own', status: 404 }],
    ['/', { to: '/', kind: 'endless' }],
    ['http://localhost:3000/', { to: 'http://localhost:3000/', kind: 'local' }],
    ['http://todo.example.com:3000/', { to: 'http://todo.example.com:3000/', kind: 'elsewhere' }],
    ['https://id.example/authorize', { to: 'https://id.example/authorize', kind: 'elsewhere' }],
  ])('to %s', async (location, redirect) => {
    expect((await to(location)).redirect).toEqual(redirect);
  });
});

it.each([
  [400, '<title>Bad Request (400)</title><h1>Bad Request (400)</h1>', 'django'],
  [403, 'Blocked request. This host ("todo.example.com") is not allowed.', 'vite'],
  [403, 'Invalid Host header', 'other'],
  [403, 'sign in first', undefined],
])('%s %j: the app refuses its host as %s', async (status, body, refusedHost) => {
  expect((await ask(await site({ '/': { status, body } }))).refusedHost).toBe(refusedHost);
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
