// Policies add up, so one more NetworkPolicy in a workspace opens what vibeD's own keeps shut. Roles such as `edit` let a tenant
// write them; admission leaves that to those who may write them in vibeD's own namespace too: the operator and admins.
import { labels } from '@vibed/crds';

const name = 'vibed-network-policies';
const group = 'admissionregistration.k8s.io/v1';

export function networkAdmission(systemNamespace: string): object[] {
  const policies = `authorizer.group('networking.k8s.io').resource('networkpolicies').namespace('${systemNamespace}')`;
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchExpressions: [{ key: labels.owner, operator: 'Exists' }] },
          resourceRules: [
            {
              apiGroups: ['networking.k8s.io'],
              apiVersions: ['*'],
              operations: ['CREATE', 'UPDATE', 'DELETE'],
              resources: ['networkpolicies'],
            },
          ],
        },
        validations: [
          {
            expression: `${policies}.check(request.operation == 'DELETE' ? 'delete' : 'create').allowed()`,
            message: 'NetworkPolicies of a workspace are kept by vibeD; tenants.egress in its settings opens more',
          },
        ],
      },
    },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}
