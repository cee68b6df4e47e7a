// The MCP Inspector's command line: somebody else's client, run as a program of its own, over HTTP and at the stdio door.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { folderOf, installed } from './lib/command.ts';
import { baseUrl, keyOf } from './lib/door.ts';
import { dataIn, eras } from './lib/mcp.ts';

const inspector = fileURLToPath(new URL('../../node_modules/.bin/mcp-inspector', import.meta.url));
/** The Inspector asks the system's resolver, which on some systems knows no name below localhost. */
const url = `${baseUrl.replace('vibed.localhost', 'localhost')}/mcp`;

interface Result {
  isError?: boolean;
  structuredContent: Record<string, unknown>;
}

interface Door {
  readonly target: readonly string[];
  readonly era: (typeof eras)[number];
}

async function inspect<T>({ target, era }: Door, ...words: string[]): Promise<T> {
  const protocol = era === '2026-07-28' ? 'modern' : 'legacy';
  const all = [inspector, '--cli', ...target, '--protocol-era', protocol, '--format', 'json', '--quiet', ...words];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return JSON.parse(stdout) as T;
}

async function tool(door: Door, name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const words = ['--method', 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args)];
  const { result } = await inspect<{ result: Result }>(door, ...words);
  if (result.isError === true) throw new Error(JSON.stringify(result));
  return result.structuredContent;
}

async function smoke(door: Door, source: Record<string, unknown>): Promise<void> {
  const name = `inspected-${randomBytes(3).toString('hex')}`;
  const { version } = await tool(door, 'deploy_artifact', { name, ...source });
  let waited: Record<string, unknown> = {};
  for (let calls = 0; calls < 8 && waited.outcome !== 'running'; calls += 1)
    waited = await tool(door, 'wait_for_artifact', { name, version });
  expect(waited).toMatchObject({ outcome: 'running', url: expect.stringContaining(name) });
  const asked = await tool(door, 'invoke_artifact', { name, path: '/' });
  expect([asked.status, dataIn(asked.body)]).toEqual([200, '<h1>seen</h1>']);
  expect(await tool(door, 'delete_artifact', { name, confirm: name })).toMatchObject({ phase: 'deleting' });
}

it.each(eras)('deploys, waits, asks and deletes over HTTP in a chat of %s', async era => {
  const header = `Authorization: Bearer ${await keyOf('door-alice')}`;
  const door: Door = { target: [url, '--transport', 'http', '--header', header], era };
  const strict = await inspect<{ result: { tools: unknown[] } }>(door, '--method', 'tools/list', '--strict');
  expect(strict.result.tools.length).toBeGreaterThan(10);
  await smoke(door, { files: [{ path: 'index.html', content: '<h1>seen</h1>' }] });
});

it('does the same at the stdio door, with a folder of this machine', async () => {
  using command = await installed(await keyOf('door-alice'));
  using app = folderOf({ 'index.html': '<h1>seen</h1>' });
  const { VIBED_SERVER, VIBED_KEY } = command.env;
  const given = ['-e', `VIBED_SERVER=${VIBED_SERVER}`, '-e', `VIBED_KEY=${VIBED_KEY}`];
  await smoke({ target: [...given, command.file, 'mcp'], era: '2025-11-25' }, { path: app.folder });
});
