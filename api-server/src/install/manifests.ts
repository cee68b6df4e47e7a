// The api-server's part of install.yaml, and its Ingress, which a site's settings decide.

import { publicHosts } from '@vibed/operator/hosts';
import { componentLabels, ports } from '@vibed/operator/network-policies';
import { healthProbes } from '@vibed/operator/probes';
import type { Settings } from '@vibed/operator/settings';
import { keysSecret } from '../auth/keys.ts';
import { buildRules, clusterRules } from './rights.ts';

export { keysSecret };

const account = 'vibed-api';
const app = componentLabels('api-server');
const { doors: doorPort, health: healthPort, sources: sourcePort, metrics: metricsPort } = ports;
export const sourcesClaim = 'vibed-sources';

export interface Place {
  readonly systemNamespace: string;
  readonly buildNamespace: string;
  readonly installNamespace: string;
  readonly image: string;
}

export function apiServerManifests({ systemNamespace, buildNamespace, installNamespace, image }: Place): object[] {
  const metadata = (name: string) => ({ name, namespace: systemNamespace, labels: app });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(account) },
    ...bound('ClusterRole', clusterRules(), undefined, systemNamespace),
    ...[buildNamespace, installNamespace].flatMap(place => bound('Role', buildRules(), place, systemNamespace)),
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata(sourcesClaim),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
    },
    service(metadata(account), { name: 'http', port: 80, targetPort: 'http' }),
    service(metadata(`${account}-source`), { name: 'source', port: sourcePort, targetPort: 'source' }),
    deployment(metadata(account), image),
  ];
}

/** The public way in, at the host of api.publicUrl. */
export function apiServerIngress({ api, apps, systemNamespace }: Settings): object {
  const { protocol } = new URL(api.publicUrl);
  const backend = { service: { name: account, port: { name: 'http' } } };
  const http = { paths: [{ path: '/', pathType: 'Prefix', backend }] };
  const hosts = publicHosts(api);
  const tls = { hosts, ...(api.tlsSecret !== undefined && { secretName: api.tlsSecret }) };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: account, namespace: systemNamespace, labels: app },
    spec: {
      ...(apps.ingressClass !== undefined && { ingressClassName: apps.ingressClass }),
      ...(protocol === 'https:' && { tls: [tls] }),
      rules: hosts.map(host => ({ host, http })),
    },
  };
}

const service = (metadata: object, port: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: { selector: app, ports: [port] },
});

function bound(
  kind: 'ClusterRole' | 'Role',
  rules: object[],
  namespace: string | undefined,
  accountNamespace: string,
): object[] {
  const rbac = 'rbac.authorization.k8s.io';
  const metadata = { name: account, labels: app, ...(namespace !== undefined && { namespace }) };
  return [
    { apiVersion: `${rbac}/v1`, kind, metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: rbac, kind, name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: accountNamespace }],
    },
  ];
}

function deployment(metadata: object, image: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      // One process owns the volume of sources.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: app },
      template: {
        metadata: {
          labels: app,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(metricsPort) },
        },
        spec: {
          serviceAccountName: account,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 10,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [container(image)],
          volumes: [
            { name: 'settings', configMap: { name: 'vibed-settings' } },
            { name: 'keys', secret: { secretName: keysSecret, optional: true } },
            { name: 'data', persistentVolumeClaim: { claimName: sourcesClaim } },
          ],
        },
      },
    },
  };
}

function container(image: string): object {
  return {
    name: 'api-server',
    image,
    command: ['node', '--enable-source-maps', '/app/api-server.mjs'],
    env: [
      { name: 'VIBED_LISTEN', value: `0.0.0.0:${doorPort}` },
      { name: 'VIBED_SOURCE_LISTEN', value: `0.0.0.0:${sourcePort}` },
      { name: 'VIBED_HEALTH_LISTEN', value: `0.0.0.0:${healthPort}` },
      { name: 'VIBED_METRICS_LISTEN', value: `0.0.0.0:${metricsPort}` },
      { name: 'VIBED_KEYS', value: '/etc/vibed-keys' },
      { name: 'VIBED_ALLOWED_HOSTS', value: 'vibed-api.vibed-system.svc,vibed-api.vibed-system' },
    ],
    ports: [
      { name: 'http', containerPort: doorPort },
      { name: 'source', containerPort: sourcePort },
      { name: 'health', containerPort: healthPort },
      { name: 'metrics', containerPort: metricsPort },
    ],
    ...healthProbes,
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'settings', mountPath: '/etc/vibed', readOnly: true },
      { name: 'keys', mountPath: '/etc/vibed-keys', readOnly: true },
      { name: 'data', mountPath: '/var/lib/vibed' },
    ],
  };
}
