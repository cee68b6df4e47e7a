// invoke_artifact: one HTTP request to the app, by the way its users take: dialled at the ingress, with the app's own host.
import { dialled } from '@vibed/operator/settings';
import { Agent, type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { othersText } from '../mcp/others.ts';
import { Problem } from '../problems.ts';
import { type Context, defineAction } from './action.ts';
import { answerFor, answerShape } from './answer.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';

const timeoutMs = 15_000;
const defaultBytes = 4_000;
const maxBytes = 24_000;

const input = z.strictObject({
  name: nameSchema,
  path: z
    .string()
    .max(2048)
    .regex(/^\/[\x21-\x7e]*$/, 'a path begins with "/" and has no spaces; percent-encode the rest')
    .optional(),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).optional(),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
      z
        .string()
        .max(4096)
        .regex(/^[\t\x20-\x7e]*$/),
    )
    .optional()
    .describe('Name → value.'),
  body: z.string().max(100_000).optional(),
  max_bytes: z.int().min(1).max(maxBytes).optional(),
});
type InvokeInput = z.output<typeof input>;

export const invokeArtifact = defineAction({
  name: 'invoke_artifact',
  title: 'Ask an app',
  description: 'One HTTP request to the app at its URL, and what it answers. Redirects are not followed.',
  scope: 'write',
  line: 'requests',
  hints: { openWorld: true },
  input,
  output: z.object({
    ...answerShape,
    status: z.int(),
    headers: z.record(z.string(), othersText('the app')),
    body: othersText('the app'),
    truncated: z.boolean(),
    latency_ms: z.int(),
  }),
  rights: viewRights,
  run: async (given, context) => {
    const artifact = findArtifact(given.name, context);
    const { url, serving, target } = artifact.status ?? {};
    const answer = answerFor(artifact, context);
    if (url === undefined)
      throw new Problem('NotServing', `no version of ${artifact.metadata.name} serves yet; it is ${answer.phase}`, {
        next: answer.next,
        hint: 'wait until it runs',
      });
    // Where the answering version runs, which a change of target may not have reached.
    const address = dialled(new URL(url), serving?.target ?? target, context.services.settings);
    return { ...answer, next: [], ...(await ask(new URL(url), address, given, context)) };
  },
});

const notForwarded = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'keep-alive',
  'proxy-connection',
]);
const shownHeaders = [
  'content-type',
  'location',
  'set-cookie',
  'cache-control',
  'www-authenticate',
  'etag',
  'access-control-allow-origin',
];

async function ask(url: URL, address: string, given: InvokeInput, { signal }: Context) {
  // The certificate is the ingress's business; this asks what the app answers.
  const dispatcher = new Agent({ connect: { servername: url.hostname, rejectUnauthorized: false, timeout: 5_000 } });
  const started = performance.now();
  try {
    const headers = Object.fromEntries(
      Object.entries(given.headers ?? {}).filter(([name]) => !notForwarded.has(name.toLowerCase())),
    );
    const response = await request(`${url.protocol}//${address}${given.path ?? '/'}`, {
      dispatcher,
      method: given.method ?? 'GET',
      headers: { 'user-agent': 'vibed-invoke', ...headers, host: url.host },
      ...(given.body !== undefined && { body: given.body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const { text, truncated } = await boundedBody(response, given.max_bytes ?? defaultBytes);
    const latency_ms = Math.round(performance.now() - started);
    return { status: response.statusCode, headers: headersOf(response), body: text, truncated, latency_ms };
  } catch (error) {
    signal.throwIfAborted();
    throw new Problem('NotServing', 'the app did not answer', {
      cause: error,
      hint: `it had ${timeoutMs / 1000} s; get_artifact_logs tells what it did`,
    });
  } finally {
    await dispatcher.destroy();
  }
}

async function boundedBody(
  { body }: Dispatcher.ResponseData,
  limit: number,
): Promise<{ text: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  const text = Buffer.concat(chunks).subarray(0, limit).toString('utf8').toWellFormed();
  return { text, truncated: size > limit };
}

function headersOf({ headers }: Dispatcher.ResponseData): Record<string, string> {
  const found = shownHeaders.flatMap(name => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value).slice(0, 500)] as const];
  });
  return Object.fromEntries(found);
}
