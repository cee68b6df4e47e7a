// A small double of the REST API: no cluster, one artifact at a time, and every request kept for the test to look at. It says
// what the real one says only as far as the commands need it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { run } from './run.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

type Answer = readonly [status: number, body: unknown];
/** Stands for an answer that never comes. */
export const silence: Answer = [0, undefined];
/** Method and path (without query) → what is answered. */
export type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

/** Listens on loopback until disposed. */
export async function restDouble(answers: Answers) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => void serve(request, response, answers, seen));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://vibed.localhost:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return { url, seen, [Symbol.asyncDispose]: close };
}

async function serve(request: IncomingMessage, response: ServerResponse, answers: Answers, seen: Seen[]) {
  const { method = '', url = '', headers } = request;
  const what = `${method} ${url.split('?')[0]}`;
  const earlier = seen.filter(each => `${each.method} ${each.url.split('?')[0]}` === what).length;
  seen.push({ method, url, authorization: headers.authorization, body: await buffer(request) });
  const found = answers[what] ?? [404, { code: 'NotFound', message: `the double has no ${what}`, hint: '-' }];
  const [status, body] = (
    Array.isArray(found[0]) ? (found[Math.min(earlier, found.length - 1)] ?? [500, {}]) : found
  ) as Answer;
  if (status === 0) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export const testKey = 'vk_canary_0123456789';

interface Place {
  readonly server?: string;
  readonly cwd?: string;
  /** What stdin holds. */
  readonly input?: Buffer;
  /** Takes what is written to a stdout that is no terminal. */
  readonly raw?: (text: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** Runs `vibed …` in this process; what it printed and its exit code. */
export async function vibed(words: readonly string[], place: Place = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const opened: string[] = [];
  const env = { VIBED_SERVER: place.server, VIBED_KEY: testKey, home: '/nonexistent' };
  const code = await run(words, env, {
    out: text => out.push(text),
    err: text => err.push(text),
    openUrl: url => opened.push(url),
    cwd: place.cwd ?? '/',
    input: async () => place.input ?? Buffer.alloc(0),
    raw: place.raw,
    signal: place.signal ?? new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n'), opened };
}
