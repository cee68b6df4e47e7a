import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../../operator/src/settings.ts';
import { buildPod, CAPABILITIES } from './check-objects.ts';
import {
  anonymousFinding,
  buildFindings,
  buildStuckFinding,
  lateReason,
  linesOf,
  podSecurityFinding,
  probeFinding,
  pullFinding,
  startOf,
} from './findings.ts';

const settings = settingsSchema.parse({
  apps: { domain: 'example.com', probeVia: 'ingress:80', ingressClass: 'nginx' },
  registry: { push: 'https://r.example.com', pull: 'r.example.com' },
  builds: { image: 'r.example.com/vibed/buildah:1' },
});
const waiting = (reason: string, message = '') => ({
  status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason, message } } }] },
});

describe('a pod', () => {
  it.each([
    ['has started', { status: { containerStatuses: [{ state: { running: {} } }] } }, { state: 'started' }],
    [
      'has ended',
      { status: { containerStatuses: [{ state: { terminated: { exitCode: 1 } } }] } },
      { state: 'started' },
    ],
    ['is on its way', waiting('ContainerCreating'), { state: 'waiting' }],
    ['is new', {}, { state: 'waiting' }],
    ['cannot be pulled', waiting('ErrImagePull', 'no host'), { state: 'stuck', why: 'ErrImagePull: no host' }],
    [
      'is misconfigured',
      waiting('CreateContainerConfigError', 'x'),
      { state: 'stuck', why: 'CreateContainerConfigError: x' },
    ],
  ])('%s', (_, pod, want) => expect(startOf(pod)).toEqual(want));

  it('that is late says what the scheduler says', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }];
    expect(lateReason({ status: { phase: 'Pending', conditions } })).toBe('0/1 nodes are available');
    expect(lateReason(waiting('ContainerCreating'))).toBe('ContainerCreating');
  });
});

describe('registry from a node', () => {
  it.each([
    ['http: server gave HTTP response to HTTPS client', 'plain http'],
    ['pull access denied: 401 Unauthorized', 'imagePullSecret'],
    ['dial tcp: lookup r.example.com: no such host', 'VIBED_REGISTRY_PULL'],
  ])('%s has its own remedy', (why, remedy) =>
    expect(pullFinding('r.example.com/a', why)).toMatchObject({
      verdict: 'missing',
      remedy: expect.stringContaining(remedy),
    }),
  );
});

it.each([
  [{ reads: false, writes: false }, false, 'ok', 'refused'],
  [{ reads: true, writes: false }, false, 'missing', 'can be read'],
  [{ reads: false, writes: true }, false, 'missing', 'can be overwritten'],
  [{ reads: true, writes: true }, true, 'warn', 'can be read and overwritten'],
])('a registry that without a login gives %j, accepted: %s, is %s', (access, accepted, verdict, detail) => {
  const finding = anonymousFinding(access, accepted);
  expect(finding).toMatchObject({ verdict, detail: expect.stringContaining(detail) });
  expect(finding.remedy ?? 'VIBED_REGISTRY_AUTH').toContain('VIBED_REGISTRY_AUTH');
});

it('tells enforced Pod Security from a cluster where it is off, and from another refusal', () => {
  expect(podSecurityFinding('pods "root" is forbidden: violates PodSecurity "restricted"').verdict).toBe('ok');
  expect(podSecurityFinding(undefined).verdict).toBe('missing');
  expect(podSecurityFinding('connection refused').verdict).toBe('missing');
});

describe('a build', () => {
  const log = (outside: number) => `uid map:  0 ${outside} 65536\nbuildah version 1.43.0 (image-spec 1.1.1)\nbuilt\n`;
  const verdicts = (text: string, code: number | undefined, given = settings) =>
    Object.fromEntries(buildFindings(text, code, given).map(({ name, verdict }) => [name, verdict]));
  const withHostUsers = { ...settings, builds: { ...settings.builds, hostUsers: true } };

  it('needs a user namespace of its own', () => {
    expect(verdicts(log(1_000_000), 0)).toEqual({ 'user namespaces': 'ok', buildah: 'ok' });
    expect(verdicts(log(0), 0)).toEqual({ 'user namespaces': 'missing', buildah: 'ok' });
  });
  it('is warned of where the settings do without', () =>
    expect(verdicts(log(0), 0, withHostUsers)).toEqual({ 'user namespaces': 'warn', buildah: 'ok' }));
  it('that fails says with what', () => {
    const failed = buildFindings('uid map: 0 1 2\nbuildah version 1.43.0\nError: mount: not permitted', 125, settings);
    expect(failed[1]).toMatchObject({ verdict: 'missing', detail: expect.stringContaining('not permitted') });
    expect(verdicts('', undefined)).toEqual({ buildah: 'missing' });
  });
  it('is warned of where no policy shuts its way out', () => {
    expect(verdicts(`${log(1_000_000)}way out: shut\n`, 0)).toMatchObject({ 'network policies': 'ok' });
    expect(verdicts(`${log(1_000_000)}way out: open\n`, 0)).toMatchObject({ 'network policies': 'warn' });
  });
  it('that never starts says why', () => {
    expect(buildStuckFinding('runtime does not support user namespaces', settings).name).toBe('user namespaces');
    expect(buildStuckFinding('ErrImagePull: x', settings).remedy).toContain('VIBED_BUILDAH_IMAGE');
    expect(buildStuckFinding('denied by policy', settings).remedy).toContain('baseline');
  });
  it('is tried with exactly what the operator gives to builds', () => {
    const operator = readFileSync(new URL('../../../operator/src/builder/buildah.ts', import.meta.url), 'utf8');
    expect(operator).toContain(`'${CAPABILITIES}'`);
    const pod = JSON.stringify(buildPod({ namespace: 'a', buildNamespace: 'b', word: 'w' }, settings));
    expect(pod).toContain('"hostUsers":false');
  });
});

it('takes missing packages for a warning, and everything else for a need', () => {
  const result = (name: 'packages' | 'registry') => probeFinding({ name, ok: false, detail: 'x' }, settings);
  expect([result('packages').verdict, result('registry').verdict]).toEqual(['warn', 'missing']);
  expect(result('registry').remedy).toContain('https://r.example.com');
});

it('prints a remedy below what is missing', () => {
  const finding = probeFinding({ name: 'ingress', ok: false, detail: 'refused' }, settings);
  expect(linesOf(finding).split('\n')).toEqual([
    '  missing  ingress               refused',
    '           → ingress:80 must lead to apps by Ingress class nginx: VIBED_INGRESS_ADDRESS and VIBED_INGRESS_CLASS name others; tenants.ingressNamespaces in VIBED_SETTINGS_FILE names the controller’s namespace, where the address does not',
  ]);
});
