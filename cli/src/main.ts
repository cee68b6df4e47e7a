#!/usr/bin/env node
// The process around run.ts: its streams, its signals, its exit code. The commands are in commands.ts.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { dispatcher, patientDispatcher } from './api.ts';
import { readEnvironment } from './config.ts';
import { run } from './run.ts';

const stop = new AbortController();
process.once('SIGINT', () => {
  process.exitCode = 130;
  stop.abort();
  // A second one, or a command that does not listen, ends it anyway.
  setTimeout(() => process.exit(130), 500).unref();
});
// The reader of a pipe has gone, as `head` does.
process.stdout.on('error', () => process.exit(0));

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
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
    ask: process.stdin.isTTY ? ask : undefined,
    openUrl,
    cwd: process.cwd(),
    signal: stop.signal,
  });
  process.exitCode = stop.signal.aborted ? 130 : code;
  await Promise.all([dispatcher.close(), patientDispatcher.close()]);
}

// No top-level await: the bundle is CommonJS.
void main();
