import type { V1NetworkPolicySpec } from '@kubernetes/client-node';
import type { Wire } from '@vibed/store/kube';
import { describe, expect, it } from 'vitest';
import { settings } from '../artifact/world.testing.ts';
import { type Settings, settingsSchema } from '../settings.ts';
import { notPublic } from './addresses.ts';
import { installationPolicies, workspacePolicy } from './policies.ts';

type Spec = Wire<V1NetworkPolicySpec>;

const withSettings = (more: Record<string, object>): Settings =>
  settingsSchema.parse({
    apps: { domain: 'apps.example.com', probeVia: 'ingress:80' },
    registry: { push: 'https://registry.example.com', pull: 'registry.example.com' },
    ...more,
    builds: { image: 'buildah', ...more.builds },
  });

/** Each peer of the rules as a word. */
const peersOf = (rules: Spec['ingress'] | Spec['egress'] = []) =>
  rules.flatMap(rule => {
    const peers = 'from' in rule ? rule.from : 'to' in rule ? rule.to : [];
    const ports = (rule.ports ?? []).map(({ protocol, port }) => `${protocol} ${port}`).join(', ');
    return (peers ?? []).map(({ ipBlock, namespaceSelector, podSelector }) => {
      const namespace = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
      const pods = Object.values(podSelector?.matchLabels ?? {}).at(-1);
      const where = ipBlock?.cidr ?? [namespace ?? 'itself', pods].filter(Boolean).join('/');
      return ports === '' ? where : `${where} ${ports}`;
    });
  });

const policyOf = (given: Settings, namespace: string, name: string): Spec =>
  installationPolicies(given).find(p => p.metadata.namespace === namespace && p.metadata.name === name)?.spec ?? {};
const dnsPeer = 'kube-system/kube-dns UDP 53, TCP 53';

describe('a workspace', () => {
  it('takes traffic from itself, vibeD and Knative, and reaches itself, DNS and the internet', () => {
    const spec = workspacePolicy(settings);
    expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(peersOf(spec.ingress)).toEqual(['itself', 'vibed-system', 'knative-serving']);
    expect(peersOf(spec.egress)).toEqual([dnsPeer, 'itself', '0.0.0.0/0', '::/0']);
  });

  it('reaches no address that is not public', () => {
    const spec = workspacePolicy(withSettings({ network: { internalRanges: ['203.0.114.0/24', '2606:4700::/32'] } }));
    const [ipv4, ipv6] = spec.egress?.at(-1)?.to ?? [];
    expect(ipv4?.ipBlock?.except).toEqual([...notPublic.ipv4, '203.0.114.0/24']);
    expect(ipv6?.ipBlock?.except).toEqual([...notPublic.ipv6, '2606:4700::/32']);
  });

  it('takes traffic from every ingress controller that the settings know of', () => {
    const given = withSettings({
      apps: { domain: 'a', probeVia: 'traefik.ingress.svc:80' },
      targets: {
        knative: { probeVia: 'kourier.kourier-system.svc.cluster.local:80' },
        gateway: { name: 'g', namespace: 'infra' },
      },
      tenants: { ingressNamespaces: ['nginx', 'ingress'], ingressCidrs: ['10.1.2.3/32'] },
    });
    expect(peersOf(workspacePolicy(given).ingress)).toEqual([
      'itself',
      'vibed-system',
      'knative-serving',
      'nginx',
      'ingress',
      'kourier-system',
      'infra',
      '10.1.2.3/32',
    ]);
  });

  it('is shut off from the internet, but for what the site allows', () => {
    const egress = { internet: false, allow: [{ cidr: '10.0.0.5/32', ports: [5432] }, { cidr: '10.1.0.0/16' }] };
    const { egress: rules } = workspacePolicy(withSettings({ tenants: { egress } }));
    expect(peersOf(rules)).toEqual([dnsPeer, 'itself', '10.0.0.5/32 TCP 5432', '10.1.0.0/16']);
  });
});

describe('where builds run', () => {
  it('nobody gets in', () => {
    for (const namespace of ['vibed-builds', 'vibed-installs']) {
      const spec = policyOf(settings, namespace, 'vibed-builds');
      expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
      expect(spec.ingress).toBeUndefined();
    }
  });

  it('registries and proxies are reached where their URL says where they are, and sources where they are fetched', () => {
    const given = withSettings({
      registry: { push: 'http://10.0.0.5:5000', pull: 'registry:5000' },
      builds: {
        egress: { internet: false },
        baseRegistries: {
          'docker.io': { url: 'http://10.0.0.5:5000' },
          'quay.io': { url: 'https://mirror.mirrors.svc' },
        },
        network: {
          httpsProxy: 'http://[fd00::7]:3128',
          goProxy: 'https://10.0.0.6,direct',
          cargoIndex: 'sparse+http://10.0.0.8/index/',
          npmRegistry: 'https://registry.npmjs.org/',
        },
      },
    });
    const reached = [
      '10.0.0.5/32 TCP 5000',
      'mirrors',
      'fd00::7/128 TCP 3128',
      '10.0.0.6/32 TCP 443',
      '10.0.0.8/32 TCP 80',
    ];
    const sources = 'vibed-system/api-server TCP 8092';
    expect(peersOf(policyOf(given, 'vibed-builds', 'vibed-builds').egress)).toEqual([dnsPeer, sources, ...reached]);
    expect(peersOf(policyOf(given, 'vibed-installs', 'vibed-builds').egress)).toEqual([dnsPeer, ...reached]);
  });
});

describe('vibeD itself', () => {
  it('is reached by the ingress controller at its doors and by builds and the operator at the sources', () => {
    const given = withSettings({ tenants: { ingressNamespaces: ['nginx'] } });
    expect(peersOf(policyOf(given, 'vibed-system', 'vibed-api').ingress)).toEqual([
      'nginx TCP 8090',
      'itself/operator TCP 8092',
      'vibed-builds TCP 8092',
    ]);
  });

  it('opens nothing where no peer is known', () => {
    expect(policyOf(settings, 'vibed-system', 'vibed-operator')).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/component': 'operator', 'app.kubernetes.io/name': 'vibed' } },
      policyTypes: ['Ingress'],
    });
    for (const { spec } of installationPolicies(settings))
      for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
        expect(peersOf([rule] as Spec['egress']).length).toBeGreaterThan(0);
  });

  it('shows its metrics to the namespaces that the settings name', () => {
    const given = withSettings({ network: { metricsNamespaces: ['monitoring'] } });
    expect(peersOf(policyOf(given, 'vibed-system', 'vibed-operator').ingress)).toEqual(['monitoring TCP 8081']);
    expect(peersOf(policyOf(given, 'vibed-system', 'vibed-api').ingress)).toContain('monitoring TCP 8093');
  });
});
