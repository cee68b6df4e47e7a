import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, restDouble, silence, vibed } from './api.testing.ts';
import { commands } from './commands.ts';

const names = (...all: string[]) => [200, { artifacts: all.map(name => ({ name, phase: 'running' })) }] as const;
const list = 'GET /api/artifacts';

async function offered(words: readonly string[], answers: Answers = { [list]: names('my-app', 'my-shop', 'other') }) {
  await using server = await restDouble(answers);
  const { code, out, err } = await vibed(['__complete', ...words], { server: server.url });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out === '' ? [] : out.split('\n').map(line => line.split('\t')[0]);
}

describe('what a shell is offered', () => {
  it('is every command at first', async () => {
    expect(await offered([''])).toEqual([...commands.map(({ name }) => name), 'help']);
    expect(await offered(['he'])).toEqual(['help']);
    expect(await offered(['help', 'in'])).toEqual(['invoke']);
  });

  it.each([
    { words: ['de'], offers: ['deploy', 'delete'] },
    { words: ['get', ''], offers: ['my-app', 'my-shop', 'other'] },
    { words: ['get', 'my-'], offers: ['my-app', 'my-shop'] },
    { words: ['get', 'my-app', ''], offers: [] },
    { words: ['logs', '-f', 'o'], offers: ['other'] },
    { words: ['logs', '--kind', 'build', 'o'], offers: ['other'] },
    { words: ['logs', '--kind=build', 'o'], offers: ['other'] },
    { words: ['invoke', '-X', 'GET', 'o'], offers: ['other'] },
    { words: ['logs', 'a', '--f'], offers: ['--follow'] },
    { words: ['logs', 'a', '--kind', ''], offers: ['build', 'app'] },
    { words: ['logs', 'a', '--kind', 'b'], offers: ['build'] },
    { words: ['logs', 'a', '--kind=b'], offers: ['--kind=build'] },
    { words: ['logs', 'a', '--kind', '='], offers: ['build', 'app'] },
    { words: ['logs', 'a', '--kind', '=', 'b'], offers: ['build'] },
    { words: ['logs', '--kind', '=', 'build', 'o'], offers: ['other'] },
    { words: ['invoke', 'a', '-X', 'P'], offers: ['POST', 'PUT', 'PATCH'] },
    { words: ['wait', 'a', '--for', 'g'], offers: ['gone'] },
    { words: ['control', 'a', 're'], offers: ['retry', 'restart', 'resume'] },
    { words: ['completion', ''], offers: ['bash', 'zsh', 'fish'] },
    { words: ['keys', 'r'], offers: ['revoke'] },
    { words: ['keys', 'create', '--scope', ''], offers: ['read', 'write', 'admin'] },
    { words: ['deploy', ''], offers: [':folders'] },
    { words: ['update', 'my-app', 'si'], offers: [':folders'] },
    { words: ['source', 'a', '--out', ''], offers: [':folders'] },
    { words: ['list', '--key-file', ''], offers: [':files'] },
    { words: ['deploy', '--env', ''], offers: [] },
    { words: ['frobnicate', ''], offers: [] },
    { words: ['get', '--nope', 'o'], offers: ['other'] },
  ])('for $words: $offers', async ({ words, offers }) => {
    expect(await offered(words)).toEqual(offers);
  });

  it('are the apps of the server that the line names, as bash splits it', async () => {
    await using other = await restDouble({ [list]: names('there') });
    const url = new URL(other.url);
    for (const words of [
      [`--server=${other.url}`],
      ['--server', other.url],
      ['--server', '=', 'http', ':', `//${url.hostname}`, ':', url.port],
    ])
      expect(await offered(['get', ...words, ''])).toEqual(['there']);
  });

  it('are names only, whatever the server says', async () => {
    expect(
      await offered(['get', ''], { [list]: names('$(reboot)', 'a b', '`x`', 'ok', ':files', '\u001b[31m') }),
    ).toEqual(['ok']);
  });

  it('is nothing when the server refuses, is not there, or says something else', async () => {
    expect(await offered(['get', ''], {})).toEqual([]);
    expect(await offered(['get', ''], { [list]: [200, 'hello'] })).toEqual([]);
    expect(await vibed(['__complete', 'get', ''], { server: 'http://127.0.0.1:1' })).toMatchObject({
      code: 0,
      err: '',
    });
    expect(await vibed(['__complete', 'get', ''])).toMatchObject({ code: 0, err: '' });
  });

  it('does not keep the shell waiting for a server', async () => {
    const started = performance.now();
    expect(await offered(['get', ''], { [list]: silence })).toEqual([]);
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});

describe('the script for bash', () => {
  let home = '';
  let script = '';
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'vibed-completion-'));
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    writeFileSync(join(home, 'vibed'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
    chmodSync(join(home, 'vibed'), 0o755);
    mkdirSync(join(home, 'a folder'));
    writeFileSync(join(home, 'a file'), '');
    script = (await vibed(['completion', 'bash'])).out;
  });
  afterAll(() => rmSync(home, { recursive: true }));

  /** What bash would offer for the last of these words. */
  function inBash(...words: string[]): string[] {
    const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vibed vibed; printf '%s\n' "\${COMPREPLY[@]}"`;
    const env = { PATH: `${home}:${process.env.PATH}`, HOME: home };
    const out = execFileSync('bash', ['-c', `${script}\n${ask}`, 'bash', 'vibed', ...words], { env, cwd: home });
    return String(out)
      .split('\n')
      .filter(line => line !== '');
  }

  it('offers commands, values, flags and folders', () => {
    expect(inBash('inv')).toEqual(['invoke']);
    expect(inBash('logs', 'a', '--kind', '=', 'b')).toEqual(['build']);
    expect(inBash('logs', 'a', '--pre')).toEqual(['--previous']);
    expect(inBash('deploy', 'a')).toEqual(['a folder']);
  });
});

it.each(['zsh', 'fish'])('prints a script for %s that asks the command itself', async shell => {
  expect(await vibed(['completion', shell])).toMatchObject({ code: 0, out: expect.stringContaining('__complete') });
});
