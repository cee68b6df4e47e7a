// What people may not make in a workspace although their role allows it: what opens the network for its pods, and what vibeD would
// take for its own.
import { labels } from '@vibed/crds';
import { accountName, celList, inWorkspace, labelOf, type PolicyOptions, policyObjects } from './policy.ts';

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

export function workspaceObjects(
  systemNamespace: string,
  parameters: NonNullable<PolicyOptions['parameters']>,
): object[] {
  const vibed = celList(['vibed-operator', 'vibed-api'].map(name => accountName(systemNamespace, name)));
  const notVibed = {
    'not-vibed': `!(request.userInfo.username in ${vibed})`,
    'not-masters': "!(has(request.userInfo.groups) && 'system:masters' in request.userInfo.groups)",
  };
  const uidIn = (object: string) => labelOf(object, labels.artifactUid);
  return [
    ...policyObjects({
      name: 'vibed-network-policies',
      resources: [
        {
          apiGroups: ['networking.k8s.io'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['networkpolicies'],
          scope: 'Namespaced',
        },
      ],
      conditions: notVibed,
      validations: [
        {
          expression: `!(${inWorkspace})`,
          message: {
            text: 'the NetworkPolicies of a workspace are vibeD’s, because each one more can only open it further: an administrator allows addresses for all workspaces with the setting tenants.egress.allow',
          },
        },
      ],
      reason: 'Forbidden',
    }),
    ...policyObjects({
      name: 'vibed-identity-label',
      resources: childKinds,
      conditions: {
        ...notVibed,
        // Controllers copy the labels of what they work on.
        'not-a-controller': `request.userInfo.username != 'system:kube-controller-manager' && !(has(request.userInfo.groups) && 'system:serviceaccounts:kube-system' in request.userInfo.groups)`,
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
    }),
  ];
}
