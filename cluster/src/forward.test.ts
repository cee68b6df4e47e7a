import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endpointIn, forward } from './forward.ts';

describe('an endpoint', () => {
  it('is TCP or a unix socket', () => {
    expect(endpointIn('tcp:127.0.0.1:8080')).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(endpointIn('unix:/run/a:b.sock')).toEqual({ path: '/run/a:b.sock' });
  });
  it.each(['8080', 'tcp:8080', 'tcp:host:http', 'udp:a:1'])('is not %s', text =>
    expect(() => endpointIn(text)).toThrow(text),
  );
});

describe('two forwarders', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vibed-forward-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('carry bytes both ways and the end of one side, over a socket that a killed one left', async () => {
    const echo = createServer({ allowHalfOpen: true }, socket => {
      let heard = '';
      socket.on('data', chunk => {
        heard += chunk;
      });
      socket.on('end', () => socket.end(`heard ${heard}`));
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const socket = join(folder, 'a.sock');
    await writeFile(socket, '');
    const inside = await forward(`unix:${socket}`, `tcp:127.0.0.1:${(echo.address() as AddressInfo).port}`);
    const outside = await forward('tcp:127.0.0.1:0', `unix:${socket}`);
    const client = connect({ port: (outside.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    client.end('hello');
    let answer = '';
    for await (const chunk of client) answer += chunk;
    expect(answer).toBe('heard hello');
    for (const server of [outside, inside, echo]) server.close();
  });
});
