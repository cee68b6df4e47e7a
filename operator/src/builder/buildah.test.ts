// The whole build Job as a reviewer reads it, and what must hold for every Job whatever the spec says.
import type { CompactSpec } from '@vibed/store';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { settings, worldOf } from '../artifact/world.testing.ts';
import type { Job } from '../artifact/world.ts';
import { buildEnvironmentObject } from './build-environment.ts';
import { buildahBuilder } from './buildah.ts';

const options = {
  settings: {
    ...settings,
    builds: { ...settings.builds, network: { httpsProxy: 'http://proxy:3128', npmRegistry: 'https://npm.example/' } },
  },
  stepsImage: 'vibed/operator@sha256:op',
  caBundle: 'PEM',
};
const desired = (spec: CompactSpec) =>
  buildahBuilder(options).desired({ artifact: worldOf({ spec }).artifact, key: 'k'.repeat(16) });
const files: CompactSpec = { source: { files: { digest: 'sha256:tree', count: 1 } } };
const git: CompactSpec = {
  source: { git: { url: 'https://git.example/x.git', ref: 'main', secretRef: { name: 'mine' } } },
  build: { args: [{ name: 'A', value: '$(id)' }] },
};
const snapshot: CompactSpec = { source: { snapshot: { digest: 'sha256:tree' } } };
const podOf = (spec: CompactSpec) => (desired(spec)[0]?.object as Job | undefined)?.spec?.template.spec;

const sourceJobOf = (spec: CompactSpec): unknown => {
  const source = podOf(spec)?.initContainers?.find(({ name }) => name === 'source');
  return JSON.parse(source?.env?.find(({ name }) => name === 'VIBED_SOURCE')?.value ?? '');
};

describe('the build Job', () => {
  it('is the golden one for inline files', async () => {
    const text = desired(files)
      .map(c => stringify(c.object, { lineWidth: 140, aliasDuplicateObjects: false }))
      .join('---\n');
    await expect(text).toMatchFileSnapshot('goldens/inline-files.yaml');
  });

  it.each([files, git, snapshot])('gives Buildah neither credential nor token, and no right beyond baseline', spec => {
    const pod = podOf(spec);
    const build = pod?.containers.find(c => c.name === 'build');
    expect(pod).toMatchObject({ automountServiceAccountToken: false, hostUsers: false, restartPolicy: 'Never' });
    expect(build?.securityContext).toMatchObject({
      privileged: false,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(build?.volumeMounts?.map(m => m.name)).toEqual(['workspace', 'storage', 'tmp', 'environment', 'registries']);
  });

  it('mounts the git credential in *source* alone', () => {
    const pod = podOf(git);
    const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
    expect(all.filter(c => c.volumeMounts?.some(m => m.name === 'git-credential')).map(c => c.name)).toEqual([
      'source',
    ]);
    expect(desired(git).map(c => c.kind.kind)).toEqual(['Job', 'Secret']);
  });

  it('lets *source* alone fetch an upload, with a token that only the source endpoint takes', () => {
    const pod = podOf(snapshot);
    const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
    expect(all.filter(c => c.volumeMounts?.some(m => m.name === 'source-token')).map(c => c.name)).toEqual(['source']);
    expect(pod?.serviceAccountName).toBe('vibed-build');
    expect(pod?.volumes?.find(v => v.name === 'source-token')?.projected?.sources).toEqual([
      { serviceAccountToken: { audience: 'vibed-source', expirationSeconds: 600, path: 'token' } },
    ]);
    expect((desired(snapshot)[0]?.object as Job | undefined)?.spec?.template.metadata?.annotations).toEqual({
      'vibed.dev/source-digest': 'sha256:tree',
    });
    expect(podOf(files)).not.toHaveProperty('serviceAccountName');
  });

  it('keeps users’ values out of shell text', () => {
    const command = podOf(git)?.containers[0]?.command ?? [];
    expect(command[2]).not.toContain('$(id)');
    // As the kubelet has to find it, to pass it on as it is written.
    expect(command).toContain('A=$$(id)');
  });

  it('gives values to the build as arguments, by their names alone to the plan, and the folder', () => {
    const spec: CompactSpec = {
      ...files,
      build: {
        path: 'apps/web',
        env: [
          { name: 'VITE_A', value: 'a b' },
          { name: 'SHARED', value: 'env' },
        ],
        args: [{ name: 'SHARED', value: 'arg' }],
      },
      run: { env: [{ name: 'REACT_APP_B', value: '$(id)' }] },
    };
    const command = podOf(spec)?.containers[0]?.command ?? [];
    expect(command.filter((_, i) => command[i - 1] === '--build-arg')).toEqual([
      'VITE_A=a b',
      'SHARED=arg',
      'REACT_APP_B=$$(id)',
    ]);
    expect(sourceJobOf(spec)).toMatchObject({
      request: { path: 'apps/web', env: ['VITE_A', 'SHARED', 'REACT_APP_B'], published: ['REACT_APP_B'] },
    });
    expect(JSON.stringify(sourceJobOf(spec))).not.toMatch(/a b|id/);
  });

  it('takes the wanted time, and no more than the settings allow', () => {
    const deadline = (timeout: string) =>
      (desired({ ...files, build: { timeout } })[0]?.object as Job | undefined)?.spec?.activeDeadlineSeconds;
    expect([deadline('2m'), deadline('9h')]).toEqual([120 + 300, settings.builds.timeoutMaxSeconds + 300]);
  });

  it('is the same for the same input, so that nothing is written twice', () => {
    expect(desired(files)).toEqual(desired(files));
  });
});

it('the site’s settings reach builds as files', () => {
  expect(buildEnvironmentObject(options, 'vibed-builds').data).toMatchObject({
    npmrc: expect.stringContaining('npm.example'),
    'ca.pem': 'PEM',
    'registries.conf': expect.stringContaining('docker.io'),
  });
});
