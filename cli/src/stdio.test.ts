import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { UsageError } from './failures.ts';
import { makeDoor } from './stdio.ts';

/** A double of the server's own MCP door: answers each call with what it was given. */
function mcpDouble(): Server {
  const server = new Server(
    { name: 'double', version: '1' },
    { capabilities: { tools: {} }, instructions: 'begin here' },
  );
  const tool = (name: string) => ({
    name,
    inputSchema: { type: 'object' as const, properties: { name: { type: 'string' } } },
  });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [tool('deploy_artifact'), tool('get_artifact')] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken;
    if (progressToken !== undefined)
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress: 1, message: 'half' },
      });
    return { content: [{ type: 'text' as const, text: JSON.stringify(params.arguments) }] };
  });
  return server;
}

async function join(server: Server): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '1' });
  await Promise.all([server.connect(far), client.connect(near)]);
  return client;
}

async function openDoor() {
  const upstream = await join(mcpDouble());
  const sent: string[] = [];
  const send = async (folder: string) => {
    if (folder === 'gone') throw new UsageError('there is no folder gone');
    sent.push(folder);
    return 'sha256:aa';
  };
  return { client: await join(makeDoor({ upstream, send })), upstream, sent };
}

it("lists the server's tools, and path where a folder can be given", async () => {
  const { client } = await openDoor();
  const { tools } = await client.listTools();
  expect(tools.map(tool => [tool.name, Object.keys(tool.inputSchema.properties ?? {})])).toEqual([
    ['deploy_artifact', ['name', 'path']],
    ['get_artifact', ['name']],
  ]);
  expect(client.getInstructions()).toBe('begin here');
});

it('sends the folder and names it by reference', async () => {
  const { client, sent } = await openDoor();
  const { content } = await client.callTool({ name: 'deploy_artifact', arguments: { name: 'a', path: './app' } });
  expect(content).toEqual([{ type: 'text', text: '{"name":"a","source_ref":"sha256:aa"}' }]);
  expect(sent).toEqual(['./app']);
});

it.each([
  { args: { path: 'gone' }, says: 'there is no folder gone' },
  { args: { path: 'a', files: [] }, says: 'path and files are given together' },
  { args: { path: 7 }, says: 'path is no text' },
])('answers $args as a result a model can read', async ({ args, says }) => {
  const { client } = await openDoor();
  const result = await client.callTool({ name: 'deploy_artifact', arguments: args });
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(says) }] });
});

it('passes progress on', async () => {
  const { client } = await openDoor();
  const heard: unknown[] = [];
  const call = { name: 'get_artifact', arguments: {} };
  await client.callTool(call, undefined, { onprogress: progress => heard.push(progress.message) });
  expect(heard).toEqual(['half']);
});

it('answers when the server has gone', async () => {
  const { client, upstream } = await openDoor();
  await upstream.close();
  const result = await client.callTool({ name: 'get_artifact', arguments: {} });
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('"code":"Unavailable"') }] });
});
