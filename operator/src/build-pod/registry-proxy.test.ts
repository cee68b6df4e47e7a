import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registryProxyConfig } from './registry-config.ts';
import { at, digestOf, listening, RegistryDouble } from './registry-double.ts';
import { registryProxy } from './registry-proxy.ts';

let upstream: RegistryDouble;
let base: RegistryDouble;
let proxy: Server;
let folder: string;
let log: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vibed-registry-'));
  upstream = await RegistryDouble.start('builder:s3cret');
  base = await RegistryDouble.start('reader:hidden');
  log = [];
  writeFileSync(join(folder, 'auth'), 'builder:s3cret\n');
  const auths = { [new URL(base.url).host]: { auth: Buffer.from('reader:hidden').toString('base64') } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
  const config = {
    upstream: { url: upstream.url, basicAuthFile: join(folder, 'auth') },
    own: ['alice/todo'],
    cache: ['cache/alice/todo'],
    bases: { 'docker.io': { url: base.url, dockerConfigFile: join(folder, 'config.json') } },
    private: 'alice',
    pushBytesMax: 30_000_000,
  };
  proxy = await listening(registryProxy(registryProxyConfig.parse(config), line => log.push(line)));
});
afterEach(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await upstream[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const ask = (path: string, init: RequestInit = {}) => fetch(`${at(proxy)}${path}`, { redirect: 'manual', ...init });

/** The status of a request whose target no URL parser has touched. */
function raw(method: string, path: string): Promise<{ status: number; body: string }> {
  const { port } = new URL(at(proxy));
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path }, response => {
      let body = '';
      response.on('data', part => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject).end();
  });
}

async function push(repository: string, content: Buffer): Promise<Response> {
  const started = await ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  expect(started.status).toBe(202);
  const location = started.headers.get('location') ?? '';
  expect(location).toMatch(new RegExp(`^/v2/${repository}/blobs/uploads/[0-9a-f-]{36}$`));
  const patched = await ask(location, { method: 'PATCH', body: new Uint8Array(content) });
  expect([patched.status, patched.headers.get('location')]).toEqual([202, location]);
  return await ask(`${location}?digest=${digestOf(content)}`, { method: 'PUT' });
}

describe('this artifact', () => {
  it('is pushed and pulled without ever seeing an upload URL or a redirect of the registry', async () => {
    for (const repository of ['alice/todo', 'cache/alice/todo']) {
      const content = Buffer.alloc(5_000_000, repository);
      const done = await push(repository, content);
      expect([done.status, done.headers.get('location')]).toEqual([
        201,
        `/v2/${repository}/blobs/${digestOf(content)}`,
      ]);
      const pulled = await ask(`/v2/${repository}/blobs/${digestOf(content)}`);
      expect([pulled.status, Buffer.from(await pulled.arrayBuffer()).equals(content)]).toEqual([200, true]);
    }
    const manifest = await ask('/v2/alice/todo/manifests/k1', {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect([manifest.status, manifest.headers.get('docker-content-digest')]).toEqual([
      201,
      digestOf(Buffer.from('{}')),
    ]);
    expect(await (await ask('/v2/alice/todo/manifests/k1')).text()).toBe('{}');
  });

  it('keeps the credential from the store of the blobs and from the log', async () => {
    await push('alice/todo', Buffer.from('x'));
    await ask(`/v2/alice/todo/blobs/${digestOf(Buffer.from('x'))}`);
    expect(upstream.seen.filter(line => line.startsWith('STORE'))).toEqual([
      `STORE /${digestOf(Buffer.from('x'))} none`,
    ]);
    expect(log.join('\n')).not.toMatch(/s3cret|Bearer|Basic|secret/);
    expect(log.length).toBeGreaterThan(3);
  });

  it('mounts from its own repositories only; from others it uploads', async () => {
    const mount = (from: string) =>
      ask(`/v2/alice/todo/blobs/uploads/?mount=sha256:00&from=${from}`, { method: 'POST' });
    expect((await mount('cache/alice/todo')).status).toBe(201);
    expect((await mount('bob/secret')).status).toBe(202);
    expect(upstream.seen.some(line => line.includes('bob'))).toBe(false);
  });

  it('logs in again when a token was revoked', async () => {
    await ask('/v2/alice/todo/manifests/k1', { method: 'PUT', body: '{}' });
    expect((await ask('/v2/alice/todo/manifests/k1')).status).toBe(200);
    upstream.revoke();
    expect((await ask('/v2/alice/todo/manifests/k1')).status).toBe(200);
  });
});

describe('bases', () => {
  it('are read through the mirror path with their own login, redirects followed', async () => {
    const blob = Buffer.from('layer');
    base.blobs.set(digestOf(blob), blob).set('24-slim', Buffer.from('manifest'));
    expect(await (await ask('/v2/mirror/docker.io/library/node/manifests/24-slim')).text()).toBe('manifest');
    expect(await (await ask(`/v2/mirror/docker.io/library/node/blobs/${digestOf(blob)}`)).text()).toBe('layer');
    expect((await ask('/v2/mirror/docker.io/library/node/manifests/nope')).status).toBe(404);
  });

  it('are never written', async () => {
    for (const [method, path] of [
      ['POST', 'blobs/uploads/'],
      ['PUT', 'manifests/x'],
    ] as const) {
      expect((await raw(method, `/v2/mirror/docker.io/library/node/${path}`)).status).toBe(403);
    }
    expect(base.seen).toEqual([]);
  });
});

describe('refusals', () => {
  const refused: readonly [string, string][] = [
    ['GET', '/v2/bob/secret/manifests/latest'],
    ['GET', '/v2/alice/todo2/manifests/latest'],
    ['GET', '/v2/alice/manifests/latest'],
    ['GET', '/v2/alice/todo/../../bob/secret/manifests/latest'],
    ['GET', '/v2/alice/todo/..%2f..%2fbob/manifests/latest'],
    ['GET', '/v2/alice%2ftodo/manifests/latest'],
    ['GET', '/v2//alice/todo/manifests/latest'],
    ['GET', '/v2/alice/todo//manifests/latest'],
    ['GET', '/v2/alice/todo/manifests/../../../_catalog'],
    ['GET', '/v2/_catalog'],
    ['GET', '/v2/mirror/quay.io/x/y/manifests/latest'],
    ['GET', '/v2/mirror/docker.io@evil.example/x/manifests/latest'],
    ['GET', 'http://evil.example/v2/alice/todo/manifests/latest'],
    ['DELETE', '/v2/alice/todo/manifests/k1'],
    ['OPTIONS', '/v2/alice/todo/manifests/k1'],
    ['POST', '/v2/bob/secret/blobs/uploads/'],
    ['GET', '/token'],
  ];
  for (const [method, path] of refused) {
    it(`${method} ${path} is refused and reaches no registry`, async () => {
      const { status, body } = await raw(method, path);
      expect(status).toBe(403);
      expect(JSON.parse(body).errors[0].code).toBe('DENIED');
      expect([...upstream.seen, ...base.seen]).toEqual([]);
    });
  }

  it('name the repository', async () => {
    expect((await raw('GET', '/v2/bob/secret/manifests/latest')).body).toContain('bob/secret');
  });

  it('an upload id belongs to its repository', async () => {
    const started = await ask('/v2/alice/todo/blobs/uploads/', { method: 'POST' });
    const id = started.headers.get('location')?.split('/').at(-1);
    expect((await raw('PATCH', `/v2/cache/alice/todo/blobs/uploads/${id}`)).status).toBe(404);
    expect((await raw('PATCH', '/v2/alice/todo/blobs/uploads/00000000-0000-0000-0000-000000000000')).status).toBe(404);
  });
});

describe('the bytes of a build', () => {
  const upload = async () =>
    (await ask('/v2/alice/todo/blobs/uploads/', { method: 'POST' })).headers.get('location') ?? '';
  const send = (location: string, megabytes: number) =>
    ask(location, { method: 'PATCH', body: new Uint8Array(megabytes * 1_000_000) });

  it('end at the limit, over all requests, with a message that names the setting', async () => {
    const location = await upload();
    expect((await send(location, 20)).status).toBe(202);
    const refused = await send(location, 11);
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining('(builds.pushBytesMax)')]);
    expect((await ask('/v2/alice/todo/manifests/k1', { method: 'PUT', body: '{}' })).status).toBe(413);
    expect((await ask('/v2/alice/todo/manifests/k1')).status).toBe(404);
  });

  it('count in a body of unknown length too', async () => {
    const chunks = async function* () {
      for (let i = 0; i < 40; i++) yield new Uint8Array(1_000_000);
    };
    const init = { method: 'PATCH', body: ReadableStream.from(chunks()), duplex: 'half' } as RequestInit;
    const answer = await ask(await upload(), init);
    expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining('(builds.pushBytesMax)')]);
  });

  it('are not spent by reading', async () => {
    const blob = Buffer.alloc(20_000_000);
    base.blobs.set(digestOf(blob), blob);
    for (let i = 0; i < 3; i++) {
      const answer = await ask(`/v2/mirror/docker.io/library/node/blobs/${digestOf(blob)}`);
      expect((await answer.arrayBuffer()).byteLength).toBe(blob.length);
    }
    expect((await send(await upload(), 1)).status).toBe(202);
  });
});

it('answers its probe and the ping without a registry', async () => {
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/v2/')).status).toBe(200);
  expect(upstream.seen).toEqual([]);
});

it('says when the registry is away', async () => {
  const nobody = await listening(createServer());
  const url = at(nobody);
  await new Promise(resolve => nobody.close(resolve));
  const lonely = await listening(
    registryProxy(
      registryProxyConfig.parse({ upstream: { url }, own: ['a/b'], private: 'a', pushBytesMax: 1 }),
      () => undefined,
    ),
  );
  const response = await fetch(`${at(lonely)}/v2/a/b/manifests/x`);
  expect([response.status, await response.text()]).toEqual([502, expect.stringContaining('could not be reached')]);
  lonely.close();
});
