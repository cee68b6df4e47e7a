// One request to an app: dialled at a given address with the app's Host, no redirect followed, a bounded body.
import { type Dispatcher, request } from 'undici';
import { pageBytes } from '../analysis/page.ts';
import type { ProbeTarget } from '../artifact/questions.ts';

const directHeadersMs = 5_000;
const routedHeadersMs = 15_000;

export function get(
  target: ProbeTarget,
  path: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return request(`${target.scheme}://${target.address}${path}`, {
    dispatcher,
    headers: { host: target.host, accept: 'text/html,*/*;q=0.8', 'user-agent': 'vibed-probe' },
    headersTimeout: target.routed === true || target.expect !== undefined ? routedHeadersMs : directHeadersMs,
    bodyTimeout: 5_000,
    signal,
  });
}

export async function boundedBody(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= pageBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, pageBytes);
}

/** The media type without its parameters; undefined where there is none, or none that is one. */
export function mediaTypeOf({ headers }: Pick<Dispatcher.ResponseData, 'headers'>): string | undefined {
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1);
  const name = type.trim().toLowerCase();
  return /^[\w.+-]{1,50}\/[\w.+-]{1,50}$/.test(name) ? name : undefined;
}

export const isHtml = (answer: Pick<Dispatcher.ResponseData, 'headers'>): boolean =>
  mediaTypeOf(answer) === 'text/html' || mediaTypeOf(answer) === 'application/xhtml+xml';
