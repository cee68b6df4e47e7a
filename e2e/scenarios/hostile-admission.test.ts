// What the kube-apiserver refuses: hosts of others, and what vibeD's own accounts have no business with.
import { isKubeError, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { attack } from '../lib/attack.ts';
import { clientAs, createDry } from '../lib/impersonate.ts';
import { isRefused, memberOf } from '../lib/route-thief.ts';
import { proves } from '../lib/scenario.ts';

const backend = { service: { name: 'thief', port: { number: 80 } } };
const rule = (host: string | undefined, path = '/') => ({
  ...(host !== undefined && { host }),
  http: { paths: [{ path, pathType: 'ImplementationSpecific', backend }] },
});
const own = 'thief.example.com';
const isKept = /is kept for vibeD/;
const isNameless = /must name a host/;

attack('Ingresses for the hosts of others', proves('hostile.admission'), async ({ cluster, namespace, neighbour }) => {
  const member = await memberOf(namespace, cluster);
  const { hostname: victim } = new URL(await neighbour.app.url());
  const domain = victim.slice(victim.indexOf('.') + 1);
  const ingress = (spec: object, annotations = {}) => ({ metadata: { name: 'thief', namespace, annotations }, spec });
  const refused = (spec: object, why: RegExp, annotations = {}) =>
    isRefused(member, kinds.ingress, ingress(spec, annotations), why);

  for (const host of [victim, `v1-${victim}`, `new.${domain}`, `a.b.${domain}`, domain, `*.${domain}`, `*.b.${domain}`])
    await refused({ rules: [rule(own), rule(host, '/a')] }, isKept);
  await refused({ rules: [rule(own)], tls: [{ hosts: [own] }, { hosts: [own, victim], secretName: 'x' }] }, isKept);
  await refused({ rules: [rule(own), rule(undefined, '/a')] }, isNameless);
  await refused({ defaultBackend: backend }, isNameless);
  await refused({ rules: [rule(own)], defaultBackend: backend }, isNameless);
  await refused({ rules: [rule(own)], tls: [{ secretName: 'x' }] }, isNameless);
  await refused({ rules: [rule(own, `/\`) || Host(\`${victim}`)] }, /spec\.rules\.http\.paths\.path/);
  for (const key of [
    'traefik.ingress.kubernetes.io/router.pathmatcher',
    'nginx.ingress.kubernetes.io/server-alias',
    'external-dns.alpha.kubernetes.io/hostname',
  ])
    await refused({ rules: [rule(own)] }, new RegExp(`metadata\\.annotations: ${key}`), { [key]: victim });

  await member.create(kinds.ingress, ingress({ rules: [rule(own)], tls: [{ hosts: [own], secretName: 'x' }] }));
  const changed = member.mergePatch(
    kinds.ingress,
    { namespace, name: 'thief' },
    { spec: { rules: [rule(victim, '/a')] } },
  );
  expect(isKubeError(await changed.catch((error: unknown) => error), 'Forbidden')).toBe(true);
});

attack('other routes to others', proves('hostile.admission'), async ({ cluster, namespace, neighbour }) => {
  const member = await memberOf(namespace, cluster);
  const { hostname: victim } = new URL(await neighbour.app.url());
  const service = (spec: object, annotations = {}) => ({ metadata: { name: 'thief', namespace, annotations }, spec });
  const ports = [{ port: 80 }];
  await isRefused(member, kinds.service, service({ ports, externalIPs: ['10.0.0.1'] }), /externalIPs/);
  await isRefused(member, kinds.service, service({ type: 'ExternalName', externalName: 'a.b.svc' }), /ExternalName/);
  const dns = { 'external-dns.alpha.kubernetes.io/hostname': victim };
  await isRefused(member, kinds.service, service({ ports }, dns), /metadata\.annotations: external-dns/);
  await createDry(member, kinds.service, service({ ports }));

  const route = (spec: object) => ({ metadata: { name: 'thief', namespace }, spec });
  const isThere = await createDry(cluster.client, kinds.httpRoute, route({ hostnames: [own] })).then(
    () => true,
    (error: unknown) => !isKubeError(error, 'NotFound'),
  );
  if (!isThere) return console.log('skipped: HTTPRoutes, because this cluster has no Gateway API');
  await isRefused(member, kinds.httpRoute, route({ hostnames: [own, victim] }), isKept);
  await isRefused(member, kinds.httpRoute, route({ hostnames: [`*${victim.slice(victim.indexOf('.'))}`] }), isKept);
  await isRefused(member, kinds.httpRoute, route({ rules: [{}] }), isNameless);
  await createDry(member, kinds.httpRoute, route({ hostnames: [own] }));
});

attack('objects that open a workspace, or pass for vibeD’s', proves('hostile.admission'), async stage => {
  const { cluster, namespace, neighbour } = stage;
  const member = await memberOf(namespace, cluster);
  const open = { podSelector: {}, policyTypes: ['Egress'], egress: [{}] };
  const policy = { metadata: { name: 'open', namespace }, spec: open };
  await isRefused(member, kinds.networkPolicy, policy, /NetworkPolicies of a workspace are kept by vibeD/);
  const uid = { 'vibed.dev/artifact-uid': await neighbour.app.uid() };
  const map = (labels: Record<string, string>) => ({ metadata: { name: 'mine', namespace, labels }, data: { a: 'b' } });
  await isRefused(member, kinds.configMap, map(uid), /metadata\.labels: vibed\.dev\/artifact-uid/);
  await member.create(kinds.configMap, map({ app: 'mine' }));
  const relabelled = member.mergePatch(kinds.configMap, { namespace, name: 'mine' }, { metadata: { labels: uid } });
  expect(isKubeError(await relabelled.catch((error: unknown) => error), 'Forbidden')).toBe(true);
});

attack('a stolen token of the api-server', proves('hostile.admission'), async ({ cluster, namespace }) => {
  const stolen = clientAs(`system:serviceaccount:${cluster.systemNamespace}:vibed-api`, cluster);
  const ours = { 'app.kubernetes.io/managed-by': 'vibed', 'vibed.dev/artifact-uid': 'x' };
  const secret = (place: string, type = 'Opaque', labels: Record<string, string> = ours) => ({
    metadata: { name: 'bootstrap-token-abcdef', namespace: place, labels },
    type,
    stringData: { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef' },
  });
  const { systemNamespace, buildNamespace, installNamespace } = cluster;
  for (const place of ['kube-system', 'default', systemNamespace, buildNamespace, installNamespace])
    for (const type of ['Opaque', 'bootstrap.kubernetes.io/token'])
      await isRefused(stolen, kinds.secret, secret(place, type), /in workspaces only/);
  for (const type of ['bootstrap.kubernetes.io/token', 'example.com/thief'])
    await isRefused(stolen, kinds.secret, secret(namespace, type), /Opaque Secrets for Artifacts only/);
  await isRefused(stolen, kinds.secret, secret(namespace, 'Opaque', {}), /Opaque Secrets for Artifacts only/);
  await createDry(stolen, kinds.secret, secret(namespace));

  const place = (name: string, labels: Record<string, string>) => ({ metadata: { name, labels } });
  const isNotOwners = /namespaces of owners only/;
  await isRefused(stolen, kinds.namespace, place('vibed-bob-1234abcd', {}), isNotOwners);
  await isRefused(stolen, kinds.namespace, place('vibed-bob-1234abcd', { 'vibed.dev/owner': 'eve' }), isNotOwners);
  await isRefused(stolen, kinds.namespace, place('kube-bob', { 'vibed.dev/owner': 'shared' }), isNotOwners);
  const privileged = { 'vibed.dev/owner': 'bob-1234abcd', 'pod-security.kubernetes.io/enforce': 'privileged' };
  await isRefused(stolen, kinds.namespace, place('vibed-bob-1234abcd', privileged), isNotOwners);
  await createDry(stolen, kinds.namespace, place('vibed-bob-1234abcd', { 'vibed.dev/owner': 'bob-1234abcd' }));
});

const podOf = (serviceAccountName: string | undefined) => ({
  ...(serviceAccountName !== undefined && { serviceAccountName }),
  restartPolicy: 'Always',
  containers: [{ name: 'thief', image: 'thief' }],
});
const labels = { app: 'thief' };
const deployment = (namespace: string, account: string | undefined) => ({
  metadata: { name: 'thief', namespace },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podOf(account) } },
});

attack('a stolen token of the operator', proves('hostile.admission'), async ({ cluster, namespace }) => {
  const stolen = clientAs(`system:serviceaccount:${cluster.systemNamespace}:vibed-operator`, cluster);
  const { systemNamespace, buildNamespace, installNamespace } = cluster;
  const isElsewhere = /in workspaces and in namespaces of its own only/;
  for (const place of ['kube-system', 'default', systemNamespace, buildNamespace, installNamespace])
    await isRefused(stolen, kinds.deployment, deployment(place, 'vibed-app'), isElsewhere);
  for (const account of [undefined, 'default', 'vibed-operator'])
    await isRefused(stolen, kinds.deployment, deployment(namespace, account), /starts no pod with the ServiceAccount/);
  await createDry(stolen, kinds.deployment, deployment(namespace, 'vibed-app'));
  const job = (account: string) => ({
    metadata: { name: 'thief', namespace: buildNamespace },
    spec: { template: { spec: { ...podOf(account), restartPolicy: 'Never' } } },
  });
  await isRefused(stolen, kinds.job, job('admin'), /starts no pod with the ServiceAccount admin/);
  const settings = { metadata: { name: 'vibed-settings-2', namespace: systemNamespace }, data: {} };
  await isRefused(stolen, kinds.configMap, settings, isElsewhere);
  const account = { metadata: { name: 'thief', namespace }, automountServiceAccountToken: false };
  await isRefused(stolen, kinds.serviceAccount, account, /no ServiceAccount but/);

  const relabel = (name: string, changed: Record<string, string | null>) =>
    stolen.mergePatch(kinds.namespace, { name }, { metadata: { labels: changed } }).catch((error: unknown) => error);
  const owner = { 'vibed.dev/owner': 'thief' };
  const weak = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  for (const answer of [
    await relabel('kube-system', owner),
    await relabel(systemNamespace, owner),
    await relabel(namespace, owner),
    await relabel(namespace, { 'vibed.dev/owner': null }),
    await relabel(namespace, weak),
  ])
    expect(isKubeError(answer, 'Forbidden'), String(answer)).toBe(true);
});
