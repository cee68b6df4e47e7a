import fc from 'fast-check';
import { expect, it } from 'vitest';
import { registryRoute } from './registry-route.ts';

const grants = { own: ['alice/todo'], cache: ['cache/alice/todo'], bases: ['docker.io'], private: 'apps' };
const pieces = [
  '/v2/',
  'mirror/',
  'docker.io/',
  'alice/todo',
  'bob/x',
  '/manifests/',
  'latest',
  '/blobs/',
  'uploads/',
  'sha256:00',
  '..',
  '/',
  '%2f',
  '?from=bob/x&mount=sha256:00',
  '@',
  '#',
  '\\',
  'cache/',
];

it('gives nothing but the granted repositories, whatever the request is', () => {
  const target = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map(parts => parts.join('')),
    fc.string(),
    fc.webUrl(),
  );
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT');
  fc.assert(
    fc.property(method, target, (verb, path) => {
      const route = registryRoute(verb, path, grants);
      if (route.kind === 'ping' || route.kind === 'refused') return;
      expect(JSON.stringify(route)).not.toMatch(/bob|%2f|\.\.|\\\\/);
      if (route.kind === 'forward' && route.host !== undefined)
        expect([route.host, verb === 'GET' || verb === 'HEAD']).toEqual(['docker.io', true]);
      else expect([...grants.own, ...grants.cache]).toContain(route.repository);
    }),
    { numRuns: 20_000 },
  );
});

it('reaches what is granted', () => {
  expect(registryRoute('GET', '/v2/mirror/docker.io/library/node/manifests/24-slim', grants)).toMatchObject({
    kind: 'forward',
    host: 'docker.io',
    repository: 'library/node',
  });
  expect(
    registryRoute('POST', '/v2/alice/todo/blobs/uploads/?mount=sha256:00&from=cache/alice/todo', grants),
  ).toMatchObject({ kind: 'forward', query: 'mount=sha256%3A00&from=cache%2Falice%2Ftodo' });
});

// Another tenant's repository, in every spelling that a parser somewhere between here and the disk might read as it.
const foreign = 'apps/bob/shop';
const routes = [
  `/v2/${foreign}`,
  `/v2/mirror/docker.io/${foreign}`,
  '/v2/mirror/docker.io/APPS/bob/shop',
  '/v2/mirror/docker.io/Apps/Bob/Shop',
  '/v2/mirror/docker.io/apps%2fbob%2fshop',
  '/v2/mirror/docker.io/apps%2Fbob/shop',
  '/v2/mirror/docker.io/%61pps/bob/shop',
  '/v2/mirror/docker.io/%2e/apps/bob/shop',
  '/v2/mirror/docker.io/./apps/bob/shop',
  '/v2/mirror/docker.io/library/../apps/bob/shop',
  '/v2/mirror/docker.io/library/%2e%2e/apps/bob/shop',
  '/v2/mirror/docker.io/library/%252e%252e/apps/bob/shop',
  '/v2/mirror/docker.io//apps/bob/shop',
  '/v2/mirror/docker.io/apps//bob/shop',
  '/v2/mirror//docker.io/apps/bob/shop',
  '/v2//mirror/docker.io/apps/bob/shop',
  '//v2/mirror/docker.io/apps/bob/shop',
  '/v2/mirror/docker.io/apps\\bob\\shop',
  '/v2/mirror/docker.io:443/apps/bob/shop',
  '/v2/mirror/DOCKER.IO/apps/bob/shop',
  '/v2/mirror/docker.io./apps/bob/shop',
  '/v2/mirror/docker.io@docker.io/apps/bob/shop',
  '/v2/mirror/mirror/docker.io/apps/bob/shop',
  '/v2/alice/todo/../../apps/bob/shop',
  '/v2/alice/todo/%2e%2e/%2e%2e/apps/bob/shop',
  '/v2/alice/todo/;/../../apps/bob/shop',
  'http://registry/v2/apps/bob/shop',
];
const parts = [
  '/manifests/latest',
  '/manifests/sha256:00',
  '/manifests/latest/',
  '/manifests/latest?x=/manifests/latest',
  '/manifests/latest#/alice/todo',
  '/blobs/sha256:00',
  '/blobs/uploads/',
  '/blobs/uploads/00000000-0000-0000-0000-000000000000',
  '/tags/list',
  '/tags/list?n=1000',
  '/referrers/sha256:00',
];
it.each(routes.flatMap(route => parts.map(part => `${route}${part}`)))('refuses %s', target => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
    expect([method, registryRoute(method, target, grants).kind]).toEqual([method, 'refused']);
});

it.each([
  '/v2/_catalog',
  '/v2/_catalog/',
  '/v2/_catalog?n=10',
  '/v2/_CATALOG',
  '/v2/%5fcatalog',
  '/v2/mirror/docker.io/_catalog',
  '/v2/mirror/docker.io/../_catalog',
  '/v2/alice/todo/_catalog',
  '/v2/alice/todo/../../_catalog',
  '/v1/search?q=apps',
  '/v2/mirror/docker.io/apps/tags/list',
])('lists no repositories: %s', target => expect(registryRoute('GET', target, grants).kind).toBe('refused'));

it('serves a base whose name only begins like ours', () => {
  const target = '/v2/mirror/docker.io/apps-of-others/tool/manifests/1';
  expect(registryRoute('GET', target, grants)).toMatchObject({ kind: 'forward', repository: 'apps-of-others/tool' });
});

it.each([
  'from=apps/bob/shop',
  'from=apps%2fbob%2fshop',
  'from=APPS/bob/shop',
  'from=../../apps/bob/shop',
  'From=apps/bob/shop',
  'from[]=apps/bob/shop',
  'from=apps/bob/shop&from=alice/todo',
  '',
])('mounts nothing of others: %s', from => {
  const route = registryRoute('POST', `/v2/alice/todo/blobs/uploads/?mount=sha256:00&${from}`, grants);
  expect(route).toMatchObject({ kind: 'forward', repository: 'alice/todo', query: '' });
});

it('takes the first of several sources of a mount, and passes no other on', () => {
  const query = 'mount=sha256:00&from=alice/todo&from=apps/bob/shop&mount=sha256:11';
  expect(registryRoute('POST', `/v2/alice/todo/blobs/uploads/?${query}`, grants)).toMatchObject({
    query: 'mount=sha256%3A00&from=alice%2Ftodo',
  });
});
