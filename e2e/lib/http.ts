// A GET as a browser on this machine would make it: the app's host, dialled at the ingress's loopback port.
import { Agent, type IncomingMessage, request } from 'node:http';

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  bytes: Buffer;
  text: string;
}

export interface Dial {
  /** Port on 127.0.0.1. */
  port: number;
  timeoutMs?: number;
  headers?: Readonly<Record<string, string>>;
}

/** Asks `path` of the app at `url`. Each request has a connection of its own, so none rides on a promise of an old pod. */
export async function get(url: string, path: string, dial: Dial): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { host } = new URL(url);
  const agent = new Agent({ keepAlive: false });
  const timeout = AbortSignal.timeout(dial.timeoutMs ?? 10_000);
  const asked = request(
    { host: '127.0.0.1', port: dial.port, path, headers: { ...dial.headers, host }, agent, signal: timeout },
    resolve,
  );
  asked.on('error', reject).end();
  const message = await promise;
  const bytes = await bodyOf(message);
  return { status: message.statusCode ?? 0, headers: message.headers, bytes, text: bytes.toString('utf8') };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
