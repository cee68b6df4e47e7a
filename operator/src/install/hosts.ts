// Who may make a route, and for which host. Hosts at and below the domains of apps, and those of the api-server, are vibeD's in every
// namespace, whatever kind of route names them. In a workspace a route must name its hosts, because a route without one takes paths of
// everybody's; and what decides about hosts in a way that is not judged here is refused there.
//
// Not judged are vibeD's operator, the group system:masters and, by `isTrusted`, the accounts of apps.routeAccounts; outside
// workspaces also whoever may make such objects in all namespaces, which no tenant may.
import { labels } from '@vibed/crds';
import type { Settings } from '../settings.ts';
import {
  accountName,
  inWorkspace,
  isInGroup,
  labelOf,
  type PolicyOptions,
  policyObjects,
  type Validation,
} from './policy.ts';

/** What the policies read in `params.data`; lists are joined with commas. */
export function hostParameters({ apps, targets, api }: Settings): Record<string, string> {
  return {
    domains: [apps.domain, ...(targets.knative.domain === undefined ? [] : [targets.knative.domain])]
      .join(',')
      .toLowerCase(),
    publicHosts: publicHosts(api).join(','),
    routeAccounts: apps.routeAccounts.join(','),
  };
}

/** The hosts of the api-server. What resolves names by the machine's own resolver finds localhost everywhere, and names below it on some systems only. */
export function publicHosts({ publicUrl }: Settings['api']): string[] {
  const { hostname } = new URL(publicUrl);
  return hostname.endsWith('.localhost') ? [hostname, 'localhost'] : [hostname];
}

/** CEL: whether the host in the variable `host` meets one of ours, also as a wildcard. */
const isOurs = `(
  params.data.domains.split(',').exists(domain, host.replace('*.', '') == domain || host.endsWith('.' + domain))
  || host in params.data.publicHosts.split(',')
  || host.startsWith('*.') && (params.data.publicHosts + ',' + params.data.domains).split(',').exists(ours,
    ours.endsWith(host.substring(1)))
)`.replaceAll(/\n\s*/g, ' ');

/** Labels can decide about the host that Knative gives. */
const isNew = [
  'oldObject == null',
  'object.?spec != oldObject.?spec',
  'object.metadata.?labels != oldObject.metadata.?labels',
].join(' || ');

const variables = {
  isNew,
  isWorkspace: inWorkspace,
  mayRouteEverywhere:
    "authorizer.group(request.resource.group).resource(request.resource.resource).check('create').allowed()",
  isTrusted:
    "request.userInfo.username in params.data.routeAccounts.split(',') || (!variables.isWorkspace && variables.mayRouteEverywhere)",
};

const noneOfOurs: Validation = {
  expression: `!variables.isNew || !variables.hosts.exists(host, ${isOurs}) || variables.isTrusted`,
  message: {
    cel: `'host ' + variables.hosts.filter(host, ${isOurs}).join(', ') + ' is kept for vibeD: hosts at and below ' + params.data.domains + ' are given to apps by vibeD alone. Use a host of another domain.'`,
  },
};

const hostNamed: Validation = {
  expression:
    "!variables.isNew || !variables.isWorkspace || !variables.hosts.exists(host, host in ['', '*']) || variables.isTrusted",
  message: {
    text: 'each rule of a route in a workspace must name a host of its own: without one it takes paths of everybody’s hosts',
  },
};

interface HostPolicy {
  readonly name: string;
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  /** CEL: the hosts that the object names, '' for a part that names none. */
  readonly hosts?: string;
  readonly validations: readonly Validation[];
}

/** CEL: `list` of lists of hosts as one list; an empty list counts as one host without a name. */
const flat = (list: string) => `${list}.map(hosts, hosts.join(',')).join(',').split(',')`;

/** CEL: the keys of annotations for a controller of routes that are new, or changed. */
const annotationsSet = `object.metadata.?annotations.orValue({}).filter(key, ${[
  "key.matches('^[^/]*(ingress|nginx|haproxy|traefik|konghq|projectcontour|external-dns)[^/]*/')",
  '(oldObject == null || oldObject.metadata.?annotations[?key] != object.metadata.?annotations[?key])',
].join(' && ')})`;

const notAnnotated: Validation = {
  expression: '!variables.isWorkspace || variables.annotationsSet.size() == 0 || variables.isTrusted',
  message: {
    cel: "'metadata.annotations: ' + variables.annotationsSet.join(', ') + ': not allowed in a workspace, because annotations for a controller of routes can change whose requests it takes'",
  },
};

const ingress: HostPolicy = {
  name: 'vibed-hosts-ingress',
  groups: ['networking.k8s.io'],
  resources: ['ingresses'],
  hosts: [
    "object.spec.?rules.orValue([]).map(rule, rule.?host.orValue(''))",
    `(has(object.spec.tls) ? ${flat('object.spec.tls.map(tls, tls.?hosts.orValue([]))')} : [])`,
    "(has(object.spec.defaultBackend) || !has(object.spec.rules) ? [''] : [])",
  ].join(' + '),
  validations: [
    noneOfOurs,
    hostNamed,
    notAnnotated,
    {
      // Traefik puts paths between backticks into the rule that it makes; nginx puts them into its configuration.
      expression:
        "!variables.isNew || !variables.isWorkspace || object.spec.?rules.orValue([]).all(rule, rule.?http.?paths.orValue([]).all(path, path.?path.orValue('/').matches('^/[A-Za-z0-9._~!&+,=:@%/-]*$'))) || variables.isTrusted",
      message: { text: 'spec.rules.http.paths.path: in a workspace a path has letters, digits and ._~!&+,=:@%/- only' },
    },
  ],
};

const gateway: HostPolicy = {
  name: 'vibed-hosts-gateway',
  groups: ['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io'],
  resources: [
    'httproutes',
    'grpcroutes',
    'tlsroutes',
    'tcproutes',
    'udproutes',
    'gateways',
    'listenersets',
    'xlistenersets',
  ],
  hosts: [
    "has(object.spec.listeners) ? object.spec.listeners.map(listener, listener.?hostname.orValue(''))",
    "object.spec.?hostnames.orValue([]).size() > 0 ? object.spec.hostnames : ['']",
  ].join(' : '),
  validations: [noneOfOurs, hostNamed, notAnnotated],
};

/** CEL: the name may give the host of an app, by a domain template that has the name alone. */
const namedLikeAnApp = "object.metadata.name.matches('(^|-)[0-9a-f]{8}$')";

const knative: HostPolicy = {
  name: 'vibed-hosts-knative',
  groups: ['serving.knative.dev', 'networking.internal.knative.dev'],
  resources: ['services', 'routes', 'domainmappings', 'ingresses'],
  hosts: [
    "object.kind == 'DomainMapping' ? [object.metadata.name]",
    `object.kind == 'Ingress' ? ${flat('object.spec.?rules.orValue([]).map(rule, rule.?hosts.orValue([]))')}`,
    '[]',
  ].join(' : '),
  validations: [
    noneOfOurs,
    {
      expression: '!variables.isNew || !variables.isWorkspace || variables.isTrusted',
      message: {
        text: 'only vibeD makes routes of Knative in a workspace, because Knative gives them hosts by itself: make an Artifact with spec.target knative',
      },
    },
    {
      expression: `!variables.isNew || object.kind in ['DomainMapping', 'Ingress'] || !(${labelOf('object', labels.managedBy)} == 'vibed' || ${namedLikeAnApp}) || variables.isTrusted`,
      message: {
        text: `a Knative Service with the label ${labels.managedBy}=vibed, or with a name that ends with 8 hexadecimal digits, could get the host of an app of vibeD: use another name, and no such label`,
      },
    },
  ],
};

/** Kinds of ingress controllers and of external-dns; their rules are languages of their own. */
const others: HostPolicy = {
  name: 'vibed-hosts-others',
  groups: [
    'traefik.io',
    'traefik.containo.us',
    'projectcontour.io',
    'configuration.konghq.com',
    'k8s.nginx.org',
    'networking.istio.io',
    'getambassador.io',
    'gateway.envoyproxy.io',
    'route.openshift.io',
    'externaldns.k8s.io',
  ],
  resources: ['*'],
  validations: [
    {
      expression: '!variables.isNew || !variables.isWorkspace || variables.isTrusted',
      message: {
        text: 'objects of this API are not allowed in a workspace, because they can take the hosts of others: use an Ingress or an HTTPRoute',
      },
    },
  ],
};

const services: HostPolicy = {
  name: 'vibed-hosts-service',
  groups: [''],
  resources: ['services'],
  validations: [
    {
      expression:
        '!variables.isNew || !variables.isWorkspace || object.spec.?externalIPs.orValue([]).size() == 0 || variables.isTrusted',
      message: { text: 'spec.externalIPs: not allowed in a workspace, because it takes the traffic of any address' },
    },
    {
      expression:
        "!variables.isNew || !variables.isWorkspace || object.spec.?type.orValue('') != 'ExternalName' || variables.isTrusted",
      message: {
        text: 'spec.type: ExternalName is not allowed in a workspace, because an ingress would follow it into other namespaces',
      },
    },
    notAnnotated,
  ],
};

function hostPolicy(
  { name, groups, resources, hosts, validations }: HostPolicy,
  systemNamespace: string,
  parameters: NonNullable<PolicyOptions['parameters']>,
): object[] {
  return policyObjects({
    name,
    resources: [{ apiGroups: groups, operations: ['CREATE', 'UPDATE'], resources, scope: 'Namespaced' }],
    conditions: {
      'has-settings': "has(params.data) && 'domains' in params.data",
      'not-vibed': `request.userInfo.username != '${accountName(systemNamespace, 'vibed-operator')}'`,
      'not-masters': `!${isInGroup('system:masters')}`,
      // Finalizers and status of an object that is there already are not its route.
      'route-changes': [isNew, 'object.metadata.?annotations != oldObject.metadata.?annotations'].join(' || '),
    },
    variables: { ...variables, annotationsSet, ...(hosts !== undefined && { hosts }) },
    validations,
    reason: 'Forbidden',
    parameters,
  });
}

export const hostPolicies = (systemNamespace: string, parameters: NonNullable<PolicyOptions['parameters']>): object[] =>
  [ingress, gateway, knative, others, services].flatMap(policy => hostPolicy(policy, systemNamespace, parameters));
