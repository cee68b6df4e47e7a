// The install Job as a reviewer reads it, what must hold for each, and what its pod says in the words of the Builder port.

import { spawnSync } from 'node:child_process';
import { specSchema } from '@vibed/crds';
import { recipeFor, treeOf } from '@vibed/recipe';
import { samples } from '@vibed/recipe/samples';
import type { CompactSpec } from '@vibed/store';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { fileSpec, settings as someSettings, worldOf } from '../../artifact/world.testing.ts';
import type { Job, Pod } from '../../artifact/world.ts';
import { buildEnvironment } from '../build-files.ts';
import type { JobPlan } from '../builder.ts';
import { builders } from '../builders.ts';
import { cutStage } from './deps.ts';
import { imageLayers } from './image-layers.ts';
import { installEnvironment, installScript, stageFolders } from './install-script.ts';

const settings = {
  ...someSettings,
  registry: { ...someSettings.registry, pushSecret: 'push' },
  builds: { ...someSettings.builds, network: { httpsProxy: 'http://proxy:3128', npmRegistry: 'https://npm.example/' } },
};
const options = { settings, stepsImage: 'vibed/operator@sha256:op', caBundle: 'PEM' };
const key = 'k'.repeat(16);
const plan: JobPlan & { builder: 'layers' } = {
  builder: 'layers',
  why: 'layers: because',
  facts: { port: 8080, uid: 10001, language: 'nodejs/express', builder: 'layers', why: ['layers: because'] },
  install: {
    image: 'docker.io/library/node@sha256:node',
    script: 'true',
    folders: ['/app'],
    job: {
      registry: { url: 'https://registry.example.com', dockerConfigFile: '/credential/.dockerconfigjson' },
      bases: {},
      prefix: 'vibed',
      repository: 'vibed/vibed-alice/todo',
      cache: 'vibed/vibed-alice/todo_cache',
      tag: key,
      source: 'sha256:source',
      base: 'docker.io/library/node@sha256:node',
      layers: [{ path: '/app/node_modules', target: '/app/node_modules/', uid: 10001, keepAs: 'layer-x' }],
      settings: [],
    },
  },
};
const { artifact } = worldOf({ spec: fileSpec() });
const builder = builders(options);
const job = builder.desired({ artifact, key, plan })[0]?.object as Job;
const pod = job.spec?.template.spec;

describe('the install Job', () => {
  it('is the golden one', async () => {
    const text = stringify(job, { lineWidth: 140, aliasDuplicateObjects: false });
    await expect(text).toMatchFileSnapshot('../goldens/install.yaml');
  });

  it('is one that Pod Security restricted admits', () => {
    expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])])
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
  });

  it('shows the credential to our own steps alone, and no token to anyone', () => {
    const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
    expect(all.filter(c => c.volumeMounts?.some(m => m.name === 'credential')).map(c => c.name)).toEqual([
      'fetch',
      'build',
    ]);
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(all.find(c => c.name === 'install')?.env?.map(e => e.name)).not.toContain('VIBED_LAYERS');
  });

  it('never runs the tenant’s commands beside a container of ours', () => {
    expect(pod?.initContainers?.map(c => [c.name, c.restartPolicy])).toEqual([
      ['fetch', undefined],
      ['install', undefined],
    ]);
  });
});

describe('what the pod says', () => {
  const ended = (name: string, exitCode: number, message?: object, reason?: string) => ({
    name,
    state: {
      terminated: { exitCode, ...(message && { message: JSON.stringify(message) }), ...(reason && { reason }) },
    },
  });
  const podWith = (statuses: object[], more: object = {}) =>
    ({
      metadata: { name: 'p', namespace: 'vibed-installs', ownerReferences: [{ uid: 'job-uid' }] },
      status: { initContainerStatuses: statuses, ...more },
    }) as unknown as Pod;
  const observed = (one: Pod, conditions: object[] = [{ type: 'Failed', status: 'True' }]) => {
    const live = { ...job, metadata: { ...job.metadata, uid: 'job-uid' }, spec: {}, status: { conditions } } as Job;
    return builder.observe(key, live, [one], artifact);
  };

  it('is the digest, with the facts that were known before', () => {
    const one = podWith([ended('build', 0, { ok: true, digest: 'sha256:image', user: 'set', exposed: [] })]);
    expect(observed(one, [])).toMatchObject({
      state: 'succeeded',
      facts: {
        key,
        digest: 'sha256:image',
        image: 'registry.example.com/vibed/vibed-alice/todo@sha256:image',
        port: 8080,
        why: ['layers: because'],
      },
      containers: ['fetch', 'install', 'build'],
    });
  });

  it.each([
    ['a failed command', [ended('install', 40, { ok: false, step: 'build', code: 1 })], {}, 'BuildFailed'],
    ['a killed command', [ended('install', 40, { ok: false, step: 'build', code: 137 })], {}, 'OutOfMemory'],
    ['a killed container', [ended('install', 137, undefined, 'OOMKilled')], {}, 'OutOfMemory'],
    ['the time that was given', [ended('install', 124)], {}, 'BuildTimeout'],
    ['a full disk', [], { reason: 'Evicted' }, 'DiskFull'],
    ['a registry that took nothing', [ended('build', 42, { ok: false, step: 'push' })], {}, 'RegistryUnavailable'],
    ['a registry that gave nothing', [ended('fetch', 2)], {}, 'RegistryUnavailable'],
    ['nothing at all', [], {}, 'BuildFailed'],
  ] as const)('is %s', (_what, statuses, more, reason) => {
    expect(observed(podWith([...statuses], more))).toMatchObject({ state: 'failed', reason });
  });
});

describe('the script', () => {
  const scriptFor = (name: string, restores = false, values: readonly string[] = []) => {
    const result = recipeFor(treeOf(samples[name] ?? {}), { language: 'auto' }, settings.builds);
    if (!result.ok || !('stages' in result.recipe.how)) throw new Error(name);
    const { build, image } = result.recipe.how.stages;
    if (build === undefined) throw new Error(name);
    const copies = imageLayers(image).layers.flatMap(layer => (layer.from === 'build' ? [layer.copy] : []));
    const stage = cutStage(build);
    const folders = stageFolders(build, copies);
    const keeps = !restores && stage.dependencies.length > 0 && stage.build.length > 0;
    return { folders, text: installScript({ stage, copies, folders, restores, keeps, values, processes: 9 }) };
  };
  const stepsOf = (text: string) => text.slice(text.indexOf('.local/bin\n') + 11);

  it.each([
    ['node-vite-react', ['/app']],
    ['node-typescript-build', ['/app']],
    ['python-fastapi', ['/app', '/venv']],
    ['go-module', ['/out', '/src']],
    ['node-workspaces', ['/app']],
  ])('of %s does what its Dockerfile says', async (name, folders) => {
    const script = scriptFor(name);
    expect(script.folders).toEqual(folders);
    await expect(stepsOf(script.text)).toMatchFileSnapshot(`goldens/${name}.sh`);
  });

  it('begins from a kept stage without installing', () => {
    const steps = stepsOf(scriptFor('node-vite-react', true).text);
    expect(steps).toContain('tar -xf /workspace/stage.tar -C /');
    expect(steps).not.toContain('npm install');
  });

  it.each([false, true])('gives the values to the build and not to the dependencies (kept stage: %s)', restores => {
    const steps = stepsOf(scriptFor('node-vite-react', restores, ['VITE_API_URL', 'B']).text).split('\n');
    const at = (start: string) => steps.findIndex(step => step.startsWith(start));
    expect(steps).toContain('export VITE_API_URL="$VIBED_BUILD_ENV_VITE_API_URL"');
    expect(at('export B=')).toBeGreaterThan(at(restores ? 'tar -xf' : "(keep 'app'"));
    expect(at('export B=')).toBeLessThan(at("run 'npm run build'"));
  });

  it('gives a value as it is, whatever it holds', () => {
    const value = '$(id) `id` "; exit 3 #\'\n$HOME \\ é';
    const line = stepsOf(scriptFor('node-vite-react', false, ['ODD']).text).match(/^export ODD=.*$/m)?.[0] ?? '';
    const printed = spawnSync('sh', ['-euc', `${line}\nsh -c 'printf %s "$ODD"'`], {
      env: { PATH: process.env.PATH, VIBED_BUILD_ENV_ODD: value },
      encoding: 'utf8',
    });
    expect(printed).toMatchObject({ status: 0, stdout: value });
  });
});

describe('values for the build', () => {
  const given = (spec: Pick<CompactSpec, 'build' | 'run'>) => {
    const world = worldOf({ spec: { ...fileSpec(), ...spec } });
    const made = builder.desired({ artifact: world.artifact, key, plan })[0]?.object as Job;
    const install = made.spec?.template.spec?.initContainers?.find(({ name }) => name === 'install');
    return Object.fromEntries((install?.env ?? []).map(({ name, value }) => [name, value]));
  };

  it('are variables of the install container under names of our own, which the kubelet does not expand', () => {
    const env = given({
      build: { env: [{ name: 'VITE_A', value: '$(HOME)' }] },
      run: {
        env: [
          { name: 'NEXT_PUBLIC_B', value: 'b' },
          { name: 'TOKEN', value: 'secret' },
          { name: 'VITE_C', secretRef: { name: 's', key: 'k' } },
        ],
      },
    });
    expect(env).toMatchObject({ VIBED_BUILD_ENV_VITE_A: '$$(HOME)', VIBED_BUILD_ENV_NEXT_PUBLIC_B: 'b' });
    expect(Object.keys(env).filter(name => /TOKEN|VITE_C/.test(name))).toEqual([]);
  });

  it('never have a name that vibeD sets for a build', () => {
    const network = { httpProxy: 'p', httpsProxy: 'p', noProxy: 'n', npmRegistry: 'r', pipIndexUrl: 'i', goProxy: 'g' };
    const { process, env } = buildEnvironment({ ...network, caBundle: 'PEM' });
    const names = Object.keys({ ...installEnvironment, ...process, ...env, PATH: '', VIBED_BUILD_ENV_A: '' });
    const isTaken = (name: string) =>
      specSchema.safeParse({ source: { files: [{ path: 'a', content: '' }] }, build: { env: [{ name, value: '' }] } })
        .success;
    expect(names.filter(isTaken)).toEqual([]);
    expect(['VITE_API_URL', 'NODE_ENV', 'PORTAL_URL'].filter(isTaken)).toHaveLength(3);
  });
});
