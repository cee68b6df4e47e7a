// Where vibeD's two accounts may write. RBAC can say which kinds, but not "only in workspaces", and workspaces come and go. So a
// stolen token of either account is worth no more than the apps.
//
// The policies take no parameters: the operator writes those, and must not be able to widen its own limits.
import { labels } from '@vibed/crds';
import { sourceToken } from '../builder/source-access.ts';
import { appServiceAccount } from '../deployer/app-pod.ts';
import { podSecurity } from '../tenant/guard-rails.ts';
import { isSystemNamespaceCel } from '../tenant/system-namespaces.ts';
import {
  accountName,
  celList,
  inWorkspace,
  labelOf,
  type PolicyOptions,
  parametersName,
  policyObjects,
} from './policy.ts';

export interface OwnNamespaces {
  readonly systemNamespace: string;
  readonly buildNamespace: string;
  readonly installNamespace: string;
}

const everything = (operations: PolicyOptions['resources'][number]['operations']): PolicyOptions['resources'] => [
  { apiGroups: ['*'], operations, resources: ['*/*'] },
];
const isBy = (name: string) => ({ account: `request.userInfo.username == '${name}'` });
const isManaged = (object: string) => `${labelOf(object, labels.managedBy)} == 'vibed'`;

const isSystem = (name: string, own: OwnNamespaces) => isSystemNamespaceCel(name, Object.values(own));

/** CEL that both accounts' rules need. */
const variablesOf = (own: OwnNamespaces) => ({
  // group/resource
  type: "request.resource.group + '/' + request.resource.resource",
  place: "variables.type == '/namespaces' ? '' : request.?namespace.orValue('')",
  isWorkspace: `variables.place != '' && ${inWorkspace} && !${isSystem('variables.place', own)}`,
});

function operatorLimits(own: OwnNamespaces): PolicyOptions {
  const { systemNamespace, buildNamespace, installNamespace } = own;
  const ownerLabel = (object: string) => labelOf(object, labels.owner);
  return {
    name: 'vibed-operator-limits',
    resources: everything(['CREATE', 'UPDATE', 'DELETE']),
    conditions: isBy(accountName(systemNamespace, 'vibed-operator')),
    variables: {
      ...variablesOf(own),
      // The status, finalizer and Events of an Artifact that somebody made where no app may be.
      isReport: `variables.type in ${celList(['vibed.dev/artifacts', 'events.k8s.io/events'])}`,
      isOwnWork: [
        `variables.place == '${systemNamespace}' && (variables.type == 'coordination.k8s.io/leases' || variables.type == '/configmaps' && request.name == '${parametersName}')`,
        `variables.place in ${celList(Object.values(own))} && variables.type == 'networking.k8s.io/networkpolicies'`,
        `variables.place in ${celList([buildNamespace, installNamespace])} && variables.type in ${celList(['batch/jobs', '/configmaps', '/secrets'])}`,
      ].join(' || '),
      // A namespace that has lost its owner label still has the objects of its apps.
      isCleanup: `request.operation == 'DELETE' && ${isManaged('oldObject')}`,
      account: "object.?spec.?template.?spec.?serviceAccountName.orValue('default')",
    },
    reason: 'Forbidden',
    validations: [
      {
        expression:
          "variables.type == '/namespaces' || variables.isWorkspace || variables.isReport || variables.isOwnWork || variables.isCleanup",
        message: {
          cel: "'the operator of vibeD writes in workspaces and in namespaces of its own only, not ' + variables.type + ' in \"' + variables.place + '\"'",
        },
      },
      {
        expression: [
          "variables.type != '/namespaces'",
          `request.operation == 'UPDATE' && request.?subResource.orValue('') == '' && !${isSystem('request.name', own)} && ${ownerLabel('oldObject')} != '' && ${ownerLabel('object')} == ${ownerLabel('oldObject')} && ${Object.entries(
            podSecurity,
          )
            .map(([label, value]) => `${labelOf('object', label)} == '${value}'`)
            .join(' && ')}`,
        ].join(' || '),
        message: {
          text: 'of a namespace, the operator of vibeD changes nothing but to make a workspace enforce Pod Security restricted',
        },
      },
      {
        expression: [
          'object == null',
          '!has(object.spec) || !has(object.spec.template) || !has(object.spec.template.spec)',
          `variables.isWorkspace && variables.account == '${appServiceAccount}'`,
          `!variables.isWorkspace && variables.account in ${celList(['default', sourceToken.serviceAccount])}`,
        ].join(' || '),
        message: { cel: "'the operator of vibeD starts no pod with the ServiceAccount ' + variables.account" },
      },
      {
        expression: `object == null || variables.type != '/serviceaccounts' || object.metadata.name == '${appServiceAccount}' && object.?automountServiceAccountToken.orValue(true) == false`,
        message: { text: `the operator of vibeD makes no ServiceAccount but ${appServiceAccount}, which has no token` },
      },
      {
        expression:
          "object == null || variables.type != '/secrets' || object.?type.orValue('') != 'kubernetes.io/service-account-token'",
        message: { text: 'the operator of vibeD makes no token of a ServiceAccount' },
      },
    ],
  };
}

/** Names that the api-server gives to namespaces of owners (api-server/src/tenancy.ts). */
const ownersNamespace = '^vibed-([a-z0-9-]+-)?[0-9a-f]{8}$';

function apiServerLimits(own: OwnNamespaces): PolicyOptions {
  const owner = labelOf('object', labels.owner);
  return {
    name: 'vibed-api-limits',
    resources: everything(['CREATE', 'UPDATE', 'DELETE']),
    conditions: isBy(accountName(own.systemNamespace, 'vibed-api')),
    variables: {
      ...variablesOf(own),
      isCleanup: `request.operation == 'DELETE' && variables.type == '/secrets' && ${isManaged('oldObject')}`,
    },
    reason: 'Forbidden',
    validations: [
      {
        expression: [
          `variables.type in ${celList(['/namespaces', 'authentication.k8s.io/tokenreviews'])}`,
          `variables.isWorkspace && variables.type in ${celList(['vibed.dev/artifacts', '/secrets'])}`,
          'variables.isCleanup',
        ].join(' || '),
        message: {
          cel: "'the api-server of vibeD writes Artifacts and Secrets in workspaces only, not ' + variables.type + ' in \"' + variables.place + '\"'",
        },
      },
      {
        expression: [
          "variables.type != '/namespaces'",
          `request.operation == 'CREATE' && request.?subResource.orValue('') == '' && !${isSystem('object.metadata.name', own)} && object.metadata.labels.all(label, label in ${celList([labels.owner, 'kubernetes.io/metadata.name'])}) && (${owner} == 'shared' || object.metadata.name == 'vibed-' + ${owner} && object.metadata.name.matches('${ownersNamespace}'))`,
        ].join(' || '),
        message: {
          text: 'the api-server of vibeD makes namespaces of owners only, named like their owner label, and changes none',
        },
      },
      {
        expression: `object == null || variables.type != '/secrets' || object.?type.orValue('') == 'Opaque' && ${isManaged('object')} && ${labelOf('object', labels.artifactUid)} != ''`,
        message: { text: 'the api-server of vibeD makes Opaque Secrets for Artifacts only, with the labels of vibeD' },
      },
      {
        expression: `oldObject == null || variables.type != '/secrets' || ${isManaged('oldObject')}`,
        message: { text: 'the api-server of vibeD changes and deletes no Secret but its own' },
      },
    ],
  };
}

export const accountLimits = (own: OwnNamespaces): object[] =>
  [operatorLimits(own), apiServerLimits(own)].flatMap(policyObjects);
