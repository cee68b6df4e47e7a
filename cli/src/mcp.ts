// `vibed mcp`: the stdio door, and what to write where so that a client uses it. The snippets name where the key is and never hold it.
import { answer, type Invocation, serverCommand, textFlag } from './command.ts';
import { UsageError } from './failures.ts';
import { quoted } from './terminal.ts';

type Snippet = (args: readonly string[]) => string;

const json =
  (key: string, extra: Record<string, unknown> = {}): Snippet =>
  args =>
    JSON.stringify({ [key]: { vibed: { ...extra, command: 'vibed', args } } }, null, 2);

/** How each client is told of a stdio server. */
export const snippets: Readonly<Record<string, Snippet>> = {
  'claude-code': args => `claude mcp add vibed -- ${quoted(['vibed', ...args])}`,
  cursor: json('mcpServers'),
  vscode: json('servers', { type: 'stdio' }),
  codex: args => `[mcp_servers.vibed]\ncommand = "vibed"\nargs = ${JSON.stringify(args)}`,
  gemini: json('mcpServers'),
};

const places: Readonly<Record<string, string>> = {
  'claude-code': 'run this',
  cursor: 'put this into .cursor/mcp.json',
  vscode: 'put this into .vscode/mcp.json',
  codex: 'put this into ~/.codex/config.toml',
  gemini: 'put this into ~/.gemini/settings.json',
};

export const mcp = serverCommand({
  name: 'mcp',
  summary: 'speak MCP on stdin and stdout, or print what a client needs for that',
  words: '[config]',
  choices: { config: ['config'] },
  examples: ['vibed mcp', 'vibed mcp config --client claude-code'],
  options: {
    client: { type: 'string', choices: Object.keys(snippets), about: 'with config: for which client' },
  },
  run: async invocation => {
    const { args, connection, terminal } = invocation;
    if (args.config !== undefined) return config(invocation);
    const { serveStdio } = await import('./stdio.ts');
    await serveStdio(connection, terminal);
    return 0;
  },
});

function config(invocation: Invocation): number {
  const { connection, terminal } = invocation;
  const client = textFlag(invocation, 'client') ?? '';
  const snippet = snippets[client];
  if (snippet === undefined) throw new UsageError(`--client is one of ${Object.keys(snippets).join(', ')}`);
  terminal.err(places[client] ?? '');
  const isInEnvironment =
    connection.key !== undefined && connection.again[0] === '--server' && connection.again.length === 2;
  if (isInEnvironment) terminal.err('the client has to be started with VIBED_KEY in its environment');
  const args = ['mcp', ...connection.again];
  return answer(invocation, { command: 'vibed', args }, () => snippet(args));
}
