#!/usr/bin/env node
// The process around run.ts: its streams, its signals, its exit code. The commands are in commands.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';
import { dispatcher, patientDispatcher } from './api.ts';
import { readEnvironment } from './config.ts';
import { run } from './run.ts';

const stop = new AbortController();
process.once('SIGINT', () => {
  process.exitCode = 130;
  stop.abort();
  // A second one, or a command that does not end, is ended anyway.
  setTimeout(() => process.exit(130), 500).unref();
});
// The reader of a pipe has gone, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(0));

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // At a terminal Ctrl-C comes as a key, and Ctrl-D leaves the question without an answer.
  lines.once('SIGINT', () => process.emit('SIGINT'));
  const closed = once(lines, 'close').then(() => '');
  try {
    return (await Promise.race([lines.question(question, { signal: stop.signal }), closed])).trim();
  } finally {
    lines.close();
  }
}

function openUrl(url: string): void {
  const openers: Partial<Record<NodeJS.Platform, [string, string[]]>> = {
    darwin: ['open', [url]],
    win32: ['rundll32', ['url.dll,FileProtocolHandler', url]],
  };
  const [program, args] = openers[process.platform] ?? ['xdg-open', [url]];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.once('error', () => process.stderr.write(`no browser could be opened; the URL is above\n`));
  child.unref();
}

async function main(): Promise<void> {
  const code = await run(process.argv.slice(2), readEnvironment(), {
    out: text => void process.stdout.write(`${text}\n`),
    err: text => void process.stderr.write(`${text}\n`),
    raw: process.stdout.isTTY ? undefined : text => void process.stdout.write(text),
    ask: process.stdin.isTTY ? ask : undefined,
    input: async () => await buffer(process.stdin),
    openUrl,
    cwd: process.cwd(),
    signal: stop.signal,
  });
  process.exitCode = code;
  await Promise.all([dispatcher.destroy(), patientDispatcher.destroy()]);
}

// No top-level await: the bundle is CommonJS.
void main();
