// The git server that git-server.ts puts into a pod, run here as a plain process.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from './eventually.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  const port = await new Promise<number>(resolve => {
    server.on('listening', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function gitServer(login?: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'git-cgi-'));
  const port = await freePort();
  const env = { PATH: process.env.PATH, HOME: home, PORT: String(port), ...(login !== undefined && { LOGIN: login }) };
  const program = new URL('./git-cgi.mjs', import.meta.url).pathname;
  const server = spawn(process.execPath, [program], { env, stdio: 'ignore' });
  onTestFinished(() => {
    server.kill();
    rmSync(home, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${url}/-/ready`)).json(), { ready: true });
  return url;
}

async function commit(url: string, branch: string, files: Record<string, string>): Promise<string> {
  const answer = await fetch(`${url}/-/commit/site`, { method: 'POST', body: JSON.stringify({ branch, files }) });
  return ((await answer.json()) as { id: string }).id;
}

function clone(url: string, ...args: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'git-clone-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
  execFileSync('git', ['clone', ...args, url, folder], { env, stdio: 'pipe' });
  return folder;
}

test('commits replace the tree, and branches can be cloned', async () => {
  const url = await gitServer();
  await commit(url, 'main', { 'index.html': 'first', 'old/page.html': 'old' });
  const second = await commit(url, 'main', { 'index.html': 'second' });
  await commit(url, 'other', { 'index.html': 'on another branch' });
  const main = clone(`${url}/site.git`, '--depth=1');
  expect(execFileSync('git', ['rev-parse', 'HEAD'], { cwd: main, encoding: 'utf8' }).trim()).toBe(second);
  expect(execFileSync('git', ['ls-files'], { cwd: main, encoding: 'utf8' })).toBe('index.html\n');
  const other = clone(`${url}/site.git`, '--branch', 'other');
  expect(readFileSync(join(other, 'index.html'), 'utf8')).toBe('on another branch');
});

test('a private repository wants its login', async () => {
  const url = await gitServer('reader:secret');
  await commit(url, 'main', { 'index.html': 'private' });
  expect(() => clone(`${url}/site.git`)).toThrow();
  const folder = clone(`${url.replace('http://', 'http://reader:secret@')}/site.git`);
  expect(readFileSync(join(folder, 'index.html'), 'utf8')).toBe('private');
});
