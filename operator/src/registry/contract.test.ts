// The contract of the Registry port, against a double with bearer tokens and faults and, where VIBED_TEST_REGISTRY names one, a
// real registry (e2e/scenarios/registry.test.ts does, on the cluster).
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryClient } from '../build-pod/registry-client.ts';
import { at, listening, RegistryDouble } from '../build-pod/registry-double.ts';
import { digestOf, ociRegistry } from './oci-registry.ts';
import { type Blob, type Manifest, mediaTypes, type Registry } from './registry.ts';

const real = process.env.VIBED_TEST_REGISTRY;
const repository = 'vibed/alice/todo';
const signal = AbortSignal.timeout(60_000);
const blobOf = (text: string): Blob => {
  const bytes = Buffer.from(text);
  return { digest: digestOf(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
};
const manifestOf = (config: Blob, layer: Blob): Manifest => {
  const part = ({ digest, size }: Blob, mediaType: string) => ({ mediaType, digest, size });
  const content = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: part(config, mediaTypes.config),
    layers: [part(layer, mediaTypes.layer)],
  };
  const bytes = Buffer.from(JSON.stringify(content));
  return { digest: digestOf(bytes), mediaType: mediaTypes.manifest, bytes };
};

let double: RegistryDouble;
beforeEach(async () => {
  double = await RegistryDouble.start('user:pass');
});
afterEach(async () => {
  await double[Symbol.asyncDispose]();
});

function ofDouble(credentials = 'user:pass'): Registry {
  const file = join(mkdtempSync(join(tmpdir(), 'vibed-registry-')), 'login');
  writeFileSync(file, credentials);
  return ociRegistry(new RegistryClient({ url: double.url, basicAuthFile: file }), { signal, pauseMs: 1 });
}
const ofReal = () => {
  const dockerConfigFile = process.env.VIBED_TEST_REGISTRY_AUTH;
  return ociRegistry(new RegistryClient({ url: real ?? '', ...(dockerConfigFile && { dockerConfigFile }) }), {
    signal,
  });
};

const adapters: [string, () => Registry][] = [['the double', ofDouble]];
if (real !== undefined) adapters.push(['a real registry', ofReal]);

describe.each(adapters)('a registry (%s)', (_name, make) => {
  it('gives back what was pushed, and knows what it has', async () => {
    const registry = make();
    const [config, layer] = [blobOf('{}'), blobOf(`layer ${Math.random()}`)];
    const manifest = manifestOf(config, layer);
    expect(await registry.exists(repository, layer.digest)).toBe(false);
    expect(await registry.resolve(repository, manifest.digest)).toBeUndefined();
    await registry.push(repository, config);
    await registry.push(repository, layer);
    await registry.put(repository, 'v1', manifest);
    expect(await registry.exists(repository, layer.digest)).toBe(true);
    expect(await textOf(await registry.read(repository, layer.digest))).toMatch(/^layer /);
    expect((await registry.resolve(repository, 'v1'))?.digest).toBe(manifest.digest);
    expect((await registry.resolve(repository, manifest.digest))?.bytes).toEqual(manifest.bytes);
  });

  it('takes no manifest whose blobs it does not have', async () => {
    const lost = manifestOf(blobOf('{}'), blobOf(`lost ${Math.random()}`));
    await make().push(repository, blobOf('{}'));
    await expect(make().put(repository, 'v2', lost)).rejects.toMatchObject({ fault: 'NotFound' });
  });

  it('takes no bytes that are not those of their digest', async () => {
    const other = { ...blobOf(`one ${Math.random()}`), open: () => Readable.from([Buffer.from('two'.padEnd(22))]) };
    const { digest } = blobOf(`x ${Math.random()}`);
    await expect(make().push(repository, { ...other, digest, size: 22 })).rejects.toMatchObject({
      fault: 'DigestMismatch',
    });
    expect(await make().exists(repository, digest)).toBe(false);
  });

  it('shares a blob between repositories', async () => {
    const registry = make();
    const blob = blobOf(`shared ${Math.random()}`);
    await registry.push('vibed/bases/node', blob);
    expect(await registry.mount(repository, blob.digest, 'vibed/bases/node')).toBe(true);
    expect(await registry.exists(repository, blob.digest)).toBe(true);
  });
});

describe.each(adapters)('what a registry has of one repository (%s)', (_name, make) => {
  it('is listed by tag, and gone with the manifest, however many tags it has', async () => {
    const registry = make();
    const own = `vibed/alice/life-${Math.random().toString(36).slice(2)}`;
    const [config, layer, other] = [blobOf('{}'), blobOf('layer'), blobOf('other')];
    const [one, two] = [manifestOf(config, layer), manifestOf(config, other)];
    expect(await registry.tags(own)).toEqual([]);
    for (const blob of [config, layer, other]) await registry.push(own, blob);
    for (const tag of ['a', 'b']) await registry.put(own, tag, one);
    for (const tag of ['c', 'd', 'e']) await registry.put(own, tag, two);
    expect([...(await registry.tags(own))].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await registry.delete(own, two.digest);
    expect([...(await registry.tags(own))].sort()).toEqual(['a', 'b']);
    expect(await registry.resolve(own, 'd')).toBeUndefined();
    expect(await registry.resolve(own, two.digest)).toBeUndefined();
    await registry.delete(own, two.digest);
    await registry.delete(own, one.digest);
    expect(await registry.tags(own)).toEqual([]);
    await registry.put(own, 'again', one);
    expect((await registry.resolve(own, one.digest))?.bytes).toEqual(one.bytes);
    await registry.delete(own, one.digest);
  });
});

describe('a registry that fails', () => {
  it.each([503, 429, 'cut'] as const)('is asked again after %s, and the upload begins anew', async fault => {
    let left = 2;
    double.fault = request => (/^PUT .*blobs/.test(request) && left-- > 0 ? fault : undefined);
    const blob = blobOf('again');
    await ofDouble().push(repository, blob);
    expect(double.blobs.get(blob.digest)?.toString()).toBe('again');
    expect(double.seen.filter(request => request.startsWith('POST'))).toHaveLength(3);
  });

  it('ends as Unavailable when it stays away', async () => {
    double.fault = () => 502;
    await expect(ofDouble().exists(repository, blobOf('x').digest)).rejects.toMatchObject({ fault: 'Unavailable' });
    expect(double.seen.filter(request => request.startsWith('HEAD'))).toHaveLength(4);
  });

  it('takes a login that appears after the first request', async () => {
    const dockerConfigFile = join(mkdtempSync(join(tmpdir(), 'vibed-registry-')), 'config.json');
    const registry = ociRegistry(new RegistryClient({ url: double.url, dockerConfigFile }), { signal, pauseMs: 1 });
    const { digest } = blobOf('x');
    await expect(registry.exists(repository, digest)).rejects.toMatchObject({ fault: 'Denied' });
    const auth = Buffer.from('user:pass').toString('base64');
    writeFileSync(dockerConfigFile, JSON.stringify({ auths: { [new URL(double.url).host]: { auth } } }));
    expect(await registry.exists(repository, digest)).toBe(false);
  });

  it('is told apart from a refused login, which nothing is gained by repeating', async () => {
    await expect(ofDouble('user:wrong').exists(repository, blobOf('x').digest)).rejects.toMatchObject({
      fault: 'Denied',
    });
  });

  it('does not pass off other bytes', async () => {
    const { digest } = blobOf('right');
    double.blobs.set(digest, Buffer.from('wrong'));
    await expect(textOf(await ofDouble().read(repository, digest))).rejects.toMatchObject({ fault: 'DigestMismatch' });
    await expect(ofDouble().resolve(repository, digest)).rejects.toMatchObject({ fault: 'DigestMismatch' });
  });

  it('or does not delete says so', async () => {
    double.fault = () => 405;
    await expect(ofDouble().delete(repository, blobOf('x').digest)).rejects.toMatchObject({ fault: 'Unsupported' });
  });

  it('is not followed elsewhere, or for ever, by the pages of its tags', async () => {
    const asked: string[] = [];
    const server = await listening(
      createServer((request, response) => {
        asked.push(request.url ?? '');
        response
          .writeHead(200, { link: '<http://192.0.2.1/v2/other/tags/list?last=a>; rel="next"' })
          .end('{"tags":["a"]}');
      }),
    );
    const tags = ociRegistry(new RegistryClient({ url: at(server) }), { signal }).tags(repository);
    await expect(tags).rejects.toMatchObject({ fault: 'Refused' });
    expect(new Set(asked.slice(2))).toEqual(new Set([`/v2/${repository}/tags/list?last=a`]));
    server.close();
  });
});

async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
