// `vibed invoke`: one HTTP request to an app. The server sends it, so it works where the app's URL cannot be reached from here.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { answer, type Invocation, pathOf, serverCommand, textFlag, textsFlag } from './command.ts';
import { exitCodes, UsageError } from './failures.ts';
import { oneLine, type Terminal } from './terminal.ts';

/** As much as the server returns. */
const maxBytes = 24_000;

const invokedSchema = z.looseObject({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  truncated: z.boolean(),
  latency_ms: z.number(),
});

export const invoke = serverCommand({
  name: 'invoke',
  summary: 'send one HTTP request to an app and print its answer: the status on stderr, the body on stdout',
  words: '<name> [path]',
  examples: [
    'vibed invoke my-app',
    'vibed invoke my-app /api/items -X DELETE -H "Authorization: Bearer abc"',
    `vibed invoke my-app /api/items -d '{"title":"tea"}'`,
    'vibed invoke my-app /api/items -d @items.json',
  ],
  options: {
    method: {
      type: 'string',
      short: 'X',
      choices: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      about: 'GET unless given; with -d POST',
    },
    header: { type: 'string', short: 'H', multiple: true, value: '"NAME: VALUE"', about: 'a header of the request' },
    data: { type: 'string', short: 'd', value: 'BODY|@FILE|-', completes: 'file', about: 'the body; - reads stdin' },
  },
  run: async invocation => {
    const { args, api } = invocation;
    const body = await bodyOf(textFlag(invocation, 'data'), invocation.terminal);
    const method = textFlag(invocation, 'method') ?? (body === undefined ? undefined : 'POST');
    const given = headersOf(textsFlag(invocation, 'header'));
    const said = await api.send('POST', pathOf(args.name, '/invoke'), {
      path: encoded(args.path ?? '/'),
      max_bytes: maxBytes,
      headers: body === undefined ? given : withContentType(given, body),
      ...(method !== undefined && { method }),
      ...(body !== undefined && { body }),
    });
    return report(said, invocation);
  },
});

function report(said: unknown, invocation: Invocation): number {
  const { status, headers, body, truncated, latency_ms } = invokedSchema.parse(said);
  const { terminal, flags } = invocation;
  const code = status >= 400 ? exitCodes.appFailed : exitCodes.ok;
  if (flags.json === true) {
    answer(invocation, said, () => '');
    return code;
  }
  terminal.err(`HTTP ${status} after ${latency_ms} ms`);
  for (const [name, value] of Object.entries(headers)) terminal.err(oneLine(`${name}: ${value}`));
  if (terminal.raw !== undefined) terminal.raw(body);
  else if (body !== '') terminal.out(body);
  if (truncated) terminal.err(`the body is longer; its first ${maxBytes} bytes are shown`);
  return code;
}

/** A path from the root, with everything percent-encoded that a request line cannot hold. */
const encoded = (path: string) =>
  (path.startsWith('/') ? path : `/${path}`).toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);

async function bodyOf(given: string | undefined, { cwd, input }: Terminal): Promise<string | undefined> {
  if (given === undefined) return undefined;
  if (given === '-' || given === '@-') return textIn(await input(), 'stdin');
  if (!given.startsWith('@')) return given;
  const file = resolve(cwd, given.slice(1));
  return textIn(await readFile(file), file);
}

function textIn(bytes: Buffer, where: string): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new UsageError(
    `${where} is not UTF-8 text`,
    'vibed invoke sends text only: send other bytes to the URL of the app',
  );
}

function headersOf(given: readonly string[]): Record<string, string> {
  const pairs = given.map(text => {
    const at = text.indexOf(':');
    if (at < 1) throw new UsageError('--header has no NAME before a ":"', 'write -H "NAME: VALUE"');
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()] as const;
  });
  return Object.fromEntries(pairs);
}

/** A body without a type is JSON where it reads as a JSON object or array, else plain text. */
function withContentType(headers: Record<string, string>, body: string): Record<string, string> {
  if (Object.keys(headers).some(name => name.toLowerCase() === 'content-type')) return headers;
  return { ...headers, 'content-type': isJson(body) ? 'application/json' : 'text/plain; charset=utf-8' };
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // sent as the text that it is
  }
}
