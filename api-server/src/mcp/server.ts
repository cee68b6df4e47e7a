// One endpoint, two eras of the protocol: requests of 2026-07-28 go to @modelcontextprotocol/server, everything older to
// @modelcontextprotocol/sdk. Both are stateless here: any request may meet a server that was started a second ago.

import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import {
  CLIENT_INFO_META_KEY,
  createMcpHandler,
  isLegacyRequest,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from '@modelcontextprotocol/server';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { type Call, perform, type Services } from '../actions/action.ts';
import type { Caller } from '../auth/caller.ts';
import {
  actionFor,
  callTool,
  instructions,
  prompts,
  promptText,
  serverInfo,
  type ToolResult,
  tools,
} from './surface.ts';

type ProgressToken = string | number;
const capabilities = { tools: {}, prompts: {} };

interface Asked {
  name: string;
  args: unknown;
  signal: AbortSignal;
  client: string | undefined;
  progress: Call['progress'];
}

/** What both eras do with a call. */
function call({ name, args, ...rest }: Asked, caller: Caller, services: Services): Promise<ToolResult> {
  const asked: Call = { caller, door: 'mcp', ...rest };
  return callTool(() => perform(actionFor(name), args, asked, services));
}

/** The handler of POST /mcp; `caller` has been authenticated. */
export function mcpHandler(
  services: Services,
): (request: Request, response: Response, caller: Caller) => Promise<void> {
  const modern = createMcpHandler(({ authInfo }) => modernServer(authInfo?.extra?.caller as Caller, services), {
    legacy: 'reject',
    onerror: error => services.log.debug('an MCP request was refused', { error }),
  });
  const serveModern = toNodeHandler(modern, { onerror: error => services.log.error('MCP failed', { error }) });
  return async (request, response, caller) => {
    if (await isLegacy(request)) return await serveLegacy(request, response, caller, services);
    const auth = { token: '', clientId: caller.user, scopes: [caller.scope], extra: { caller } };
    await serveModern(Object.assign(request, { auth }), response, request.body);
  };
}

/** Judged from headers and the parsed body: a body of megabytes is not made into bytes again for it. */
async function isLegacy({ headers, body }: Request): Promise<boolean> {
  const known = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return await isLegacyRequest(new globalThis.Request('http://vibed/mcp', { method: 'POST', headers: known }), body);
}

async function serveLegacy(request: Request, response: Response, caller: Caller, services: Services): Promise<void> {
  const server = legacyServer(request, caller, services);
  // One JSON answer, unless the client asked to hear of progress: that needs a stream.
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: !wantsProgress(request.body) });
  response.once('close', () => void server.close());
  // The library's own class does not meet its interface under exactOptionalPropertyTypes.
  await server.connect(transport as Parameters<LegacyServer['connect']>[0]);
  await transport.handleRequest(request, response, request.body);
}

function wantsProgress(body: unknown): boolean {
  const { params } = (body ?? {}) as { params?: { _meta?: { progressToken?: unknown } } };
  return params?._meta?.progressToken !== undefined;
}

function legacyServer(request: Request, caller: Caller, services: Services): LegacyServer {
  const server = new LegacyServer(serverInfo, { capabilities, instructions });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...tools] }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [...prompts] }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const text = promptText(params.name, params.arguments);
    if (text === undefined) throw new McpError(ErrorCode.InvalidParams, 'there is no such prompt');
    return text;
  });
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const token = params._meta?.progressToken;
    const send = (progress: number, message: string) =>
      extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken: token as ProgressToken, progress, message },
      });
    return call(
      {
        name: params.name,
        args: params.arguments,
        signal: extra.signal,
        client: request.get('user-agent'),
        progress: progressBy(token, send, services),
      },
      caller,
      services,
    );
  });
  return server;
}

function modernServer(caller: Caller, services: Services): Server {
  const cacheHints = {
    'tools/list': { ttlMs: 3_600_000, cacheScope: 'public' },
    'prompts/list': { ttlMs: 3_600_000, cacheScope: 'public' },
  } as const;
  const server = new Server(serverInfo, { capabilities, instructions, cacheHints });
  server.setRequestHandler('tools/list', () => ({ tools: [...tools] }));
  server.setRequestHandler('prompts/list', () => ({ prompts: [...prompts] }));
  server.setRequestHandler('prompts/get', ({ params }) => {
    const text = promptText(params.name, params.arguments);
    if (text === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'there is no such prompt');
    return text;
  });
  server.setRequestHandler('tools/call', ({ params }, { mcpReq }) => {
    const token = mcpReq._meta?.progressToken;
    const send = (progress: number, message: string) =>
      mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken: token as ProgressToken, progress, message },
      });
    return call(
      {
        name: params.name,
        args: params.arguments,
        signal: mcpReq.signal,
        client: clientIn(mcpReq.envelope),
        progress: progressBy(token, send, services),
      },
      caller,
      services,
    );
  });
  return server;
}

const clientSchema = z.object({
  [CLIENT_INFO_META_KEY]: z.object({ name: z.string().max(100), version: z.string().max(100) }),
});

/** What the client says of itself in every request of this era. */
function clientIn(envelope: unknown): string | undefined {
  const info = clientSchema.safeParse(envelope).data?.[CLIENT_INFO_META_KEY];
  return info === undefined ? undefined : `${info.name}/${info.version}`;
}

type Send = (progress: number, message: string) => Promise<void>;

/** Only for a token that the client gave. A client that has gone is no failure of the call. */
function progressBy(token: unknown, send: Send, { log }: Services): Call['progress'] {
  if (token === undefined) return undefined;
  return (progress, message) => {
    send(progress, message).catch((error: unknown) => log.debug('progress could not be told', { error }));
  };
}
