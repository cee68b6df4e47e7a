// What people may not make in a workspace although their role allows it: what opens the network for its pods, and what vibeD would
// take for its own.
import { labels } from '@vibed/crds';
import { accountName, celList, inWorkspace, isInGroup, labelOf, type PolicyOptions, policyObjects } from './policy.ts';

/** Kinds that vibeD finds its children among. Its processes keep what they find in memory, so others must not fill it. */
const childKinds: PolicyOptions['resources'] = [
  { apiGroups: [''], resources: ['configmaps', 'secrets', 'services', 'pods'] },
  { apiGroups: ['apps'], resources: ['deployments', 'controllerrevisions'] },
  { apiGroups: ['batch'], resources: ['jobs'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'] },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'] },
  { apiGroups: ['serving.knative.dev'], resources: ['services', 'revisions'] },
].map(rule => ({ ...rule, operations: ['CREATE', 'UPDATE'] as const, scope: 'Namespaced' as const }));

export const workspaceObjects = (
  systemNamespace: string,
  parameters: NonNullable<PolicyOptions['parameters']>,
): object[] => [...networkPolicies(systemNamespace), ...identityLabel(systemNamespace, parameters)];

/**
 * Policies add up, so one more NetworkPolicy in a workspace opens what vibeD's own keeps shut. Roles such as `edit` let a tenant write
 * them; this leaves them to those who may write them in vibeD's own namespace too: the operator and administrators.
 */
function networkPolicies(systemNamespace: string): object[] {
  const ours = `authorizer.group('networking.k8s.io').resource('networkpolicies').namespace('${systemNamespace}')`;
  return policyObjects({
    name: 'vibed-network-policies',
    resources: [
      {
        apiGroups: ['networking.k8s.io'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
        resources: ['networkpolicies'],
        scope: 'Namespaced',
      },
    ],
    conditions: {},
    validations: [
      {
        expression: `!(${inWorkspace}) || ${ours}.check(request.operation == 'DELETE' ? 'delete' : 'create').allowed()`,
        message: {
          text: 'NetworkPolicies of a workspace are kept by vibeD; an administrator opens more with tenants.egress in its settings',
        },
      },
    ],
    reason: 'Forbidden',
  });
}

/** Controllers copy the labels of what they work on, and may. */
function identityLabel(systemNamespace: string, parameters: NonNullable<PolicyOptions['parameters']>): object[] {
  const vibed = celList(['vibed-operator', 'vibed-api'].map(name => accountName(systemNamespace, name)));
  const uidIn = (object: string) => labelOf(object, labels.artifactUid);
  return policyObjects({
    name: 'vibed-identity-label',
    resources: childKinds,
    conditions: {
      'not-vibed': `!(request.userInfo.username in ${vibed})`,
      'not-masters': `!${isInGroup('system:masters')}`,
      'not-a-controller': `request.userInfo.username != 'system:kube-controller-manager' && !${isInGroup('system:serviceaccounts:kube-system')}`,
      'label-changes': `${uidIn('object')} != '' && (oldObject == null || ${uidIn('oldObject')} != ${uidIn('object')})`,
    },
    validations: [
      {
        expression: `!(${inWorkspace}) || request.userInfo.username in params.data.routeAccounts.split(',')`,
        message: {
          text: `metadata.labels: ${labels.artifactUid} is set by vibeD alone, on what it makes for an Artifact; remove it`,
        },
      },
    ],
    reason: 'Forbidden',
    parameters,
  });
}
