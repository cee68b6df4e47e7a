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
import { visible } from './others.ts';
import { actionFor, callTool, instructions, noSuchTool, prompts, promptText, serverInfo, tools } from './surface.ts';

const capabilities = { tools: {}, prompts: {} };

/** One call as its era's library tells of it. */
interface Exchange {
  readonly token: string | number | undefined;
  readonly signal: AbortSignal;
  /** Name and version of the client program, as it says of itself. */
  readonly client: string | undefined;
  readonly notify: (notification: Progress) => Promise<void>;
}

interface Progress {
  method: 'notifications/progress';
  params: { progressToken: string | number; progress: number; message: string };
}

/** What both eras answer. `invalid` makes the era's own error for params that name what is not there. */
function answersFor(caller: Caller, services: Services, invalid: (message: string) => Error) {
  return {
    listTools: () => ({ tools: [...tools] }),
    listPrompts: () => ({ prompts: [...prompts] }),
    getPrompt: ({ params }: { params: { name: string; arguments?: Record<string, string> | undefined } }) => {
      const text = promptText(params.name, params.arguments);
      if (text === undefined) throw invalid('there is no such prompt');
      return text;
    },
    callTool: async (params: { name: string; arguments?: unknown }, exchange: Exchange) => {
      const action = actionFor(params.name);
      if (action === undefined) throw invalid(noSuchTool);
      const { signal, client } = exchange;
      const call: Call = { caller, door: 'mcp', client, signal, progress: progressBy(exchange, services) };
      return await callTool(() => perform(action, () => params.arguments, call, services), action.output);
    },
  };
}

/** Only for a token that the client gave. A client that has gone is no failure of the call. */
function progressBy({ token, notify }: Exchange, { log }: Services): Call['progress'] {
  if (token === undefined) return undefined;
  return (progress, message) => {
    notify({
      method: 'notifications/progress',
      params: { progressToken: token, progress, message: visible(message) },
    }).catch((error: unknown) => log.debug('progress could not be told', { error }));
  };
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
  response.once('close', () => {
    server.close().catch((error: unknown) => services.log.debug('an MCP server did not close', { error }));
  });
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
  const answers = answersFor(caller, services, message => new McpError(ErrorCode.InvalidParams, message));
  server.setRequestHandler(ListToolsRequestSchema, answers.listTools);
  server.setRequestHandler(ListPromptsRequestSchema, answers.listPrompts);
  server.setRequestHandler(GetPromptRequestSchema, answers.getPrompt);
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal, sendNotification: notify }) =>
    answers.callTool(params, { token: params._meta?.progressToken, signal, client: request.get('user-agent'), notify }),
  );
  return server;
}

/** The lists are the same for everybody until the next release. */
const cacheHints = {
  'tools/list': { ttlMs: 3_600_000, cacheScope: 'public' },
  'prompts/list': { ttlMs: 3_600_000, cacheScope: 'public' },
} as const;

function modernServer(caller: Caller, services: Services): Server {
  const server = new Server(serverInfo, { capabilities, instructions, cacheHints });
  const answers = answersFor(caller, services, message => new ProtocolError(ProtocolErrorCode.InvalidParams, message));
  server.setRequestHandler('tools/list', answers.listTools);
  server.setRequestHandler('prompts/list', answers.listPrompts);
  server.setRequestHandler('prompts/get', answers.getPrompt);
  server.setRequestHandler('tools/call', ({ params }, { mcpReq: { _meta, signal, envelope, notify } }) =>
    answers.callTool(params, { token: _meta?.progressToken, signal, client: clientIn(envelope), notify }),
  );
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
