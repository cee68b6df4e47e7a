import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { treeDigest } from '@vibed/store/tree-digest';
import { Header } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitHttpServer } from './git-http-server.ts';
import { type SourceJobInput, type SourceReport, sourceJob } from './job.ts';
import { sourceMessage } from './report.ts';
import { main, prepareSource } from './source.ts';

const bases = {
  node: [{ version: '24', image: 'node' }],
  python: [{ version: '3.13', image: 'python' }],
  go: [{ version: '1.26', image: 'go' }],
  rust: 'rust',
  rustRuntime: 'run',
  static: 'static',
  debian: 'debian',
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vibed-source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function prepare(source: SourceJobInput['source'], rest: Partial<SourceJobInput> = {}): Promise<SourceReport> {
  return prepareSource(sourceJob.parse({ source, request: {}, bases, ...rest }), join(folder, 'workspace'));
}

type TarEntry = ConstructorParameters<typeof Header>[0] & { content?: string };

/** A tar archive with exactly these headers, also the ones no honest program writes. */
function tarOf(...entries: TarEntry[]): string {
  const blocks = entries.flatMap(entry => {
    const { content = '', ...fields } = entry as { content?: string; path?: string };
    const header = new Header({
      mode: 0o644,
      mtime: new Date(0),
      type: 'File',
      size: Buffer.byteLength(content),
      ...fields,
    } as never);
    const block = Buffer.alloc(512);
    header.encode(block);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return [block, body];
  });
  const path = join(folder, 'source.tar.gz');
  writeFileSync(path, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  return path;
}

function digestOf(files: Record<string, string>): string {
  return treeDigest(
    Object.entries(files).map(([path, text]) => ({ path, executable: false, bytes: Buffer.from(text) })),
  );
}

function reasonOf(report: SourceReport): string {
  return report.ok ? 'ok' : report.reason;
}

describe('an archive', () => {
  it('becomes a context, a recipe and a report', async () => {
    const archive = tarOf(
      { path: './', type: 'Directory' } as TarEntry,
      { path: './index.html', content: 'hi' },
      { path: '.env', content: 'SECRET=1' },
    );
    const report = await prepare({ kind: 'files', archive, digest: digestOf({ 'index.html': 'hi' }) });
    expect(report).toMatchObject({
      ok: true,
      files: 1,
      ignored: 1,
      ignoredSample: ['.env'],
      recipe: { language: 'static', readOnlyRoot: true },
    });
    expect(readFileSync(join(folder, 'workspace/context/index.html'), 'utf8')).toBe('hi');
    expect(statSync(join(folder, 'workspace/context/index.html')).mode & 0o777).toBe(0o644);
    expect(() => statSync(join(folder, 'workspace/context/.env'))).toThrow('ENOENT');
    expect(readFileSync(join(folder, 'workspace/recipe/Dockerfile'), 'utf8')).toContain('FROM static');
  });

  it("copies a user's Dockerfile to the one place that the build reads", async () => {
    const files = { 'docker/App': 'FROM x\nEXPOSE 99\n', 'docker/App.dockerignore': 'tmp\n' };
    const archive = tarOf(...Object.entries(files).map(([path, content]) => ({ path, content })));
    const report = await prepare(
      { kind: 'files', archive, digest: digestOf(files) },
      { request: { dockerfile: 'docker/App' } },
    );
    expect(report).toMatchObject({ ok: true, recipe: { language: 'dockerfile', port: 99, user: 'image' } });
    expect(readFileSync(join(folder, 'workspace/recipe/Dockerfile.dockerignore'), 'utf8')).toBe('tmp\n');
  });

  it('declares the values for its build by their names, where the sources come in', async () => {
    const files = {
      'package.json': '{"scripts":{"build":"vite build"},"devDependencies":{"vite":"6"}}',
      'index.html': '<script type="module" src="/src/main.js"></script>',
      'src/main.js': 'fetch(import.meta.env.VITE_API_URL)',
    };
    const archive = tarOf(...Object.entries(files).map(([path, content]) => ({ path, content })));
    const source = { kind: 'files' as const, archive, digest: digestOf(files) };
    const missing = await prepare(source);
    expect(missing).toMatchObject({
      recipe: { warnings: [expect.stringContaining('reads VITE_API_URL at build time')] },
    });
    const env = ['VITE_API_URL', 'VITE_B'];
    const report = await prepare(source, { request: { env, published: ['VITE_B'] } });
    expect(report).toMatchObject({ recipe: { warnings: [expect.stringMatching(/^VITE_B is in the page/)] } });
    const text = readFileSync(join(folder, 'workspace/recipe/Dockerfile'), 'utf8');
    expect(text).toMatch(
      /\nRUN npm install.*\nARG VITE_API_URL\nARG VITE_B\nCOPY \["\.", "\.\/"\]\nRUN npm run build\n/,
    );
  });

  const hostile: readonly [string, TarEntry[], string][] = [
    ['a path that leaves the tree', [{ path: 'a/../../x' }], 'SourceInvalid'],
    ['an absolute path', [{ path: '/etc/passwd' }], 'SourceInvalid'],
    ['a symbolic link', [{ path: 'x', type: 'SymbolicLink', linkpath: '/etc/passwd' } as TarEntry], 'SourceInvalid'],
    ['a hard link', [{ path: 'x', type: 'Link', linkpath: 'y' } as TarEntry], 'SourceInvalid'],
    ['a device', [{ path: 'x', type: 'CharacterDevice' } as TarEntry], 'SourceInvalid'],
    ['a pipe', [{ path: 'x', type: 'FIFO' } as TarEntry], 'SourceInvalid'],
    ['a control character in a name', [{ path: 'a\nb' }], 'SourceInvalid'],
    ['a backslash in a name', [{ path: '..\\x' }], 'SourceInvalid'],
    ['a file twice', [{ path: 'x' }, { path: './x' }], 'SourceInvalid'],
    ['a file that is also a folder', [{ path: 'x' }, { path: 'x/y' }], 'SourceInvalid'],
    ['another tree than the one named', [{ path: 'index.html' }], 'SourceDigestMismatch'],
  ];
  for (const [name, entries, reason] of hostile) {
    it(`with ${name} is refused`, async () => {
      const report = await prepare({ kind: 'files', archive: tarOf(...entries), digest: 'sha256:0' });
      expect(reasonOf(report), JSON.stringify(report)).toBe(reason);
    });
  }

  it('that unpacks to more than the limit is refused before the disk is full, also in ignored folders', async () => {
    for (const path of ['bomb', 'node_modules/bomb']) {
      const archive = tarOf({ path, content: '0'.repeat(3_000_000) });
      expect(statSync(archive).size).toBeLessThan(10_000);
      const report = await prepare({ kind: 'files', archive, digest: '' }, { limits: { bytes: 1_000_000 } });
      expect(reasonOf(report)).toBe('SourceTooLarge');
      rmSync(join(folder, 'workspace'), { recursive: true });
    }
  });

  it('with too many files is refused', async () => {
    const archive = tarOf(...Array.from({ length: 20 }, (_, index) => ({ path: `f${index}` })));
    expect(reasonOf(await prepare({ kind: 'files', archive, digest: '' }, { limits: { files: 10 } }))).toBe(
      'SourceTooLarge',
    );
  });

  it('that is none is refused', async () => {
    const archive = join(folder, 'x');
    writeFileSync(archive, 'this is not a tar archive'.repeat(100));
    expect(reasonOf(await prepare({ kind: 'files', archive, digest: '' }))).toBe('SourceInvalid');
    writeFileSync(archive, gzipSync(Buffer.alloc(2048)).subarray(0, 20));
    expect(reasonOf(await prepare({ kind: 'files', archive, digest: '' }))).toMatch(
      /SourceInvalid|SourceDigestMismatch/,
    );
  });
});

describe('a snapshot', () => {
  it('is fetched with the token, and each refusal has its reason', async () => {
    const archive = readFileSync(tarOf({ path: 'index.html', content: 'hi' }));
    writeFileSync(join(folder, 'token'), 'sesame\n');
    const server = createServer((request, response) => {
      const status = Number(request.url?.slice(1));
      if (request.headers.authorization !== 'Bearer sesame') response.writeHead(401).end();
      else response.writeHead(status, { location: '/200' }).end(status === 200 ? archive : '');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fetched = (status: number) =>
      prepare({
        kind: 'snapshot',
        url: `${url}/${status}`,
        digest: digestOf({ 'index.html': 'hi' }),
        tokenFile: join(folder, 'token'),
      });
    expect((await fetched(200)).ok).toBe(true);
    expect(reasonOf(await fetched(404))).toBe('SourceNotFound');
    expect(reasonOf(await fetched(403))).toBe('SourceForbidden');
    expect(reasonOf(await fetched(503))).toBe('SourceUnreachable');
    expect(reasonOf(await fetched(302))).toBe('SourceUnreachable');
    await new Promise(resolve => server.close(resolve));
    expect(reasonOf(await fetched(200))).toBe('SourceUnreachable');
  });
});

describe('git', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      cwd: join(folder, 'repo'),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
      .toString()
      .trim();
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, 'repo', path)), { recursive: true });
    writeFileSync(join(folder, 'repo', path), text);
  };
  const commit = () => {
    git('add', '-A');
    git('commit', '--quiet', '-m', 'x');
    return git('rev-parse', 'HEAD');
  };
  const local = (rest: { ref?: string; path?: string } = {}) =>
    prepare({ kind: 'git', url: `file://${join(folder, 'repo')}`, protocols: ['file'], ...rest });

  beforeEach(() => {
    mkdirSync(join(folder, 'repo'));
    git('init', '--quiet', '--initial-branch=main');
    put('site/index.html', 'hi');
    put('README.md', 'x');
  });

  it('gives the folder of a branch, a tag and a commit', async () => {
    const first = commit();
    git('tag', 'v1.0');
    put('site/index.html', 'two');
    const second = commit();
    expect(await local({ path: 'site/' })).toMatchObject({
      ok: true,
      commit: second,
      files: 1,
      digest: digestOf({ 'index.html': 'two' }),
    });
    for (const ref of ['v1.0', first]) {
      rmSync(join(folder, 'workspace'), { recursive: true, force: true });
      expect(await local({ ref, path: 'site' })).toMatchObject({
        ok: true,
        commit: first,
        digest: digestOf({ 'index.html': 'hi' }),
      });
    }
  });

  it('copies what a link inside the tree names, and refuses one that leaves it', async () => {
    symlinkSync('site/index.html', join(folder, 'repo/index.html'));
    symlinkSync('site', join(folder, 'repo/copy'));
    commit();
    expect(await local()).toMatchObject({ ok: true, files: 4 });
    expect(readFileSync(join(folder, 'workspace/context/copy/index.html'), 'utf8')).toBe('hi');
    symlinkSync('x', join(folder, 'repo/loop'));
    for (const target of ['../../etc/passwd', '/etc/passwd', '.', 'nowhere', 'loop']) {
      rmSync(join(folder, 'workspace'), { recursive: true, force: true });
      unlinkSync(join(folder, 'repo/loop'));
      symlinkSync(target, join(folder, 'repo/loop'));
      commit();
      expect(reasonOf(await local()), target).toBe('SourceInvalid');
    }
  });

  const loopback = { allow: ['127.0.0.0/8'] };
  const refused: readonly [string, { url?: string; ref?: string; path?: string; hosts?: object }, string][] = [
    ['a ref that is an option', { ref: '--upload-pack=touch /tmp/evil' }, 'GitRefNotFound'],
    ['a ref that is a refspec', { ref: 'main:refs/heads/x' }, 'GitRefNotFound'],
    ['a ref that is not there', { ref: 'nope' }, 'GitRefNotFound'],
    ['a commit that is not there', { ref: '0123456789012345678901234567890123456789' }, 'GitRefNotFound'],
    ['a folder that is not there', { path: 'nope' }, 'GitPathNotFound'],
    ['a folder outside', { path: '../x' }, 'SourceInvalid'],
    ['a program as its URL', { url: 'ext::sh -c touch% /tmp/evil' }, 'GitUrlRefused'],
    ['an option as its URL', { url: '--upload-pack=evil' }, 'GitUrlRefused'],
    ['a protocol that is not allowed', { url: 'ssh://git@example.com/x' }, 'GitUrlRefused'],
    ['a password in its URL', { url: 'https://u:p@example.com/x' }, 'GitUrlRefused'],
    ['a host that is an option', { url: 'https://-oProxyCommand=evil/x' }, 'GitUrlRefused'],
    ['no repository behind it', { url: 'file:///nowhere/at/all' }, 'GitRepositoryNotFound'],
    ['nobody behind it', { url: 'https://127.0.0.1:1/x.git', hosts: loopback }, 'GitUnreachable'],
    ['an address inside, where nobody is', { url: 'https://127.0.0.1:1/x.git' }, 'GitUrlRefused'],
  ];
  for (const [name, source, reason] of refused) {
    it(`with ${name} is ${reason}`, async () => {
      commit();
      const report = await prepare({
        kind: 'git',
        url: `file://${join(folder, 'repo')}`,
        protocols: ['file'],
        ...source,
      });
      expect(reasonOf(report), JSON.stringify(report)).toBe(reason);
    });
  }

  it('logs in over http with the files of the Secret, and never shows them', async () => {
    const id = commit();
    const secret = join(folder, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'username'), 'alice');
    writeFileSync(join(secret, 'password'), 'p@ss:w$rd');
    await using server = await gitHttpServer(folder, 'alice:p@ss:w$rd');
    const source = {
      kind: 'git' as const,
      url: `${server.url}/repo/.git`,
      protocols: ['http'] as 'http'[],
      hosts: loopback,
    };
    expect(await prepare({ ...source, credentialsDir: secret, path: 'site' })).toMatchObject({ ok: true, commit: id });
    rmSync(join(folder, 'workspace'), { recursive: true });
    expect(reasonOf(await prepare(source))).toBe('GitAuthFailed');
    rmSync(join(folder, 'workspace'), { recursive: true });
    writeFileSync(join(secret, 'password'), 'wrong-secret');
    const report = await prepare({ ...source, credentialsDir: secret });
    expect(reasonOf(report)).toBe('GitAuthFailed');
    expect(JSON.stringify(report)).not.toContain('wrong-secret');
  });
});

describe('a git server', () => {
  const redirect = (target: string) => {
    if (target.startsWith('/old/')) return target.replace('/old/', '/repo/');
    if (target.startsWith('/away/')) return `http://localhost:1${target}`;
    return target.startsWith('/other/') ? '/elsewhere' : undefined;
  };
  const from = (url: string, secret: string) =>
    prepare({ kind: 'git', url, protocols: ['http'], hosts: { allow: ['127.0.0.0/8'] }, credentialsDir: secret });

  it('that redirects is followed to its own repositories and nowhere else', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: folder });
    git('init', '--quiet', '--initial-branch=main', 'repo');
    writeFileSync(join(folder, 'repo/index.html'), 'hi');
    git('-C', 'repo', 'add', '-A');
    git('-C', 'repo', 'commit', '--quiet', '-m', 'x');
    writeFileSync(join(folder, 'username'), 'alice');
    writeFileSync(join(folder, 'password'), 'secret');
    await using server = await gitHttpServer(folder, 'alice:secret', redirect);
    const reasons: Record<string, string> = {};
    for (const path of ['repo', 'old', 'away', 'other']) {
      rmSync(join(folder, 'workspace'), { recursive: true, force: true });
      const report = await from(`${server.url}/${path}/.git`, folder);
      reasons[path] = report.ok ? 'cloned' : `${report.reason}: ${report.message}`;
    }
    const elsewhere = 'GitUrlRefused: the git server redirects to another address, which is not followed';
    expect(reasons).toEqual({ repo: 'cloned', old: 'cloned', away: elsewhere, other: elsewhere });
  });
});

describe('the program', () => {
  it('blames itself for a job that it cannot read', async () => {
    const log = join(folder, 'termination');
    expect(await main({ VIBED_SOURCE: '{"source":{}}', VIBED_TERMINATION_LOG: log })).toBe(2);
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({ ok: false, reason: 'Internal' });
  });
});

describe('the report', () => {
  it('fits into a termination message whatever is in it, facts unshortened', () => {
    const long = 'é'.repeat(2000);
    const digest = `sha256:${'a'.repeat(64)}`;
    const recipe = {
      language: 'static',
      why: Array.from({ length: 50 }, () => long),
      port: 1,
      portWhy: long,
      portFollowsEnv: true,
      summary: 'Static files: the files are served as static pages',
      user: 'image',
      warnings: [long, long],
      readOnlyRoot: true,
    } as const;
    const message = sourceMessage({
      ok: true,
      digest,
      recipe,
      files: 1,
      bytes: 1,
      ignored: 9,
      ignoredSample: [long, long, long, long, long],
    });
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
    expect(JSON.parse(message)).toMatchObject({ digest, recipe: { port: 1 } });
    expect(
      Buffer.byteLength(sourceMessage({ ok: false, reason: 'SourceInvalid', message: long, remedy: long })),
    ).toBeLessThanOrEqual(4096);
  });
});
