// Whose images and layers somebody can read or write: their own, by their own builds.
import { expect } from 'vitest';
import { type AttackStage, attack } from '../lib/attack.ts';
import { hasManifest, tagsOf } from '../lib/registry.ts';
import { proves } from '../lib/scenario.ts';
import { type HttpTarget, reportOf, scoutOf } from '../lib/scout.ts';

interface Image {
  repository: string;
  digest: string;
}

/** An image of the neighbour’s that is in the registry. */
async function theirImage({ cluster, neighbour }: AttackStage): Promise<Image> {
  const repository = `vibed/${neighbour.app.namespace}/${neighbour.app.name}`;
  const digest = (await neighbour.app.state()).build?.digest ?? '';
  expect(await hasManifest(cluster, repository, digest)).toBe(true);
  return { repository, digest };
}

attack('a registry that nobody is logged in to', proves('hostile.registry'), async stage => {
  const { cluster } = stage;
  const { repository, digest } = await theirImage(stage);
  const requests = [
    ['GET', '/v2/'],
    ['GET', '/v2/_catalog'],
    ['GET', `/v2/${repository}/tags/list`],
    ['GET', `/v2/${repository}/manifests/${digest}`],
    ['HEAD', `/v2/${repository}_cache/manifests/latest`],
    ['POST', `/v2/${repository}/blobs/uploads/`],
    ['PUT', `/v2/${repository}/manifests/stolen`],
    ['DELETE', `/v2/${repository}/manifests/${digest}`],
    ['GET', '/v2/library/node/manifests/24-slim'],
  ] as const;
  const logins = [{}, { authorization: 'Basic Og==' }, { authorization: `Basic ${btoa('builds:builds')}` }];
  for (const [method, path] of requests)
    for (const headers of logins) {
      const answer = await fetch(new URL(path, cluster.registryURL), { method, headers });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
  expect(await hasManifest(cluster, repository, digest)).toBe(true);
});

/** The neighbour’s image in spellings that a parser between the build and the disk might read as it. */
function spellings({ repository, digest }: Image): string[] {
  const [prefix = '', ...rest] = repository.split('/');
  const below = rest.join('/');
  const encoded = repository.replaceAll('/', '%2f');
  const names = [
    `/v2/${repository}`,
    `/v2/${encoded}`,
    `/v2//${repository}`,
    `/v2/./${repository}`,
    `/v2/library/../${repository}`,
    `/v2/library/%2e%2e/${repository}`,
    `/v2/mirror/docker.io/${repository}`,
    `/v2/mirror/docker.io/${prefix.toUpperCase()}/${below}`,
    `/v2/mirror/docker.io/${encoded}`,
    `/v2/mirror/docker.io/${prefix}%2F${below}`,
    `/v2/mirror/docker.io/./${repository}`,
    `/v2/mirror/docker.io/library/../${repository}`,
    `/v2/mirror/docker.io/library/%2e%2e/${repository}`,
    `/v2/mirror/docker.io//${repository}`,
    `/v2/mirror/docker.io/${prefix}//${below}`,
    `/v2/mirror/docker.io:443/${repository}`,
    `/v2/mirror/DOCKER.IO/${repository}`,
    `/v2/mirror/docker.io/${repository}_cache`,
  ];
  return names.flatMap(name => [`${name}/manifests/${digest}`, `${name}/tags/list`, `${name}/blobs/${digest}`]);
}

attack('a RUN step that reads through the sidecar', proves('hostile.registry'), async stage => {
  const { cluster, namespace } = stage;
  const image = await theirImage(stage);
  const sidecar = { host: '127.0.0.1', port: 5000 };
  const [registryHost = '', port] = cluster.registryInside.split(':');
  const registry = { host: registryHost, port: Number(port) };
  const own = `/v2/vibed/${namespace}/scout`;
  const named = (targets: readonly HttpTarget[]) =>
    Object.fromEntries(targets.map(target => [`${target.method ?? 'GET'} ${target.host} ${target.path}`, target]));
  const refused = named([
    ...spellings(image).map(path => ({ ...sidecar, path })),
    { ...sidecar, path: '/v2/_catalog' },
    { ...sidecar, path: '/v2/mirror/docker.io/_catalog' },
    { ...sidecar, method: 'POST', path: `/v2/${image.repository}/blobs/uploads/` },
    { ...sidecar, method: 'PUT', path: `/v2/${image.repository}/manifests/stolen` },
    { ...sidecar, method: 'DELETE', path: `/v2/${image.repository}/manifests/${image.digest}` },
    { ...sidecar, method: 'PUT', path: '/v2/mirror/docker.io/library/node/manifests/24-slim' },
  ]);
  const anonymous = named([
    { ...registry, path: `/v2/${image.repository}/manifests/${image.digest}` },
    { ...registry, method: 'POST', path: `/v2/${image.repository}/blobs/uploads/` },
  ]);
  const served = named([{ ...sidecar, path: '/v2/mirror/docker.io/library/node/tags/list' }]);
  // Mounting what is another's begins an ordinary upload.
  const begun = named([
    { ...sidecar, method: 'POST', path: `${own}/blobs/uploads/?mount=${image.digest}&from=${image.repository}` },
    {
      ...sidecar,
      method: 'POST',
      path: `${own}/blobs/uploads/?mount=${image.digest}&from=${own.slice(4)}&from=${image.repository}`,
    },
  ]);
  const app = stage.app('scout');
  const requests = { ...refused, ...anonymous, ...served, ...begun };
  await app.apply(scoutOf({ requests }, 'buildah'));
  await app.runs();
  const all = (targets: object, status: number) => Object.fromEntries(Object.keys(targets).map(key => [key, status]));
  expect(await reportOf(app, '/built')).toEqual({
    ...all(refused, 403),
    ...all(anonymous, 401),
    ...all(served, 200),
    ...all(begun, 202),
  });
  expect(await tagsOf(cluster, image.repository)).not.toContain('stolen');
});
