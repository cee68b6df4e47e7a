// Everything `kubectl apply -f install.yaml` makes; settings are the one thing a site writes itself.
import { artifactCrd } from '@vibed/crds/crd';
import { gitCredentialsRole } from '../builder/complete.ts';
import { sourceToken } from '../builder/source-access.ts';
import type { Deployer } from '../deployer/deployer.ts';
import { componentLabels, ports } from '../network/policies.ts';
import { admissionPolicies } from './admission.ts';
import { healthProbes } from './probes.ts';
import { buildRights, clusterRights, installRights, type Right, systemRights } from './rights.ts';

export const systemNamespace = 'vibed-system';
export const buildNamespace = 'vibed-builds';
export const installNamespace = 'vibed-installs';
const app = componentLabels('operator');
const account = 'vibed-operator';
/** The push credential again, where the operator itself can read it: a Secret is of one namespace. */
export const operatorRegistrySecret = 'vibed-registry';

export function installManifests(image: string, deployers: readonly Deployer[]): object[] {
  return [
    artifactCrd(),
    namespace(systemNamespace, 'restricted'),
    namespace(buildNamespace, 'baseline'),
    namespace(installNamespace, 'restricted'),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: systemNamespace, labels: app } },
    ...bound('ClusterRole', account, undefined, clusterRights(deployers)),
    ...bound('Role', account, buildNamespace, buildRights),
    ...bound('Role', account, installNamespace, installRights),
    ...bound('Role', account, systemNamespace, systemRights),
    aggregated('vibed-artifact-editor', 'edit', ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']),
    aggregated('vibed-artifact-viewer', 'view', ['get', 'list', 'watch']),
    gitCredentials(),
    buildAccount(),
    ...admissionPolicies({ systemNamespace, buildNamespace, installNamespace }),
    deployment(image),
  ];
}

const namespace = (name: string, level: 'restricted' | 'baseline') => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'app.kubernetes.io/name': 'vibed', 'pod-security.kubernetes.io/enforce': level } },
});

function bound(
  kind: 'ClusterRole' | 'Role',
  name: string,
  inNamespace: string | undefined,
  rights: readonly Right[],
): object[] {
  const rbac = 'rbac.authorization.k8s.io';
  const metadata = { name, labels: app, ...(inNamespace !== undefined && { namespace: inNamespace }) };
  return [
    { apiVersion: `${rbac}/v1`, kind, metadata, rules: rights.map(({ why: _, ...rule }) => rule) },
    {
      apiVersion: `${rbac}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: rbac, kind, name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: systemNamespace }],
    },
  ];
}

/** People with the usual `edit` and `view` roles of a namespace may edit and view its Artifacts. */
const aggregated = (name: string, into: 'edit' | 'view', verbs: string[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels: { ...app, [`rbac.authorization.k8s.io/aggregate-to-${into}`]: 'true' } },
  rules: [{ apiGroups: ['vibed.dev'], resources: ['artifacts'], verbs }],
});

/** Bound by nobody until a tenant's RoleBinding opts in: it lets the operator read the git credentials that Artifacts name. */
const gitCredentials = () => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: gitCredentialsRole, labels: app },
  rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
});

/** Who a build is to the api-server's source endpoint; no role is bound to it. */
const buildAccount = () => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: sourceToken.serviceAccount, namespace: buildNamespace, labels: app },
  automountServiceAccountToken: false,
});

function deployment(image: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: account, namespace: systemNamespace, labels: app },
    spec: {
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: app },
      template: {
        metadata: {
          labels: app,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(ports.operator) },
        },
        spec: {
          serviceAccountName: account,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [container(image)],
          volumes,
        },
      },
    },
  };
}

/** Trees on their way into layers; the operator's own registry credential; its token for the api-server's source endpoint. */
const volumes = [
  { name: 'settings', configMap: { name: 'vibed-settings' } },
  { name: 'scratch', emptyDir: { sizeLimit: '4Gi' } },
  { name: 'registry', secret: { secretName: operatorRegistrySecret, optional: true } },
  {
    name: 'source-token',
    projected: {
      sources: [{ serviceAccountToken: { audience: sourceToken.audience, expirationSeconds: 3600, path: 'token' } }],
    },
  },
];

function container(image: string): object {
  return {
    name: 'operator',
    image,
    command: ['node', '--enable-source-maps', '/app/operator.mjs'],
    env: [
      { name: 'VIBED_STEPS_IMAGE', value: image },
      { name: 'VIBED_SCRATCH', value: '/scratch' },
      { name: 'VIBED_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    ports: [
      { name: 'http', containerPort: ports.operator },
      { name: 'health', containerPort: 8082 },
    ],
    ...healthProbes,
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'settings', mountPath: '/etc/vibed', readOnly: true },
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'registry', mountPath: '/etc/vibed-registry', readOnly: true },
      { name: 'source-token', mountPath: '/var/run/vibed-source', readOnly: true },
    ],
  };
}
