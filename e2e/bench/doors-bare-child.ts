// The least that is an MCP server: the SDKs as their guides have them, both eras, one tool that does nothing. Says its port.
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import express from 'express';

const info = { name: 'bare', version: '1' };
const nothing = () => ({ content: [{ type: 'text' as const, text: 'ok' }] });

function legacyServer(): LegacyServer {
  const server = new LegacyServer(info);
  server.registerTool('empty', {}, nothing);
  return server;
}

const modern = toNodeHandler(
  createMcpHandler(
    () => {
      const server = new McpServer(info);
      server.registerTool('empty', {}, nothing);
      return server;
    },
    { legacy: 'reject' },
  ),
);

const app = express().use(express.json());
app.post('/mcp', async (request, response) => {
  if (request.headers['mcp-protocol-version'] === '2026-07-28') return await modern(request, response, request.body);
  const server = legacyServer();
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.once('close', () => void server.close());
  // The library's own class does not meet its interface under exactOptionalPropertyTypes.
  await server.connect(transport as Parameters<LegacyServer['connect']>[0]);
  await transport.handleRequest(request, response, request.body);
});
const listening = app.listen(0, '127.0.0.1', () => console.log((listening.address() as AddressInfo).port));
