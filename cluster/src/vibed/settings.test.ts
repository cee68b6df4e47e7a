import { expect, it } from 'vitest';
import type { Environment } from '../environment.ts';
import { apiBelow, merged, problemsOf, settingsFor } from './settings.ts';

it('lays settings over each other field by field', () => {
  const below = { apps: { domain: 'a', scheme: 'http' }, sources: { gitSchemes: ['https', 'http'] } };
  const above = { apps: { domain: 'b' }, sources: { gitSchemes: ['https'] }, builds: { parallel: 4 } };
  expect(merged(below, above)).toEqual({
    apps: { domain: 'b', scheme: 'http' },
    sources: { gitSchemes: ['https'] },
    builds: { parallel: 4 },
  });
});

it('says by which variable each thing is told that is known from nowhere', () => {
  const problems = problemsOf({ builds: { image: 'buildah' } }).map(line => line.split('=')[0]);
  expect(problems).toEqual(['VIBED_DOMAIN', 'VIBED_INGRESS_ADDRESS', 'VIBED_REGISTRY']);
});

it('names a wrong field of a settings file', () => {
  const apps = { domain: 'example.com', probeVia: 'ingress:80' };
  const registry = { push: 'https://r.example.com', pull: 'r.example.com' };
  expect(problemsOf({ apps, registry, builds: { image: 'buildah' } })).toEqual([]);
  expect(problemsOf({ apps, registry, builds: { image: 'buildah', parallel: 0 } })).toEqual([
    expect.stringContaining('settings: builds.parallel:'),
  ]);
});

it('puts the api-server beside the apps', () => {
  expect(apiBelow({ apps: { domain: 'localhost', externalPort: 8080 } })).toEqual({
    publicUrl: 'http://vibed.localhost:8080',
  });
  expect(apiBelow({ apps: { domain: 'apps.example.com', scheme: 'https' } })).toEqual({
    publicUrl: 'https://vibed.apps.example.com',
  });
  expect(apiBelow({})).toEqual({});
});

it('builds with the versions that the cluster has images of', () => {
  const env = (base: readonly string[]) =>
    ({ ingress: {}, images: { base, buildah: 'b' }, egress: { noProxy: [] }, packages: {} }) as unknown as Environment;
  const { bases } = settingsFor(env(['vibed/node-git:24', 'node:24-slim', 'node:22-slim', 'golang:1.27'])).builds;
  expect(bases).toEqual({
    node: [
      { version: '24', image: 'docker.io/library/node:24-slim' },
      { version: '22', image: 'docker.io/library/node:22-slim' },
    ],
    go: [{ version: '1.27', image: 'docker.io/library/golang:1.27' }],
  });
});
