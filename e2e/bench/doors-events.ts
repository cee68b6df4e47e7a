// (s) What it costs to tell many readers the same: the feed over a server that makes the JSON anew for each of them. Both send the
// same bytes from a process of their own; the readers are here.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './doors-mcp.ts';
import { type Figure, interleaved, ratios } from './figures.ts';

const readers = 200;
const changes = 1_000;
/** Newlines of one event. */
const perFrame = 3;
const program = fileURLToPath(new URL('doors-events-child.ts', import.meta.url));

export async function eventDeliveries(pairs: number): Promise<Figure> {
  const { ours, theirs } = await interleaved(
    pairs,
    () => deliveriesPerCpuSecond('feed'),
    () => deliveriesPerCpuSecond('naive'),
  );
  return {
    title: 'Live events: the feed ÷ a server that stringifies for each client',
    rows: [
      { what: 'deliveries per CPU-second, feed ÷ naive', unit: '', values: ratios(ours, theirs) },
      { what: 'feed', unit: 'deliveries/CPU-s', values: ours },
      { what: 'naive', unit: 'deliveries/CPU-s', values: theirs },
    ],
    notes: [`${changes} changes of an artifact to ${readers} readers over loopback; CPU of the sending process alone.`],
  };
}

async function deliveriesPerCpuSecond(how: 'feed' | 'naive'): Promise<number> {
  const child = fork(program, [how]);
  const agent = new Agent();
  try {
    const [port] = (await once(child, 'message')) as [number];
    const heard = Array.from({ length: readers }, () => hearAll(port, agent));
    await Promise.all(heard.map(({ ready }) => ready));
    const before = cpuSeconds(child.pid ?? 0);
    child.send(changes);
    await Promise.all(heard.map(({ done }) => done));
    return (readers * changes) / (cpuSeconds(child.pid ?? 0) - before);
  } finally {
    agent.destroy();
    child.kill();
    await once(child, 'exit');
  }
}

/** `ready` with the snapshot, `done` with the last change. */
function hearAll(port: number, agent: Agent): { ready: Promise<void>; done: Promise<void> } {
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  let newlines = 0;
  get({ host: '127.0.0.1', port, agent }, response => {
    response.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) newlines += 1;
      if (newlines >= perFrame) ready.resolve();
      if (newlines >= perFrame * (changes + 1)) done.resolve();
    });
  }).on('error', done.reject);
  // The agent is destroyed in the end, and with it every request.
  done.promise.catch(() => undefined);
  return { ready: ready.promise, done: done.promise };
}
