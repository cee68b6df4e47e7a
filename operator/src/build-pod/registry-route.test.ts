import fc from 'fast-check';
import { expect, it } from 'vitest';
import { registryRoute } from './registry-route.ts';

const grants = { own: ['alice/todo'], cache: ['cache/alice/todo'], bases: ['docker.io'] };
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
