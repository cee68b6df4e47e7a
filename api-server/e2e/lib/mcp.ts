// The official MCP clients, one per era, behind one small face: a scenario is written once and run with both.
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { baseUrl, fetchHere } from './door.ts';

export interface ToolAnswer {
  isError: boolean;
  /** What a model reads: on success the structured content is the same. */
  text: string;
  data: Record<string, unknown>;
}

export interface Chat extends AsyncDisposable {
  tools: () => Promise<{ name: string }[]>;
  call: (name: string, args: Record<string, unknown>) => Promise<ToolAnswer>;
  /** Progress messages told during the last call. */
  progress: string[];
}

export const eras = ['2025-11-25', '2026-07-28'] as const;
export type Era = (typeof eras)[number];

type RawAnswer = { [key: string]: unknown };

function answerOf({ content, structuredContent, isError }: RawAnswer): ToolAnswer {
  const text = (content as { text: string }[])[0]?.text ?? '';
  const data = (structuredContent ?? JSON.parse(text)) as Record<string, unknown>;
  return { isError: isError === true, text, data };
}

export async function chat(era: Era, key: string): Promise<Chat> {
  return era === '2025-11-25' ? await legacyChat(key) : await modernChat(key);
}

const patience = { timeout: 70_000 };
const requestInit = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

async function legacyChat(key: string): Promise<Chat> {
  const client = new Client({ name: 'vibed-e2e', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${baseUrl}/mcp`), {
    requestInit: requestInit(key),
    fetch: fetchHere,
  });
  await client.connect(transport as Parameters<Client['connect']>[0]);
  const progress: string[] = [];
  return {
    progress,
    tools: async () => (await client.listTools()).tools,
    call: async (name, args) => {
      progress.length = 0;
      const onprogress = ({ message }: { message?: string | undefined }) => void progress.push(message ?? '');
      return answerOf(await client.callTool({ name, arguments: args }, undefined, { ...patience, onprogress }));
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function modernChat(key: string): Promise<Chat> {
  const client = new ModernClient(
    { name: 'vibed-e2e', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(
    new ModernTransport(new URL(`${baseUrl}/mcp`), { requestInit: requestInit(key), fetch: fetchHere }),
  );
  const progress: string[] = [];
  return {
    progress,
    tools: async () => (await client.listTools()).tools,
    call: async (name, args) => {
      progress.length = 0;
      const onprogress = ({ message }: { message?: string | undefined }) => void progress.push(message ?? '');
      return answerOf(await client.callTool({ name, arguments: args }, { ...patience, onprogress }));
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** A call that must succeed. */
export async function did(chat: Chat, name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { isError, data, text } = await chat.call(name, args);
  if (isError) throw new Error(`${name} failed: ${text}`);
  return data;
}

/** The text of others in an answer, without the marks around it. */
export function dataIn(text: unknown): string {
  const [, inside] = /^⟦data of [^⟧]*⟧([^⟦⟧]*)⟦end [0-9a-f]+⟧$/.exec(String(text)) ?? [];
  if (inside === undefined) throw new Error(`not marked as data: ${String(text).slice(0, 300)}`);
  return inside.startsWith('\n') ? inside.slice(1, -1) : inside;
}

/** Waits, in as many bounded calls as it takes. */
export async function settledAs(chat: Chat, name: string, version: unknown): Promise<Record<string, unknown>> {
  for (let calls = 0; calls < 8; calls += 1) {
    const data = await did(chat, 'wait_for_artifact', { name, version });
    if (data.outcome !== 'still_working') return data;
  }
  throw new Error(`${name} does not settle`);
}
