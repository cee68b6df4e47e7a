// The operator's rights, each with its reason: no wildcard, no cluster-wide Secrets, no escalate, bind, impersonate or
// pods/exec. install.yaml and the rights table of the docs are made from this.
import type { Deployer, Rule } from '../deployer/deployer.ts';

export interface Right extends Rule {
  why: string;
}

/** In the whole cluster: Artifacts live in tenants' namespaces. */
export function clusterRights(deployers: readonly Deployer[]): Right[] {
  return [
    {
      apiGroups: ['vibed.dev'],
      resources: ['artifacts'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'read specs; hold and release the finalizer',
    },
    { apiGroups: ['vibed.dev'], resources: ['artifacts/status'], verbs: ['patch'], why: 'report' },
    {
      apiGroups: ['apps'],
      resources: ['controllerrevisions'],
      verbs: ['get', 'list', 'watch', 'create', 'delete'],
      why: 'version records',
    },
    {
      apiGroups: [''],
      resources: ['pods'],
      verbs: ['list', 'watch', 'delete'],
      why: 'see why an app does not start; remove what is left of a deleted one',
    },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'], why: 'excerpts of failures, build logs' },
    {
      apiGroups: [''],
      resources: ['configmaps'],
      verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
      why: 'kept build logs, inline sources of builds',
    },
    {
      apiGroups: [''],
      resources: ['namespaces'],
      verbs: ['get', 'list', 'watch', 'patch'],
      why: 'find tenants, enforce their Pod Security',
    },
    {
      apiGroups: [''],
      resources: ['serviceaccounts'],
      verbs: ['get', 'list', 'watch', 'create', 'patch'],
      why: 'guard rails of tenants',
    },
    {
      apiGroups: [''],
      resources: ['resourcequotas'],
      verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      why: 'guard rails of tenants',
    },
    {
      apiGroups: ['networking.k8s.io'],
      resources: ['networkpolicies'],
      verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      why: 'guard rails of tenants, of builds and of vibeD itself',
    },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'watch'], why: 'see builds' },
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      verbs: ['list', 'watch'],
      why: 'see which targets are installed, and when one comes or goes',
    },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'], why: 'tell what happened' },
    ...deployers.flatMap(d => d.rights.map(r => ({ ...r, why: `workloads of target ${d.target}` }))),
  ];
}

const credentialCopies: Right = {
  apiGroups: [''],
  resources: ['secrets'],
  verbs: ['create', 'delete'],
  why: 'copies of git credentials, owned by their Job',
};

/** In the build namespace only. */
export const buildRights: readonly Right[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'create', 'patch', 'delete'], why: 'builds' },
  credentialCopies,
];

/** In the namespace of install and clone Jobs only. */
export const installRights: readonly Right[] = [
  {
    apiGroups: ['batch'],
    resources: ['jobs'],
    verbs: ['get', 'create', 'patch', 'delete'],
    why: 'install and clone Jobs',
  },
  credentialCopies,
];

/** In vibeD's own namespace only. */
export const systemRights: readonly Right[] = [
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update', 'patch'],
    why: 'one leader at a time',
  },
];
