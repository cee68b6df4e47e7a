import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, restDouble, testKey, vibed } from './api.testing.ts';
import { commands } from './commands.ts';
import { connectionOf } from './config.ts';
import { asArchive } from './folder.ts';
import { parsed } from './parse.ts';
import { unpack } from './source.ts';
import { version, versionWatch } from './version.ts';

let folder = '';
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'vibed-cli-')), 'My App');
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), '<h1>hello</h1>');
});
afterAll(async () => await rm(join(folder, '..'), { recursive: true }));

const written = { name: 'my-app', version: 1, phase: 'pending', changed: true, warnings: [], next: [] };
const running = { ...written, phase: 'running', url: 'http://my-app.localhost', outcome: 'running', step: 'running' };
const create = 'POST /api/artifacts';
const wait = 'GET /api/artifacts/my-app/wait';

describe('the table of commands', () => {
  it.each(commands.map(({ name }) => name))('%s tells its usage', async name => {
    const { code, out } = await vibed([name, '--help']);
    expect({ code, first: out.split('\n')[0] }).toEqual({ code: 0, first: expect.stringContaining(`vibed ${name}`) });
    expect(out).toMatch(/^Examples:\n {2}\S/m);
    expect(await vibed(['help', name])).toMatchObject({ code: 0, out });
  });

  it.each(commands.flatMap(({ examples }) => examples))('understands its own example: %s', example => {
    const [, line = ''] = /(vibed[^>)]*)/.exec(example) ?? [];
    const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
    const command = commands.find(({ name }) => name === words[1]);
    expect([words[0], command?.name]).toEqual(['vibed', words[1]]);
    if (command !== undefined) parsed(command, words.slice(2));
  });

  it.each([
    { words: ['dploy'], says: 'there is no command dploy\ndid you mean deploy?' },
    { words: ['help', 'lgos'], says: 'there is no command lgos\ndid you mean logs?' },
    { words: ['frobnicate'], says: 'there is no command frobnicate\nvibed --help lists the commands' },
    { words: ['logs', 'a', '--folow'], says: 'vibed logs has no flag --folow\ndid you mean --follow?' },
    { words: ['logs', 'a', '--kidn=build'], says: 'vibed logs has no flag --kidn\ndid you mean --kind?' },
    { words: ['logs', 'a', '-z'], says: 'vibed logs has no flag -z\nvibed logs --help' },
    {
      words: ['logs', 'a', '--kind', 'biuld'],
      says: '--kind is one of build, app, and not biuld\ndid you mean build?',
    },
    { words: ['control', 'a', 'restrat'], says: /^<action> is one of .*\ndid you mean restart\?$/ },
    { words: ['invoke', 'a', '-X', 'post'], says: /\ndid you mean POST\?$/ },
    { words: ['get'], says: 'usage: vibed get <name>\nvibed get --help' },
  ])('$words: $says', async ({ words, says }) => {
    const { code, out, err } = await vibed(words, { server: 'http://127.0.0.1:1' });
    expect({ code, out, err }).toEqual({
      code: 2,
      out: '',
      err: typeof says === 'string' ? says : expect.stringMatching(says),
    });
  });

  it('is in the documentation', async () => {
    const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    expect(commands.filter(({ name }) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('prints its version', async () => {
    expect(await vibed(['version'])).toMatchObject({ code: 0, out: version });
    expect(await vibed(['--version'])).toMatchObject({ code: 0, out: version });
    expect(JSON.parse((await vibed(['version', '--json'])).out)).toEqual({ version });
  });

  it.each([
    { words: [] },
    { words: ['dploy'] },
    { words: ['get'] },
    { words: ['get', 'a', 'b'] },
    { words: ['list', '--nope'] },
    { words: ['control', 'a'] },
    { words: ['update', 'a', '--port', '0'] },
    { words: ['deploy', '.', '--env', 'canary'] },
    { words: ['keys', 'create'] },
    { words: ['keys', 'create', '--user', 'a', '--scope', 'all'] },
    { words: ['keys', 'revoke'] },
    { words: ['rollback', 'a', 'x'] },
    { words: ['delete', 'a'] },
    { words: ['delete', 'a', '--confirm', 'b'] },
    { words: ['mcp', 'config', '--client', 'lynx'] },
    { words: ['deploy', '/does/not/exist', '--name', 'a'] },
    { words: ['deploy', '.', '--image', 'a/b@sha256:aa'] },
    { words: ['deploy', '--git', 'https://a.example/b', '--image', 'a/b@sha256:aa'] },
    { words: ['deploy', '--source-ref', 'sha256:aa'] },
    { words: ['deploy', '--ref', 'v1'] },
    { words: ['deploy', '--path', 'web', '--image', 'a/b'] },
    { words: ['update', 'a', '.', '--ref', 'v1'] },
    { words: ['wait', 'a', '--for', 'ruining'] },
    { words: ['wait', 'a', '--timeout', 'long'] },
    { words: ['wait', 'a', '--for', 'gone', '--version', '1'] },
    { words: ['invoke', 'a', '-H', 'nothing'] },
    { words: ['invoke', 'a', '-d', '@/does/not/exist'] },
    { words: ['completion', 'tcsh'] },
  ])('$words is not understood: 2', async ({ words }) => {
    const { code, out, err } = await vibed(words, { server: 'http://127.0.0.1:1' });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });
});

describe('deploy', () => {
  const deploy = async (answers: Answers, ...more: string[]) => {
    await using server = await restDouble(answers);
    return { ...(await vibed(['deploy', folder, ...more], { server: server.url })), seen: server.seen };
  };

  it('sends a small folder in the call and prints the URL alone', async () => {
    const busy = { ...running, outcome: 'still_working', step: 'building: step 2' };
    const { code, out, err, seen } = await deploy(
      {
        [create]: [201, written],
        [wait]: [
          [503, {}],
          [200, busy],
          [200, running],
        ] as never,
      },
      '--wait',
    );
    expect({ code, out }).toEqual({ code: 0, out: 'http://my-app.localhost' });
    expect(err).toContain('building: step 2');
    expect(JSON.parse(String(seen[0]?.body))).toEqual({
      name: 'my-app',
      files: [{ path: 'index.html', content: '<h1>hello</h1>' }],
    });
    expect(seen.every(({ authorization }) => authorization === `Bearer ${testKey}`)).toBe(true);
  });

  it('exits with 4 when the page is broken, says each warning once, and with 0 where that is allowed', async () => {
    const old = 'there is no lockfile';
    const page = 'the page at / is blank';
    const answers = {
      [create]: [201, { ...written, warnings: [old] }],
      [wait]: [200, { ...running, warnings: [page, old], broken: true }],
    } as const;
    const { code, out, err } = await deploy(answers, '--wait');
    expect({ code, out }).toEqual({ code: 4, out: 'http://my-app.localhost' });
    expect(err.split('\n').filter(line => line.startsWith('warning'))).toEqual([`warning: ${old}`, `warning: ${page}`]);
    expect(await deploy(answers, '--wait', '--allow-broken')).toMatchObject({ code: 0 });
  });

  it('makes the next version of a name that is taken, from what was sent already', async () => {
    const next = [{ tool: 'update_artifact', args: { base_version: 4 } }];
    const taken = { code: 'NameTaken', message: 'my-app exists', hint: '-', source_ref: 'sha256:aa', next };
    const update = 'PATCH /api/artifacts/my-app';
    const { code, out, seen } = await deploy({ [create]: [409, taken], [update]: [200, { ...written, version: 5 }] });
    expect({ code, out }).toEqual({ code: 0, out: 'my-app version 5: pending' });
    expect(JSON.parse(String(seen[1]?.body))).toEqual({ base_version: 4, source_ref: 'sha256:aa' });
  });

  it('sends a large folder as one archive, to the server it knows', async () => {
    await using server = await restDouble({
      'POST /api/uploads': [200, { upload_url: 'http://elsewhere.example/api/uploads/t1' }],
      'PUT /api/uploads/t1': [201, { source_ref: 'sha256:bb' }],
      [create]: [201, written],
    });
    const large = join(folder, '..', 'large');
    await mkdir(large);
    await writeFile(join(large, 'a.bin'), Buffer.alloc(300 * 1024));
    const { code } = await vibed(['deploy', large], { server: server.url });
    expect(code).toBe(0);
    expect(server.seen[1]?.body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(JSON.parse(String(server.seen[2]?.body))).toEqual({ name: 'large', source_ref: 'sha256:bb' });
  });

  const taken = { code: 'NameTaken', message: 'my-app exists', hint: '-', next: [] };
  const get = 'GET /api/artifacts/my-app';
  const update = 'PATCH /api/artifacts/my-app';

  it.each([
    {
      words: ['--git', 'https://git.example.com/team/My_Shop.git', '--ref', 'v2'],
      body: { name: 'my-shop', git_url: 'https://git.example.com/team/My_Shop.git', git_ref: 'v2' },
    },
    {
      words: ['--git', 'https://git.example.com/shop', '--path', 'apps/web/', '--port', '80'],
      body: { name: 'web', git_url: 'https://git.example.com/shop', git_path: 'apps/web', port: 80 },
    },
    {
      words: ['--image', 'registry.example.com:5000/team/shop:1@sha256:aa', '--env', 'A=b'],
      body: { name: 'shop', image: 'registry.example.com:5000/team/shop:1@sha256:aa', env: { A: 'b' } },
    },
    { words: ['--source-ref', 'sha256:bb', '--name', 'a'], body: { name: 'a', source_ref: 'sha256:bb' } },
    {
      words: ['--source-ref', 'sha256:bb', '--name', 'a', '--path', './apps/web/', '--build-env', 'VITE_A=b=c'],
      body: { name: 'a', source_ref: 'sha256:bb', build_path: 'apps/web', build_env: { VITE_A: 'b=c' } },
    },
  ])('takes $words instead of a folder', async ({ words, body }) => {
    await using server = await restDouble({ [create]: [201, written] });
    expect(await vibed(['deploy', ...words], { server: server.url })).toMatchObject({ code: 0 });
    expect(server.seen.map(each => JSON.parse(String(each.body)))).toEqual([body]);
  });

  it('updates the folder and the values of a build', async () => {
    await using server = await restDouble({ [get]: [200, { version: 2 }], [update]: [200, written] });
    const words = ['update', 'my-app', '--path', 'web', '--build-env', 'A=1', '--build-env', 'B=', '--unset-env', 'C'];
    expect(await vibed(words, { server: server.url })).toMatchObject({ code: 0 });
    const body = { base_version: 2, build_path: 'web', build_env: { A: '1', B: '' }, unset_env: ['C'] };
    expect(JSON.parse(String(server.seen.at(-1)?.body))).toEqual(body);
  });

  it('makes an image the next version of a name that is taken', async () => {
    const answers = { [create]: [409, taken], [get]: [200, { version: 2 }], [update]: [200, written] } as const;
    await using server = await restDouble(answers);
    const words = ['deploy', '--image', 'a.example/b@sha256:aa', '--name', 'my-app'];
    expect(await vibed(words, { server: server.url })).toMatchObject({ code: 0 });
    expect(JSON.parse(String(server.seen.at(-1)?.body))).toEqual({ base_version: 2, image: 'a.example/b@sha256:aa' });
  });

  const git = (url: string) => ({ version: 2, source: { git_url: url, git_ref: 'v1' } });
  it('moves an app that comes from the same repository to another ref', async () => {
    const answers = { [create]: [409, taken], [get]: [200, git('https://a.example/b')], [update]: [200, written] };
    await using server = await restDouble(answers as unknown as Answers);
    const words = ['deploy', '--git', 'https://a.example/b', '--ref', 'v2', '--name', 'my-app'];
    expect(await vibed(words, { server: server.url })).toMatchObject({ code: 0 });
    expect(JSON.parse(String(server.seen.at(-1)?.body))).toEqual({ base_version: 2, git_ref: 'v2' });
  });

  it('does not take an app away from another repository', async () => {
    await using server = await restDouble({ [create]: [409, taken], [get]: [200, git('https://a.example/other')] });
    const words = ['deploy', '--git', 'https://a.example/b', '--ref', 'v2', '--name', 'my-app'];
    const { code, err } = await vibed(words, { server: server.url });
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/comes from https:\/\/a.example\/other\n.*update/),
    });
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  it('says in its own words what to do next', async () => {
    const next = [{ tool: 'wait_for_artifact', args: { name: 'my-app', version: 1 }, why: 'returns when it runs' }];
    const { err } = await deploy({ [create]: [201, { ...written, next }] });
    expect(err).toContain('next: vibed wait my-app --version 1  (returns when it runs)');
  });

  it('tells why an app failed: 1', async () => {
    const failure = {
      step: 'build',
      reason: 'BuildFailed',
      message: 'no start',
      remedy: 'add one',
      excerpt: 'npm\u001b[31m ERR',
    };
    const failed = { ...running, outcome: 'failed', failure };
    const { code, out, err } = await deploy({ [create]: [201, written], [wait]: [200, failed] }, '--wait');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('failed at build: BuildFailed\nno start\nremedy: add one\n  | npm ERR');
  });

  it('prints what the API says with --json', async () => {
    const { out } = await deploy({ [create]: [201, written] }, '--json');
    expect(JSON.parse(out)).toEqual(written);
  });
});

describe('update', () => {
  const patch = 'PATCH /api/artifacts/my-app';
  const told = { ...written, version: 3 };

  it('changes settings on what is there now, and sends no file', async () => {
    await using server = await restDouble({ 'GET /api/artifacts/my-app': [200, { version: 2 }], [patch]: [200, told] });
    const words = ['update', 'my-app', '--env', 'A=b=c', '--unset-env', 'OLD', '--port', '3000', '--min', '0'];
    const { code, out } = await vibed(words, { server: server.url });
    expect({ code, out }).toEqual({ code: 0, out: 'my-app version 3: pending' });
    const body = { base_version: 2, set_env: { A: 'b=c' }, unset_env: ['OLD'], port: 3000, min: 0 };
    expect(JSON.parse(String(server.seen[1]?.body))).toEqual(body);
  });

  it('sends a folder, against the version that was said', async () => {
    await using server = await restDouble({ [patch]: [200, told] });
    expect(await vibed(['update', 'my-app', folder, '--base', '2'], { server: server.url })).toMatchObject({ code: 0 });
    expect(JSON.parse(String(server.seen[0]?.body))).toMatchObject({
      base_version: 2,
      files: [{ path: 'index.html' }],
    });
  });

  it('wants something to change', async () => {
    expect(await vibed(['update', 'my-app'], { server: 'http://127.0.0.1:1' })).toMatchObject({ code: 2 });
  });
});

it('takes what the server calls unusable input as a command that was not understood: 2', async () => {
  const refusal = { code: 'InvalidInput', message: 'action: none of those', hint: '-' };
  await using server = await restDouble({ 'POST /api/artifacts/a/control': [400, refusal] });
  expect(await vibed(['control', 'a', 'explode'], { server: server.url })).toMatchObject({ code: 2, out: '' });
});

it('says once that the server hands out another command', () => {
  const headers = (theirs: string) => ({ get: (name: string) => (name === 'vibed-version' ? theirs : null) });
  const told: string[] = [];
  const heard = versionWatch('http://a.example', text => told.push(text), '0.1.0+aa');
  for (const theirs of ['0.1.0+aa', 'development', '0.1.0+bb', '0.1.0+bb']) heard(headers(theirs));
  expect(told).toEqual([expect.stringMatching(/0\.1\.0\+aa, .* 0\.1\.0\+bb.*http:\/\/a\.example\/cli\/vibed/)]);
});

describe('a server that is not there, or says no: 3', () => {
  it('names the address and not the key', async () => {
    const { code, err } = await vibed(['list'], { server: 'http://127.0.0.1:1' });
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('http://127.0.0.1:1 cannot be reached') });
    expect(err).not.toContain(testKey);
  });

  it('says what the problem says', async () => {
    await using server = await restDouble({});
    const { code, err, out } = await vibed(['get', 'x', '--json'], { server: server.url });
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringContaining('NotFound: the double has no GET /api/artifacts/x'),
    });
    expect(JSON.parse(out)).toMatchObject({ code: 'NotFound' });
  });
});

describe('the connection', () => {
  const file = (url: string, key?: string) =>
    JSON.stringify({ mcpServers: { vibed: { url, ...(key && { headers: { Authorization: `Bearer ${key}` } }) } } });
  const place = (env: { VIBED_SERVER?: string; VIBED_KEY?: string }) => ({
    cwd: folder,
    env: { ...env, home: '/none' },
  });

  it('is that of the nearest file, and its key goes nowhere else', async () => {
    await mkdir(join(folder, '..', '.vibed'));
    const path = join(folder, '..', '.vibed', 'mcp.json');
    await writeFile(path, file('http://a.example/mcp', 'k1'));
    const again = ['--config', path];
    expect(await connectionOf({}, place({}))).toEqual({ server: 'http://a.example', key: 'k1', again });
    expect((await connectionOf({ server: 'http://b.example' }, place({}))).key).toBeUndefined();
    await writeFile(path, file('http://a.example/mcp'));
    await expect(connectionOf({}, place({ VIBED_KEY: 'mine' }))).rejects.toThrow(/would go to http:\/\/a.example/);
  });

  it.each(['claude-code', 'cursor', 'vscode', 'codex', 'gemini'])('a snippet for %s holds no key', async client => {
    const { code, out } = await vibed(['mcp', 'config', '--client', client], { server: 'http://a.example' });
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('http://a.example') });
    expect(out).not.toContain(testKey);
  });
});

it('unpacks a source, and nothing outside the folder', async () => {
  const file = { path: 'a/run.sh', bytes: Buffer.from('#!'), executable: true };
  const out = join(folder, '..', 'out');
  await unpack(Buffer.from(await asArchive([file])), out);
  expect(await readFile(join(out, 'a/run.sh'), 'utf8')).toBe('#!');
  const evil = Buffer.from(await asArchive([{ ...file, path: '../evil' }]));
  await expect(unpack(evil, out)).rejects.toThrow('../evil');
  expect(await readdir(join(folder, '..'))).not.toContain('evil');
});
