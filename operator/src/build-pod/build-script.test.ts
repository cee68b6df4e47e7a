import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildEnvironment } from '../builder/build-files.ts';
import { type BuildInput, buildCommand, buildScript } from './build-script.ts';
import { type BuildReport, buildExit } from './job.ts';
import { registriesConf } from './registries-conf.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vibed-build-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const input: BuildInput = {
  repository: 'alice/todo',
  tag: 'k1',
  cacheRepository: 'cache/alice/todo',
  environment: buildEnvironment({}),
  timeoutSeconds: 1,
  args: [],
};

/** Runs the real script with a double of buildah: what it answers is a shell case over its first words. */
function run(answers: string, passwd = ''): { code: number | null; report: BuildReport; log: string; calls: string } {
  writeFileSync(
    join(folder, 'buildah'),
    `#!/bin/sh\nprintf '%s|' "$@" >> ${folder}/calls; echo >> ${folder}/calls\ncase "$1 $*" in\n${answers}\nesac\n`,
  );
  chmodSync(join(folder, 'buildah'), 0o755);
  const etc = join(folder, 'etc');
  spawnSync('mkdir', ['-p', etc]);
  writeFileSync(join(etc, 'passwd'), passwd);
  const report = join(folder, 'report');
  const command = buildCommand(input).command.map(word => (word === '/dev/termination-log' ? report : word));
  const result = spawnSync(command[0] ?? '', command.slice(1), {
    env: { PATH: `${folder}:${process.env.PATH}`, TMPDIR: folder },
    encoding: 'utf8',
  });
  return {
    code: result.status,
    report: JSON.parse(readFileSync(report, 'utf8')),
    log: result.stdout,
    calls: readFileSync(join(folder, 'calls'), 'utf8'),
  };
}

const digest = `sha256:${'a'.repeat(64)}`;
const good = (user: string, ports = '') => `
  build*) echo STEP 1 ;;
  inspect*User*) printf '%s\\n' '${user}' ;;
  inspect*Exposed*) echo '${ports}' ;;
  from*) echo container ;;
  mount*) echo ${folder} ;;
  push*) echo ${digest} > "$5" ;;`;

describe('the build script', () => {
  const users: readonly [string, string][] = [
    ['10001:10001', '10001'],
    ['', 'root'],
    ['root', 'root'],
    ['0', 'root'],
    ['000:1', 'root'],
    ['node', '1000'],
    ['toor', 'root'],
    ['nobody-here', 'unknown:nobody-here'],
    ['a"b\\c', 'unknown:abc'],
  ];
  for (const [user, uid] of users) {
    it(`reports the user ${JSON.stringify(user)} as ${uid}`, () => {
      const { code, report, log } = run(
        good(user, '8080/tcp 53/udp '),
        'root:x:0:0::/:\nnode:x:1000:1000::/:\ntoor:x:0:0::/:\n',
      );
      expect(report).toEqual({ ok: true, digest, user: uid, exposed: ['8080/tcp', '53/udp'] });
      expect([code, log]).toEqual([0, expect.stringContaining('STEP 1')]);
    });
  }

  it("tells the user's failure from the machinery's", () => {
    expect(run('build*) echo "npm ERR"; exit 7 ;;')).toMatchObject({
      code: buildExit.buildFailed,
      report: { ok: false, step: 'build', code: 7 },
    });
    const missing =
      'build*) echo "Error: creating build container: unable to copy from source docker://x: manifest unknown" >&2; exit 125 ;;';
    expect(run(missing)).toMatchObject({ code: buildExit.baseUnavailable, report: { step: 'base' } });
    expect(run('build*) ;; inspect*) exit 1 ;;')).toMatchObject({
      code: buildExit.inspectFailed,
      report: { step: 'inspect' },
    });
    expect(run(`${good('1').replace(/push[\s\S]*/, '')} push*) exit 1 ;;`)).toMatchObject({
      code: buildExit.pushFailed,
      report: { step: 'push' },
    });
  });

  it('says when the sidecar took no more bytes, for the cache as for the image', () => {
    const refused = 'echo "Error: denied: vibeD: this build has sent more … (builds.pushBytesMax)" >&2; exit 125';
    const limit = { code: buildExit.pushedTooMuch, report: { ok: false, step: 'limit' } };
    expect(run(`build*) ${refused} ;;`)).toMatchObject(limit);
    const pushing = run(`${good('1').replace(/push[\s\S]*/, '')} push*) ${refused} ;;`);
    expect(pushing).toMatchObject({ ...limit, log: expect.stringContaining('(builds.pushBytesMax)') });
  });

  it('ends a build that takes too long, and says so', () => {
    expect(run('build*) exec sleep 20 ;;')).toMatchObject({ code: buildExit.timedOut, report: { step: 'timeout' } });
  });

  it('is the same text whatever is built', () => {
    const other = buildCommand({
      ...input,
      repository: 'b/c',
      tag: 'x',
      args: [{ name: 'A', value: '$(evil) `x` "\n' }],
    });
    expect(other.command[2]).toBe(buildScript());
    expect(other.command.at(-1)).toBe('A=$(evil) `x` "\n');
  });
});

describe('buildCommand', () => {
  it('hands the settings of the site to the process and to files, and only constant paths to the image', () => {
    const environment = buildEnvironment({
      httpsProxy: 'http://u:p@proxy',
      noProxy: '.svc',
      npmRegistry: 'https://npm.example',
      cargoIndex: 'sparse+https://c',
      caBundle: 'PEM',
    });
    const { command, env } = buildCommand({ ...input, environment });
    expect(command.join(' ')).not.toMatch(/u:p@proxy|npm\.example|PEM/);
    expect(command).toContain('NPM_CONFIG_USERCONFIG=/run/vibed-build/npmrc');
    expect(command.filter(word => word === '--env').length).toBe(command.filter(word => word === '--unsetenv').length);
    expect(env).toMatchObject({ https_proxy: 'http://u:p@proxy', NO_PROXY: '127.0.0.1,localhost,.svc' });
  });

  it('refuses names that are not names', () => {
    for (const repository of ['', 'a b', '--x', '../x', 'A/b'])
      expect(() => buildCommand({ ...input, repository })).toThrow('repository');
    expect(() => buildCommand({ ...input, tag: '-x' })).toThrow('tag');
    expect(() => buildCommand({ ...input, args: [{ name: '--volume', value: '/' }] })).toThrow('build argument');
  });
});

describe('registriesConf', () => {
  it('sends every base host through the sidecar', () => {
    expect(registriesConf(['ghcr.io', 'docker.io'])).toMatchInlineSnapshot(`
      "unqualified-search-registries = ["docker.io"]
      short-name-mode = "disabled"

      [[registry]]
      location = "127.0.0.1:5000"
      insecure = true


      [[registry]]
      prefix = "docker.io"
      location = "127.0.0.1:5000/mirror/docker.io"
      insecure = true


      [[registry]]
      prefix = "ghcr.io"
      location = "127.0.0.1:5000/mirror/ghcr.io"
      insecure = true
      "
    `);
    expect(() => registriesConf(['a"\n[x]'])).toThrow('host');
  });
});
