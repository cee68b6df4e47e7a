import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { pushBlob } from './push.ts';
import { challengeIn, loginIn, registryAt } from './registry.ts';

let server: Server | undefined;
afterEach(() => server?.close());

const login = Buffer.from('me:secret').toString('base64');

/** A registry that wants a token, which its own /token gives for the login. */
async function registryWithTokens(): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  server = createServer((request, answer) => {
    const { url = '', method, headers } = request;
    request.resume();
    seen.push(`${method} ${url} ${headers.authorization ?? '-'}`);
    const own = `http://${headers.host}`;
    if (url.startsWith('/token'))
      return void answer.writeHead(headers.authorization === `Basic ${login}` ? 200 : 401).end('{"token":"t"}');
    if (headers.authorization !== 'Bearer t') {
      const challenge = `Bearer realm="${own}/token",service="r",scope="repository:a:pull,push"`;
      return void answer.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    if (method === 'POST')
      return void answer.writeHead(202, { location: 'http://registry.inside:5000/v2/a/blobs/uploads/1?state=x' }).end();
    answer.writeHead(method === 'HEAD' ? 404 : 201).end();
  });
  const listening = server;
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, seen };
}

it('buys a token with the login and pushes with it, whatever address the registry gives itself', async () => {
  const { url, seen } = await registryWithTokens();
  await pushBlob(registryAt(url, login), 'a', 'sha256:0', async () => new Blob(['x']));
  expect(seen).toEqual([
    'HEAD /v2/a/blobs/sha256:0 -',
    `GET /token?service=r&scope=repository%3Aa%3Apull%2Cpush Basic ${login}`,
    'HEAD /v2/a/blobs/sha256:0 Bearer t',
    'POST /v2/a/blobs/uploads/ Bearer t',
    'PUT /v2/a/blobs/uploads/1?state=x&digest=sha256%3A0 Bearer t',
  ]);
});

it('hands a refusal on where there is no login', async () => {
  const { url } = await registryWithTokens();
  expect((await registryAt(url).fetch('/v2/')).status).toBe(401);
});

it('reads both kinds of challenge', () => {
  expect(challengeIn('Basic realm="r"')).toEqual({ scheme: 'basic', realm: 'r' });
  expect(challengeIn('Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"')).toEqual({
    scheme: 'bearer',
    realm: 'https://a/t',
    service: 's',
    scope: 'repository:x:pull,push',
  });
});

it('finds the login of a registry', () => {
  const config = JSON.stringify({
    auths: { 'r.example.com': { auth: 'a' }, 'https://index.docker.io/v1/': { auth: 'b' } },
  });
  expect(loginIn(config, 'r.example.com')).toBe('a');
  expect(loginIn(config, 'registry-1.docker.io')).toBe('b');
  expect(loginIn(config, 'other')).toBeUndefined();
});
