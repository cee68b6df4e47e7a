// The stdio door: tools, prompts and instructions are the server's, passed through; what is added is `path`, a folder of this
// machine, which only a process on this machine can read. Every call is a request of its own, so a server that was started again
// meanwhile costs the client nothing.
import { resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  type CallToolRequest,
  CallToolRequestSchema,
  type CallToolResult,
  CallToolResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListToolsRequestSchema,
  McpError,
  type ServerNotification,
  type ServerRequest,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { fetch } from 'undici';
import { Api, dispatcher } from './api.ts';
import type { Connection } from './config.ts';
import { Refused, Unreachable, UsageError } from './failures.ts';
import { asArchive, readFolder } from './folder.ts';
import type { Terminal } from './terminal.ts';
import { type Heard, userAgent, version, versionWatch } from './version.ts';

const info = { name: 'vibed', title: 'vibeD', version };
/** Longer than any tool waits. */
const timeoutMs = 120_000;
const withPath = new Set(['deploy_artifact', 'update_artifact']);
const pathSchema = {
  type: 'string',
  description: 'A folder on this machine: its files are the whole tree. No other source beside it.',
};

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** What the door stands before. */
export interface Behind {
  /** Connected to the server. */
  readonly upstream: Client;
  /** Sends a folder; returns its source_ref. */
  readonly send: (folder: string) => Promise<string>;
}

/** Serves until the client closes stdin. */
export async function serveStdio(connection: Connection, { cwd, signal, err }: Terminal): Promise<void> {
  const heard = versionWatch(connection.server, err);
  const upstream = await connect(connection, heard);
  const api = new Api(connection, heard, signal);
  const send = async (folder: string) => await api.upload(await asArchive(await readFolder(resolve(cwd, folder))));
  const door = makeDoor({ upstream, send });
  const closed = new Promise<void>(done => {
    door.onclose = done;
    process.stdin.once('end', done);
    signal.addEventListener('abort', () => done(), { once: true });
  });
  await door.connect(new StdioServerTransport());
  await closed;
  await door.close();
  await upstream.close();
}

async function connect({ server, key }: Connection, heard: Heard): Promise<Client> {
  const client = new Client({ name: 'vibed-cli', version: info.version });
  const headers = { 'user-agent': userAgent, ...(key !== undefined && { authorization: `Bearer ${key}` }) };
  const ours = async (url: string | URL, init?: RequestInit) => {
    const answer = await fetch(url, { ...(init as Parameters<typeof fetch>[1]), dispatcher });
    heard(answer.headers);
    return answer as unknown as Response;
  };
  const transport = new StreamableHTTPClientTransport(new URL(`${server}/mcp`), {
    requestInit: { headers },
    fetch: ours,
  });
  try {
    // The library's own class does not meet its interface under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<Client['connect']>[0]);
  } catch (error) {
    throw new Unreachable(server, error);
  }
  return client;
}

/** The server that clients on this machine speak to; not connected yet. */
export function makeDoor({ upstream, send }: Behind): Server {
  const instructions = upstream.getInstructions();
  const capabilities = { tools: {}, prompts: {} };
  const door = new Server(info, { capabilities, ...(instructions !== undefined && { instructions }) });
  door.setRequestHandler(ListToolsRequestSchema, async ({ params }) => {
    const { tools, ...rest } = await upstream.listTools(params);
    return { ...rest, tools: tools.map(tool => (withPath.has(tool.name) ? taking(tool) : tool)) };
  });
  door.setRequestHandler(ListPromptsRequestSchema, ({ params }) => upstream.listPrompts(params));
  door.setRequestHandler(GetPromptRequestSchema, ({ params }) => upstream.getPrompt(params));
  door.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    try {
      return await forward(await withSource(params, send), extra, upstream);
    } catch (error) {
      // What the server says in the protocol's own terms stays that.
      if (error instanceof McpError && error.code > -32_000) throw error;
      return refusal(error);
    }
  });
  return door;
}

function taking({ inputSchema, ...tool }: Tool): Tool {
  return { ...tool, inputSchema: { ...inputSchema, properties: { ...inputSchema.properties, path: pathSchema } } };
}

type Params = CallToolRequest['params'];

/** The call with the folder sent and named by reference, as the server knows it. */
async function withSource(params: Params, send: Behind['send']): Promise<Params> {
  const { path, ...rest } = params.arguments ?? {};
  if (!withPath.has(params.name) || path === undefined || path === null) return params;
  if (typeof path !== 'string' || path === '') throw new UsageError('path is no text', 'give the folder of the app');
  const others = ['files', 'source_ref', 'git_url', 'git_ref', 'image', 'edits', 'changed', 'deleted'];
  const other = others.find(field => rest[field] !== undefined && rest[field] !== null);
  if (other !== undefined)
    throw new UsageError(`path and ${other} are given together`, 'say in one way what the source is');
  return { ...params, arguments: { ...rest, source_ref: await send(path) } };
}

async function forward({ name, arguments: args }: Params, extra: Extra, upstream: Client): Promise<CallToolResult> {
  const progressToken = extra._meta?.progressToken;
  const tell = async (progress: { progress: number; message?: string | undefined; total?: number | undefined }) => {
    if (progressToken === undefined) return;
    await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, ...progress } });
  };
  const request = { method: 'tools/call' as const, params: { name, ...(args !== undefined && { arguments: args }) } };
  return await upstream.request(request, CallToolResultSchema, {
    signal: extra.signal,
    timeout: timeoutMs,
    // A client that has gone is no failure of the call.
    ...(progressToken !== undefined && { onprogress: progress => void tell(progress).catch(() => undefined) }),
  });
}

/** A failure on this side of the wire, in the form of the server's own. */
function refusal(error: unknown): CallToolResult {
  const text = JSON.stringify({ ...describe(error), next: [] });
  return { content: [{ type: 'text', text }], isError: true };
}

function describe(error: unknown): Record<string, unknown> {
  if (error instanceof Refused) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError)
    return { code: 'InvalidInput', field: 'path', message, hint: error.hint ?? 'change path' };
  return { code: 'Unavailable', message, hint: 'repeat the call' };
}
