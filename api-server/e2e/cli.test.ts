// The vibed command, handed out by the real server, from the first deploy to the last delete.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject, kinds } from '@vibed/store/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaceOf } from '../src/tenancy.ts';
import { type Command, folderOf, installed } from './lib/command.ts';
import { baseUrl, client, fetchHere, keyOf } from './lib/door.ts';

const unique = (topic: string) => `${topic}-${randomBytes(3).toString('hex')}`;
const manifest = JSON.stringify({ name: 'app', version: '1.0.0', scripts: { start: 'node server.js' } });
/** Says its word, and its variable WHO, to whoever asks, and that it lives into its log. */
const appThatSays = (word: string) => `const { createServer } = require('node:http');
setInterval(() => console.log('still here'), 300);
createServer((_, answer) => answer.end('${word} ' + (process.env.WHO ?? 'nobody'))).listen(process.env.PORT);
`;
const bodyOf = async (url: string) => await (await fetchHere(url)).text();
/** An ingress takes a moment to follow the Service. */
const soon = { timeout: 15_000 };

type Built = KubeObject & { status?: { build?: { image?: string } } };

let command: Command;
let key = '';
beforeAll(async () => {
  key = await keyOf('door-alice');
  command = await installed(key);
});
afterAll(() => command?.[Symbol.dispose]());

/** A command that must succeed; what it printed. */
async function vibed(...words: string[]): Promise<string> {
  const { code, out, err } = await command.run(...words);
  expect([words, code, err]).toEqual([words, 0, expect.any(String)]);
  return out;
}

it('is of the server’s version, and an older one is told how to be renewed', async () => {
  const { headers } = await fetchHere(`${baseUrl}/api/openapi.json`);
  const version = await vibed('--version');
  expect(headers.get('vibed-version')).toBe(version);
  expect((await command.run('list')).err).toBe('');
  const older = join(command.home, 'older');
  writeFileSync(older, readFileSync(command.file, 'utf8').replaceAll(version, '0.0.9+0badcafe'));
  chmodSync(older, 0o755);
  const said = execFileSync('sh', ['-c', `${older} list 2>&1 >/dev/null`], { env: command.env, encoding: 'utf8' });
  expect(said).toContain(`this is vibed 0.0.9+0badcafe, and the server is ${version}`);
});

it('deploys a folder, follows it, changes it, goes back and takes it away', async () => {
  using app = folderOf({
    'package.json': manifest,
    'server.js': appThatSays('one'),
    '.gitignore': '*.log\ndist/\n',
    '.vibedignore': 'notes.md\n!dist/\n',
    'debug.log': 'left out',
    'notes.md': 'left out',
    'dist/page.txt': 'sent',
    '.env': 'SECRET=canary-in-dotenv',
    'node_modules/x/index.js': 'left out',
  });
  const name = unique('cli');
  const first = await command.run('deploy', app.folder, '--name', name, '--wait');
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^http:\/\/cli-[^\s]+$/) });
  expect(first.err).toContain('sending 5 files');
  expect(first.err).toContain(`${name} version 1: `);
  const url = first.out;
  expect(await bodyOf(url)).toBe('one nobody');

  const copy = join(command.home, `copy-of-${name}`);
  expect(await vibed('source', name, '--out', copy)).toBe(copy);
  const kept = ['.gitignore', '.vibedignore', 'dist', 'package.json', 'server.js'];
  expect(readdirSync(copy).sort()).toEqual(kept);
  expect(readFileSync(join(copy, 'server.js'), 'utf8')).toBe(appThatSays('one'));
  expect((await vibed('source', name)).split('\n')).toContain('dist/page.txt');

  expect(await vibed('list')).toMatch(new RegExp(`^${name} +running +1 +1 .*${url}`, 'm'));
  expect(await vibed('get', name)).toBe(`${name}  version 1  running  ${url}`);
  expect(JSON.parse(await vibed('get', url, '--json'))).toMatchObject({ name, phase: 'running', version: 1 });
  expect(await vibed('logs', name, '--kind', 'build')).not.toBe('');
  expect(await vibed('logs', name, '--contains', 'still')).toContain('still here');
  const followed = await command.until(out => out.split('still here').length > 5, 'logs', '-f', name);
  expect([followed.code, followed.err]).toEqual([130, '']);

  app.write('server.js', appThatSays('two'));
  expect(await vibed('deploy', app.folder, '--name', name, '--wait')).toBe(url);
  await expect.poll(() => bodyOf(url), soon).toBe('two nobody');
  const again = JSON.parse(await vibed('deploy', app.folder, '--name', name, '--wait', '--json'));
  expect(again).toMatchObject({ outcome: 'running', version: 2 });
  expect(await vibed('diff', name, '1', '2')).toMatch(/changed server\.js[\s\S]*\+.*'two /);

  expect(await vibed('update', name, '--env', 'WHO=canary-who', '--wait')).toBe(url);
  await expect.poll(() => bodyOf(url), soon).toBe('two canary-who');
  expect(await vibed('versions', name)).toMatch(/^3 .*nodejs.*serving$/m);
  const stale = await command.run('update', name, app.folder, '--base', '1');
  expect(stale).toMatchObject({ code: 3, out: '', err: expect.stringContaining('Conflict') });

  expect(await vibed('rollback', name, '1', '--wait')).toBe(url);
  await expect.poll(() => bodyOf(url), soon).toBe('one nobody');
  expect(await vibed('control', name, 'suspend')).toContain(name);
  await expect.poll(() => vibed('get', name), { timeout: 60_000 }).toContain('suspended');
  await vibed('control', name, 'resume');
  await expect.poll(() => vibed('get', name), { timeout: 60_000 }).toContain('running');
  expect(await command.run('control', name, 'explode')).toMatchObject({ code: 2, out: '' });

  expect(await command.run('delete', name)).toMatchObject({ code: 2, out: '' });
  expect(await vibed('delete', name, '--confirm', name)).toContain('is kept for 7 days as sha256:');
  await expect.poll(async () => (await command.run('get', name)).code, { timeout: 60_000 }).toBe(3);
});

/** Answers with what it was asked, and a colour, a title and a reversed word for the terminal. */
const appThatEchoes = `const { createServer } = require('node:http');
console.log('[ready]\\n\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07 \\u202eback');
createServer(async (asked, answer) => {
  let body = '';
  for await (const chunk of asked) body += chunk;
  answer.statusCode = asked.url === '/teapot' ? 418 : 200;
  answer.setHeader('content-type', 'application/json');
  answer.end(JSON.stringify({ method: asked.method, url: asked.url, type: asked.headers['content-type'], x: asked.headers['x-word'], body }));
}).listen(process.env.PORT);
`;

it('waits for an app, sends requests to it and deploys its image', async () => {
  using app = folderOf({ 'package.json': manifest, 'server.js': appThatEchoes });
  const name = unique('cli-echo');
  const left = await command.until(
    printed => printed.includes(`${name} version 1: `),
    'deploy',
    app.folder,
    '--name',
    name,
    '--wait',
  );
  expect(left).toMatchObject({ code: 130, out: '', err: expect.stringContaining(`vibed wait ${name}`) });
  const url = await vibed('wait', name);
  expect(url).toMatch(/^http:\/\/cli-echo-/);
  expect(await vibed('wait', name, '--for', 'running', '--version', '1')).toBe(url);
  expect(await command.run('wait', name, '--for', 'suspended', '--timeout', '1')).toMatchObject({ code: 1, out: '' });

  const asked = ['invoke', name, '/items?q=a b', '-H', 'x-word: hi', '-d', '{"a":1}'];
  const echo = { method: 'POST', url: '/items?q=a%20b', type: 'application/json', x: 'hi', body: '{"a":1}' };
  expect(JSON.parse(await vibed(...asked))).toEqual(echo);
  expect(JSON.parse(await vibed('invoke', name, '--json'))).toMatchObject({ status: 200, truncated: false });
  expect(await command.run('invoke', name, '/teapot')).toMatchObject({
    code: 1,
    err: expect.stringContaining('HTTP 418'),
  });

  const logged = (await vibed('logs', name, '--kind', 'app')).split('\n');
  expect(logged).toContain('[ready]');
  expect(logged.find(line => line.includes('red'))).not.toMatch(/[^\P{Cc}\t]|\p{Cf}/u);

  expect((await vibed('__complete', 'get', name.slice(0, -1))).split('\t')[0]).toBe(name);
  expect((await command.run('get', `${name}x`)).err).toContain(`did you mean ${name}?`);

  const ref = { namespace: namespaceOf('door-alice'), name };
  const { status = {} } = await client.get<Built>(kinds.artifact, ref);
  const copy = unique('cli-image');
  const { out, err } = await command.run('deploy', '--image', status.build?.image ?? '', '--name', copy);
  expect(out).toMatch(new RegExp(`^${copy} version 1: `));
  expect(err).toContain(`next: vibed wait ${copy} --version 1`);
  await vibed('wait', copy);
  expect(JSON.parse(await vibed('invoke', copy, '/copy'))).toMatchObject({ url: '/copy' });

  for (const each of [name, copy]) {
    await vibed('delete', each, '--confirm', each);
    expect(await vibed('wait', each, '--for', 'gone', '--timeout', '60')).toBe(`${each} is gone`);
  }
});

it('tells why an app failed: 1', async () => {
  const server = "console.error('the moon is not full');\nprocess.exit(1);\n";
  using app = folderOf({ 'package.json': manifest, 'server.js': server });
  const name = unique('cli-broken');
  const { code, out, err } = await command.run('deploy', app.folder, '--name', name, '--wait');
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/failed at \w+: CrashLoop[\s\S]*remedy: [\s\S]*\| .*the moon is not full/);
  expect(await vibed('get', name)).toContain('CrashLoop');
  await vibed('delete', name, '--confirm', name);
});

it('opens an app in the browser', async () => {
  using app = folderOf({ 'index.html': '<h1>hi</h1>' });
  using bin = folderOf({});
  bin.write('xdg-open', `#!/bin/sh\necho "$1" > ${bin.folder}/opened\n`, 0o755);
  using other = await installed(key, bin.folder);
  const name = unique('cli-open');
  const url = (await other.run('deploy', app.folder, '--name', name, '--wait')).out;
  expect(await other.run('open', name)).toMatchObject({ code: 0, out: url });
  await expect.poll(() => readFileSync(join(bin.folder, 'opened'), 'utf8').trim(), soon).toBe(url);
  await vibed('delete', name, '--confirm', name);
});

describe('what it refuses', () => {
  it.each([
    { words: ['get', 'absent-for-sure'], code: 3, says: 'NotFound' },
    { words: ['dploy'], code: 2, says: 'there is no command dploy\ndid you mean deploy?' },
    { words: ['get', 'x', '--server', 'http://127.0.0.1:1'], code: 3, says: 'cannot be reached' },
  ])('$words', async ({ words, code, says }) => {
    const ran = await command.run(...words);
    expect(ran).toMatchObject({ code, out: '', err: expect.stringContaining(says) });
    expect(ran.err).not.toContain(key);
  });

  it('shows the problem as it came with --json', async () => {
    const { code, out } = await command.run('get', 'absent-for-sure', '--json');
    expect([code, JSON.parse(out)]).toEqual([
      3,
      expect.objectContaining({ code: 'NotFound', hint: expect.any(String) }),
    ]);
  });
});

it.each(['claude-code', 'cursor', 'vscode', 'codex', 'gemini'])(
  'has a snippet for %s without the key',
  async client => {
    const { code, out, err } = await command.run('mcp', 'config', '--client', client);
    expect([code, out.includes('vibed'), (out + err).includes(key)]).toEqual([0, true, false]);
  },
);
