// Reads the bodies of requests. Everything that takes a body calls this after its sender was admitted, so nothing of a body is
// read for others. A body has a limit of bytes, judged by its declared length first, and may not stall.
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request } from 'express';
import { Problem } from '../problems.ts';

/** How long a sender may send nothing. The time for the whole request is bounded by the server (server.ts). */
const stallMs = 20_000;

/** The chunks of a body as they come. Fails with a Problem when it is too large, stalls, or its sender goes away. */
export async function* chunksOf(request: Request, limitBytes: number, maxPauseMs = stallMs): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  if (request.headers.expect !== undefined) request.res?.writeContinue();
  // Destroyed with its iterator, a request would take the connection, and the answer, with it.
  const chunks = request.iterator({ destroyOnReturn: false });
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await within(maxPauseMs, chunks.next());
      if (done === true) return;
      size += (value as Buffer).length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      yield value as Buffer;
    }
  } finally {
    // Not awaited: it resolves only after a read that is still under way.
    chunks.return?.().catch(() => undefined);
  }
}

/** The whole body, without its Content-Encoding; the limit holds for what was sent and for what becomes of it. */
export async function wholeBody(request: Request, limitBytes: number): Promise<Buffer> {
  const makeDecoder = decoderOf(request);
  const chunks = chunksOf(request, limitBytes);
  if (makeDecoder === undefined) return await collected(chunks, limitBytes);
  try {
    return await pipeline(chunks, makeDecoder(), decoded => collected(decoded, limitBytes));
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('InvalidInput', 'the body is not in the encoding that its Content-Encoding header names', {
      hint: 'send the body without Content-Encoding',
      cause,
    });
  }
}

export async function collected(chunks: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    all.push(chunk);
  }
  return Buffer.concat(all);
}

const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

function decoderOf({ headers }: Request) {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return undefined;
  if (Object.hasOwn(decoders, encoding)) return decoders[encoding as keyof typeof decoders];
  throw new Problem('UnsupportedMediaType', 'the Content-Encoding of this body is not read here', {
    hint: `send the body without Content-Encoding, or with one of ${Object.keys(decoders).join(', ')}`,
  });
}

/** A refusal that names the limit. */
export function tooLarge(limitBytes: number): Problem {
  return new Problem('TooLarge', `the body is larger than ${limitBytes} bytes`, {
    hint: 'leave out what the app does not need (node_modules, media, data); create_upload takes a whole folder as a tar.gz',
  });
}

async function within<T>(milliseconds: number, chunk: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(stalledAfter(milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([chunk, stalled]);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('ClientGone', 'the connection ended before the body was complete', { cause });
  } finally {
    clearTimeout(timer);
  }
}

const stalledAfter = (milliseconds: number) =>
  new Problem('RequestTimeout', `nothing of the body arrived for ${milliseconds / 1000} s`, {
    hint: 'send the whole body again, without a pause',
  });
