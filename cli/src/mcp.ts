// `vibed mcp`: the stdio door, and what to write where so that a client uses it. The snippets name where the key is and never hold it.
import { answer, type Invocation, serverCommand, textFlag } from './command.ts';
import { UsageError } from './failures.ts';

type Snippet = (args: readonly string[]) => string;

const json =
  (key: string, extra: Record<string, unknown> = {}): Snippet =>
  args =>
    JSON.stringify({ [key]: { vibed: { ...extra, command: 'vibed', args } } }, null, 2);

/** How each client is told of a stdio server. */
export const snippets: Readonly<Record<string, Snippet>> = {
  'claude-code': args => `claude mcp add vibed -- vibed ${args.map(quoted).join(' ')}`,
  cursor: json('mcpServers'),
  vscode: json('servers', { type: 'stdio' }),
  codex: args => `[mcp_servers.vibed]\ncommand = "vibed"\nargs = ${JSON.stringify(args)}`,
  gemini: json('mcpServers'),
};

const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

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
  options: {
    client: { type: 'string', value: Object.keys(snippets).join('|'), about: 'with config: for which client' },
  },
  run: async invocation => {
    const { args, connection, terminal } = invocation;
    if (args.config === 'config') return config(invocation);
    if (args.config !== undefined)
      throw new UsageError(`there is no mcp ${args.config}`, 'mcp, or mcp config --client …');
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
