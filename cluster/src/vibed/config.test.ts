import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { layoutOf } from '../layout.ts';
import { domainIn, isGiven, readGiven, registryIn, VARIABLES } from './config.ts';

it('takes KUBECONFIG for a given cluster unless it names none or our own', () => {
  const layout = layoutOf('/nowhere');
  expect(isGiven(layout, {})).toBe(false);
  expect(isGiven(layout, { KUBECONFIG: '' })).toBe(false);
  expect(isGiven(layout, { KUBECONFIG: '/home/me/.kube/config' })).toBe(true);
  const ours = { ...layout, kubeconfig: import.meta.filename };
  expect(isGiven(ours, { KUBECONFIG: import.meta.filename })).toBe(false);
});

it.each([
  ['https://registry.example.com', { push: 'https://registry.example.com', pull: 'registry.example.com' }],
  ['http://10.0.0.1:5000/', { push: 'http://10.0.0.1:5000', pull: '10.0.0.1:5000' }],
  ['https://ghcr.io/team/apps', { push: 'https://ghcr.io', pull: 'ghcr.io', prefix: 'team/apps' }],
])('reads the registry %s', (text, want) => expect(registryIn(text)).toEqual(want));

it('wants a scheme before the registry', () => {
  expect(() => registryIn('registry.example.com')).toThrow('write https://');
  expect(() => registryIn('registry:5000')).toThrow('write https://');
});

it.each([
  ['apps.example.com', { domain: 'apps.example.com', scheme: 'http' }],
  ['https://apps.example.com', { domain: 'apps.example.com', scheme: 'https' }],
  ['localhost:8080', { domain: 'localhost', scheme: 'http', externalPort: 8080 }],
])('reads the domain %s', (text, want) => expect(domainIn(text)).toEqual(want));

it('refuses what is no domain', () => expect(() => domainIn('*.example.com')).toThrow('VIBED_DOMAIN'));

it('says nothing where no variable does, so that it hides nothing', async () => {
  const { settings, file } = await readGiven({});
  expect([settings, file]).toEqual([{ registry: {}, apps: {}, builds: {} }, {}]);
});

it('lets the host that nodes pull from differ', async () => {
  const { settings } = await readGiven({
    VIBED_REGISTRY: 'http://registry.kube-system.svc',
    VIBED_REGISTRY_PULL: 'localhost:5001',
  });
  expect(settings.registry).toEqual({ push: 'http://registry.kube-system.svc', pull: 'localhost:5001' });
});

it('names the variable whose file is missing', async () => {
  await expect(readGiven({ VIBED_CA: '/no/such/file' })).rejects.toThrow('VIBED_CA: ENOENT');
});

it('tells every variable in docs/install.md', () => {
  const page = readFileSync(new URL('../../../docs/install.md', import.meta.url), 'utf8');
  expect(
    Object.keys(VARIABLES).filter(name => !page.includes(`| \`${name}\``) && !page.includes(`, \`${name}\` |`)),
  ).toEqual([]);
});
