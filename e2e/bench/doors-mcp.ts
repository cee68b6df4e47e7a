// (m) What a tool call costs: the shipped api-server, with keys, rights, rate limits and audit, over a server of the bare SDK whose
// one tool does nothing. Each is a process of its own; one client asks both the same way.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { ApiServerProcess, ClusterDouble } from '../../api-server/src/process.testing.ts';
import { type Figure, interleaved, type Row, ratios } from './figures.ts';
import { atOnce } from './stage.ts';

const calls = 1_000;
const concurrency = 8;
/** Every user may do 200 calls at once, and 20 a second. */
const users = Array.from({ length: 150 }, (_, i) => `user-${i}`);
const eras = ['2025-11-25', '2026-07-28'] as const;
type Era = (typeof eras)[number];

interface Measured {
  callsPerCpuSecond: number;
  p50: number;
  p99: number;
}

interface Target {
  url: string;
  pid: number;
  tool: string;
  keys: readonly string[];
}

export async function toolCalls(pairs: number): Promise<Figure> {
  await using cluster = await ClusterDouble.start();
  for (const user of users) cluster.set('todo', { observedGeneration: 1, phase: 'suspended' }, user);
  await using server = new ApiServerProcess(cluster, users);
  await server.start();
  await using bare = await BareServer.start();
  const ours = { url: `http://127.0.0.1:${server.port}/mcp`, pid: server.pid, tool: 'get_artifact', keys: server.keys };
  const rows: Row[] = [];
  for (const era of eras) {
    for (const target of [ours, bare.target]) await measure(target, era); // the first calls compile
    const taken = await interleaved(
      pairs,
      () => measure(ours, era),
      () => measure(bare.target, era),
    );
    const both = (pick: (one: Measured) => number) => [taken.ours.map(pick), taken.theirs.map(pick)] as const;
    const [rate, bareRate] = both(one => one.callsPerCpuSecond);
    const [p99, bareP99] = both(one => one.p99);
    rows.push(
      { what: `${era}: calls per CPU-second, ours ÷ bare`, unit: '', values: ratios(rate, bareRate) },
      { what: `${era}: p99, ours ÷ bare`, unit: '', values: ratios(p99, bareP99) },
      { what: `${era}: ours`, unit: 'calls/CPU-s', values: rate },
      { what: `${era}: bare SDK server, empty tool`, unit: 'calls/CPU-s', values: bareRate },
      { what: `${era}: ours, p99`, unit: 'ms', values: p99 },
      { what: `${era}: bare SDK server, p99`, unit: 'ms', values: bareP99 },
      { what: `${era}: ours, median`, unit: 'ms', values: taken.ours.map(one => one.p50) },
    );
  }
  return {
    title: 'MCP tool calls: the shipped server ÷ a bare SDK server with an empty tool',
    rows,
    notes: [
      `${calls} calls, ${concurrency} at once, over kept connections on loopback. Ours is get_artifact with an API key, of one of ${users.length} users who have an app each; the bare server checks nothing and answers two letters.`,
    ],
  };
}

async function measure({ url, pid, tool, keys }: Target, era: Era): Promise<Measured> {
  await using dispatcher = closing(new Agent({ connections: concurrency }));
  const took: number[] = [];
  const job = (i: number) => async () => {
    const key = keys[i % keys.length];
    const started = performance.now();
    const answer = await request(url, {
      method: 'POST',
      dispatcher: dispatcher.agent,
      headers: headersFor(era, tool, key),
      body: JSON.stringify(messageFor(era, tool, i)),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || !text.includes('"content"') || text.includes('"isError":true'))
      throw new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    took.push(performance.now() - started);
  };
  const cpuBefore = cpuSeconds(pid);
  await atOnce(
    concurrency,
    Array.from({ length: calls }, (_, i) => job(i)),
  );
  const cpu = cpuSeconds(pid) - cpuBefore;
  took.sort((a, b) => a - b);
  const at = (part: number) => took[Math.floor(part * (took.length - 1))] ?? Number.NaN;
  return { callsPerCpuSecond: calls / cpu, p50: at(0.5), p99: at(0.99) };
}

const closing = (agent: Agent) => ({ agent, [Symbol.asyncDispose]: () => agent.close() });

const headersFor = (era: Era, tool: string, key: string | undefined) => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': era,
  ...(era === '2026-07-28' && { 'mcp-method': 'tools/call', 'mcp-name': tool }),
  ...(key !== undefined && { authorization: `Bearer ${key}` }),
});

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const messageFor = (era: Era, tool: string, id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: tool, arguments: { name: 'todo' }, ...(era === '2026-07-28' && { _meta: envelope }) },
});

/** Of a process, user and system, by the kernel's account (100 ticks a second). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

class BareServer implements AsyncDisposable {
  readonly target: Target;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.target = { url: `http://127.0.0.1:${port}/mcp`, pid: child.pid ?? 0, tool: 'empty', keys: [] };
  }

  static async start(): Promise<BareServer> {
    const program = fileURLToPath(new URL('doors-bare-child.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    return new BareServer(child, Number(chunk.toString()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}
