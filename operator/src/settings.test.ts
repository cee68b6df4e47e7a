import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { dialled, readSettings } from './settings.ts';

const file = (text: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'vibed-settings-')), 'settings.yaml');
  writeFileSync(path, text);
  return path;
};
const least = `
apps: { domain: apps.example.com, probeVia: "traefik.traefik:80" }
registry: { push: "https://registry.example.com", pull: registry.example.com }
builds: { image: registry.example.com/buildah }
`;

it('has a default for everything that can have one', () => {
  expect(readSettings(file(least))).toMatchObject({
    systemNamespace: 'vibed-system',
    builds: {
      namespace: 'vibed-builds',
      parallel: 2,
      hostUsers: false,
      bases: {
        node: [{ version: '24', image: 'docker.io/library/node:24-slim' }, { version: '22' }, { version: '20' }],
        python: [
          { version: '3.13' },
          { version: '3.14' },
          { version: '3.12' },
          { version: '3.11' },
          { version: '3.10' },
        ],
        go: [{ version: '1.26' }, { version: '1.25' }],
      },
    },
    sources: { gitSchemes: ['https'] },
  });
});

const basesIn = (bases: string) =>
  readSettings(file(least.replace('buildah }', `buildah, bases: ${bases} }`))).builds.bases;

it('reads the name of one image as a list of one, by the version in its tag', () => {
  expect(basesIn('{ python: "registry:5000/python:3.12-slim@sha256:12", node: "node:22" }')).toMatchObject({
    python: [{ version: '3.12', image: 'registry:5000/python:3.12-slim@sha256:12' }],
    node: [{ version: '22', image: 'node:22' }],
  });
});

it.each([
  ['{ node: "registry:5000/node" }', /builds\.bases\.node\.0\.version: .*"24"/],
  ['{ node: "node:latest" }', /builds\.bases\.node\.0\.version: .*"24"/],
  ['{ node: [{ version: 24, image: a }] }', /builds\.bases\.node\.0\.version: .*in quotes/],
  ['{ go: [] }', /builds\.bases\.go/],
  [
    '{ go: [{ version: "1.26", image: a }, { version: "1.26", image: b }] }',
    /builds\.bases\.go: name each version once/,
  ],
])('refuses bases without one version each: %s', (bases, problem) => {
  expect(() => basesIn(bases)).toThrow(problem);
});

it('names every wrong field and where to mend it', () => {
  const path = file('apps: { domain: "" }\nregistry: {}\nbuilds: { image: x, parallel: 0 }\n');
  expect(() => readSettings(path)).toThrow(
    /vibed-settings[\s\S]*apps\.domain[\s\S]*apps\.probeVia[\s\S]*registry\.push[\s\S]*builds\.parallel/,
  );
});

it.each(['kube-public', 'vibed-system', 'vibed-builds', 'vibed-installs', 'default'])(
  'takes no system namespace to be shared by everybody: %s',
  name => {
    expect(() => readSettings(file(`${least}tenants: { sharedNamespace: ${name} }\n`))).toThrow(
      /tenants\.sharedNamespace/,
    );
  },
);

it('takes no field it does not know: a typo is not a default', () => {
  expect(() => readSettings(file(`${least}tenant: {}\n`))).toThrow(/tenant/);
});

it.each([
  ['http://todo.example.com:8080', 'kubernetes', 'traefik.traefik:80'],
  ['http://todo.example.com', 'knative', 'kourier:80'],
  ['http://todo.team.svc', 'kubernetes', 'todo.team.svc:80'],
  ['http://todo.team.svc.cluster.local:81', 'knative', 'todo.team.svc.cluster.local:81'],
] as const)('dials %s of %s at %s', (url, target, address) => {
  const settings = readSettings(file(`${least}targets: { knative: { probeVia: "kourier:80" } }\n`));
  expect(dialled(new URL(url), target, settings)).toBe(address);
});

it('dies at the start, with a hint, without its own image', () => {
  expect(() => readConfig({})).toThrow(/VIBED_STEPS_IMAGE.*install\.yaml/);
  expect(readConfig({ VIBED_STEPS_IMAGE: 'x' })).toMatchObject({ workers: 8, port: 8081, healthPort: 8082 });
});
