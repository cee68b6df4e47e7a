// Both eras on one endpoint, through the official clients, without a cluster.
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, it } from 'vitest';
import { startTestServer } from '../app.testing.ts';
import { namespaceOf } from '../tenancy.ts';
import { instructions, tools } from './surface.ts';

const requestInit = { headers: { authorization: 'Bearer alice' } };
const files = [{ path: 'index.html', content: '<h1>hi</h1>' }];

it.each(['2025-11-25', '2026-07-28'])('serves a client of %s: tools, prompts, calls, progress', async era => {
  await using server = await startTestServer();
  const url = new URL(`${server.url}/mcp`);
  const told: string[] = [];
  const onprogress = ({ message }: { message?: string | undefined }) => void told.push(message ?? '');
  const legacy = new Client({ name: 'test', version: '1' });
  const modern = new ModernClient(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const client = era === '2025-11-25' ? legacy : modern;
  if (client === legacy)
    await legacy.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Parameters<Client['connect']>[0]);
  else await modern.connect(new ModernTransport(url, { requestInit }));
  const call = (name: string, args: Record<string, unknown>) =>
    client === legacy
      ? legacy.callTool({ name, arguments: args }, undefined, { onprogress })
      : modern.callTool({ name, arguments: args }, { onprogress });

  expect(client.getInstructions()).toBe(instructions);
  expect((await client.listTools()).tools.map(tool => tool.name)).toEqual(tools.map(tool => tool.name));
  expect((await client.listPrompts()).prompts).toHaveLength(2);
  const prompt = await client.getPrompt({ name: 'why_did_it_fail', arguments: { name: 'todo' } });
  expect(JSON.stringify(prompt.messages)).toContain('todo');
  expect(await call('deploy_artifact', { name: 'todo', files })).toMatchObject({
    structuredContent: { name: 'todo', version: 1 },
  });
  const waiting = call('wait_for_artifact', { name: 'todo', version: 1 });
  await expect.poll(() => server.services.view.all()).toHaveLength(1);
  await new Promise(resolve => setTimeout(resolve, 100));
  server.store.report(namespaceOf('alice'), 'todo', { phase: 'building', desired: { version: 1, hash: 'h' } });
  server.store.report(namespaceOf('alice'), 'todo', {
    phase: 'running',
    url: 'http://todo.example.com',
    desired: { version: 1, hash: 'h' },
  });
  expect(await waiting).toMatchObject({ structuredContent: { outcome: 'running', url: 'http://todo.example.com' } });
  expect(told).toEqual(['todo: building', 'todo: running']);
  expect(await call('get_artifact', { name: 'nope' })).toMatchObject({ isError: true });
  await expect(call('deploy', {})).rejects.toThrow(/no such tool; the tools are .*deploy_artifact/);
  await expect(client.getPrompt({ name: 'nope' })).rejects.toThrow('no such prompt');
  expect(server.logged()).toContain(era === '2025-11-25' ? '"client":"node"' : '"client":"test/1"');
  await client.close();
});

it('answers a wrong content type and a GET without a session', async () => {
  await using server = await startTestServer();
  expect(await server.call('alice', 'GET', '/mcp')).toMatchObject({ status: 405 });
  const wrong = await server.call('alice', 'POST', '/mcp', 'x', {
    'content-type': 'text/plain',
    accept: 'application/json, text/event-stream',
  });
  expect(wrong.status).toBe(415);
});
