// How a body ends that does not arrive.
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Request } from 'express';
import { expect, it } from 'vitest';
import { chunksOf, collected } from './body.ts';

/** Sends the start of a request; resolves with how the reading of its body failed. */
async function failureOf(sendMore: (socket: ReturnType<typeof connect>) => void): Promise<unknown> {
  const failure = Promise.withResolvers<unknown>();
  const server = createServer(request => {
    const body = chunksOf(request as Request, 1_000, 100);
    collected(body, 1_000).then(bytes => failure.resolve(`read ${bytes.length} bytes`), failure.resolve);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  sendMore(socket);
  const failed = await failure.promise;
  socket.destroy();
  server.close();
  return failed;
}

it('fails when nothing comes for a while', async () => {
  expect(await failureOf(() => undefined)).toMatchObject({ code: 'RequestTimeout' });
});

it('fails when its sender is gone', async () => {
  expect(await failureOf(socket => setTimeout(() => socket.destroy(), 20))).toMatchObject({
    code: 'ClientGone',
    message: 'the connection ended before the body was complete',
  });
});

it('is read when it comes slowly', async () => {
  const slowly = (socket: ReturnType<typeof connect>) =>
    [1, 2, 3, 4, 5].forEach(i => {
      setTimeout(() => socket.write(String(i)), i * 40);
    });
  expect(await failureOf(slowly)).toBe('read 10 bytes');
});
