import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Answers, restDouble, silence, testKey } from './api.testing.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** The command as a process of its own, interrupted by Ctrl-C as soon as `seen` requests have reached the server. */
async function interrupted(answers: Answers, words: readonly string[], seen = 1) {
  await using server = await restDouble(answers);
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', VIBED_SERVER: server.url, VIBED_KEY: testKey };
  const child = spawn(process.execPath, [main, ...words], { env, cwd: here, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    err += chunk;
  });
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  await expect.poll(() => server.seen.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(seen);
  child.kill('SIGINT');
  return { code: await ended, out, err };
}

const written = { name: 'my-app', version: 2, phase: 'pending', warnings: [], next: [] };
const building = { ...written, outcome: 'still_working', step: 'building' };
const wait = 'GET /api/artifacts/my-app/wait';
const deploy = ['deploy', '--image', 'a.example/b@sha256:aa', '--name', 'my-app'];

describe('Ctrl-C ends a command at once, with 130 and without a stack', () => {
  it('says that a deploy continues, and how to wait for it', async () => {
    const answers: Answers = { 'POST /api/artifacts': [201, written], [wait]: [[200, building], silence] };
    expect(await interrupted(answers, [...deploy, '--wait'], 3)).toEqual({
      code: 130,
      out: '',
      err: `my-app version 2: pending\nbuilding\ninterrupted: the deploy of my-app version 2 continues on the server; to wait for it: vibed wait my-app\n`,
    });
  });

  it('says that a write may still be carried out', async () => {
    expect(await interrupted({ 'POST /api/artifacts': silence }, deploy)).toEqual({
      code: 130,
      out: '',
      err: 'interrupted before the server answered; it may still carry out the command: vibed get my-app\n',
    });
  });

  it.each([
    { words: ['wait', 'my-app'], answers: { [wait]: silence } },
    { words: ['wait', 'my-app', '--for', 'gone'], answers: { 'GET /api/artifacts/my-app': silence } },
  ])('$words: names itself', async ({ words, answers }) => {
    expect(await interrupted(answers, words)).toEqual({
      code: 130,
      out: '',
      err: 'interrupted: my-app continues on the server; to wait for it: vibed wait my-app\n',
    });
  });

  it.each([
    { words: ['list'], answers: { 'GET /api/artifacts': silence } },
    { words: ['logs', 'my-app', '-f'], answers: { 'GET /api/artifacts/my-app/logs/follow': silence } },
    { words: ['source', 'my-app'], answers: { 'GET /api/artifacts/my-app/source': silence } },
  ])('$words: says nothing, for nothing continues', async ({ words, answers }) => {
    expect(await interrupted(answers, words)).toEqual({ code: 130, out: '', err: '' });
  });
});
