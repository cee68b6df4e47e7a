import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destinationOf, egressProxy } from './egress-proxy.ts';

describe('the destination of a request', () => {
  it.each([
    ['CONNECT', 'npm.example:443', 'npm.example:443'],
    ['CONNECT', 'npm.example:8443', 'npm.example:8443'],
    ['CONNECT', 'NPM.example:443', 'npm.example:443'],
    ['CONNECT', 'npm.example:443@evil.example:443', 'evil.example:443'],
    ['GET', 'http://deb.example/debian/x', 'deb.example:80'],
    ['GET', 'http://deb.example:8080/x', 'deb.example:8080'],
    ['GET', 'https://deb.example/x', undefined],
    ['GET', '/x', undefined],
    ['GET', 'file:///etc/passwd', undefined],
    ['CONNECT', '', undefined],
  ])('%s %s is for %s', (method, url, destination) => expect(destinationOf(method, url)).toBe(destination));
});

describe('the proxy', () => {
  let upstream: Server;
  let proxy: Server;
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  beforeAll(async () => {
    upstream = createServer((_, response) => response.end('a package')).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    proxy = egressProxy(new Set([`127.0.0.1:${portOf(upstream)}`])).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterAll(() => {
    upstream.close();
    proxy.close();
  });

  const connect = async (path: string): Promise<number | undefined> => {
    const tunnel = request({ port: portOf(proxy), host: '127.0.0.1', method: 'CONNECT', path }).end();
    const [answer, socket] = await once(tunnel, 'connect');
    socket.destroy();
    return answer.statusCode;
  };
  const get = async (path: string): Promise<string> => {
    const [answer] = await once(request({ port: portOf(proxy), host: '127.0.0.1', path }).end(), 'response');
    let body = '';
    for await (const chunk of answer) body += chunk;
    return `${answer.statusCode} ${body}`;
  };

  it('connects to an allowed host', async () => expect(await connect(`127.0.0.1:${portOf(upstream)}`)).toBe(200));
  it('refuses another port of the same host', async () => expect(await connect('127.0.0.1:1')).toBe(403));
  it('refuses a host that only begins like an allowed one', async () => {
    expect(await connect(`127.0.0.1.evil.example:${portOf(upstream)}`)).toBe(403);
  });
  it('forwards plain requests to an allowed host', async () => {
    expect(await get(`http://127.0.0.1:${portOf(upstream)}/x`)).toBe('200 a package');
  });
  it('refuses plain requests to others', async () => expect(await get('http://other.example/x')).toMatch(/^403 /));
});
