// The expressions are judged by a real kube-apiserver (e2e/scenarios/hostile-admission.test.ts). Here is what needs none.
import { expect, it } from 'vitest';
import { knativeDeployer } from '../deployer/knative.ts';
import { kubernetesDeployer } from '../deployer/kubernetes.ts';
import { settingsSchema } from '../settings.ts';
import { admissionParameters, admissionPolicies } from './admission.ts';

const settingsFor = (domain: string, publicUrl: string) =>
  settingsSchema.parse({
    apps: { domain, probeVia: 'ingress:80' },
    registry: { push: 'https://r.example.com', pull: 'r.example.com' },
    builds: { image: 'buildah' },
    api: { publicUrl },
  });

interface Policy {
  kind: string;
  metadata: { name: string };
  spec: {
    failurePolicy?: string;
    paramKind?: object;
    matchConstraints?: { resourceRules: { apiGroups: string[]; resources: string[] }[] };
    validations?: { expression: string; message?: string; messageExpression?: string }[];
  };
}
const own = { systemNamespace: 'vibed-system', buildNamespace: 'vibed-builds', installNamespace: 'vibed-installs' };
const objects = admissionPolicies(own) as Policy[];
const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');

it.each([
  ['apps.Example.com', 'https://vibed.example.com:8443', 'apps.example.com', 'vibed.example.com'],
  ['localhost', 'http://vibed.localhost:8080', 'localhost', 'vibed.localhost,localhost'],
])('keeps the hosts of %s and %s to vibeD', (domain, publicUrl, domains, publicHosts) => {
  expect(admissionParameters(settingsFor(domain, publicUrl)).data).toMatchObject({ domains, publicHosts });
});

it('keeps the hosts of another domain of Knative to vibeD too', () => {
  const settings = settingsFor('apps.example.com', 'https://vibed.example.com');
  const knative = { ...settings.targets.knative, domain: 'Serving.example.com' };
  const { data } = admissionParameters({ ...settings, targets: { ...settings.targets, knative } });
  expect(data.domains).toBe('apps.example.com,serving.example.com');
});

it('judges every kind of route that the operator itself makes', () => {
  const settings = settingsFor('example.com', 'https://vibed.example.com');
  const made = [kubernetesDeployer(settings), knativeDeployer(settings)].flatMap(({ rights }) => rights);
  const judged = policies
    .filter(({ metadata }) => metadata.name.startsWith('vibed-hosts-'))
    .flatMap(({ spec }) => spec.matchConstraints?.resourceRules ?? []);
  const isJudged = (group: string, resource: string) =>
    judged.some(rule => rule.apiGroups.includes(group) && rule.resources.includes(resource));
  const routes = [
    'networking.k8s.io/ingresses',
    'gateway.networking.k8s.io/httproutes',
    'serving.knative.dev/services',
  ];
  for (const route of routes) {
    const [group = '', resource = ''] = route.split('/');
    expect(made.some(rule => rule.apiGroups.includes(group) && rule.resources.includes(resource))).toBe(true);
    expect(isJudged(group, resource)).toBe(true);
  }
});

it('limits the accounts by nothing that they can write themselves', () => {
  const limits = policies.filter(({ metadata }) => metadata.name.endsWith('-limits'));
  expect(limits.map(({ metadata }) => metadata.name)).toEqual(['vibed-operator-limits', 'vibed-api-limits']);
  for (const { spec } of limits) {
    expect(spec.paramKind).toBeUndefined();
    expect(spec.matchConstraints?.resourceRules).toMatchObject([{ apiGroups: ['*'], resources: ['*/*'] }]);
  }
});

it('puts each policy into force, refuses what it cannot judge, and says why it refuses', () => {
  for (const { metadata, spec } of policies) {
    expect(objects.filter(o => o.kind !== 'ValidatingAdmissionPolicy').map(o => o.metadata.name)).toContain(
      metadata.name,
    );
    expect(spec.failurePolicy).toBe('Fail');
    for (const { message, messageExpression } of spec.validations ?? [])
      expect(message ?? messageExpression).toMatch(/\w/);
  }
});
