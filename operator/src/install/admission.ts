// What admission must refuse and the CRD cannot know, because it is a setting: the schemes of git URLs. The policy is part of
// install.yaml; the operator writes the setting where the policy finds it.
import type { KubeObject } from '@vibed/store/kube';
import type { Settings } from '../settings.ts';

const parameters = 'vibed-admission';
const name = 'vibed-git-schemes';

export function admissionParameters({
  systemNamespace,
  sources,
}: Settings): KubeObject & { data: Record<string, string> } {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: parameters, namespace: systemNamespace },
    data: { gitSchemes: sources.gitSchemes.join(',') },
  };
}

export function admissionPolicy(systemNamespace: string): object[] {
  const group = 'admissionregistration.k8s.io/v1';
  const scheme = "object.spec.source.git.url.split(':')[0]";
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: ['vibed.dev'],
              apiVersions: ['*'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['artifacts'],
            },
          ],
        },
        // Finalizers and labels of an object that is there already are not its source.
        matchConditions: [
          {
            name: 'new-git-source',
            expression: 'has(object.spec.source.git) && (oldObject == null || object.spec != oldObject.spec)',
          },
        ],
        validations: [
          {
            expression: `${scheme} in params.data.gitSchemes.split(',')`,
            messageExpression: `"spec.source.git.url: " + ${scheme} + " is not allowed here; use " + params.data.gitSchemes.split(',').join(' or ')`,
          },
        ],
      },
    },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ['Deny'],
        // Before the operator has run for the first time there is no setting; it refuses such a source itself then.
        paramRef: { name: parameters, namespace: systemNamespace, parameterNotFoundAction: 'Allow' },
      },
    },
  ];
}
