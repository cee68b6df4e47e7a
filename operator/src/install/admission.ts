// What admission must refuse and the CRD cannot know: git schemes, because they are a setting (the policy is part of
// install.yaml; the operator writes the setting where the policy finds it), and who may say whose an Artifact is.
import { labels } from '@vibed/crds';
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

const group = 'admissionregistration.k8s.io/v1';
/** Writes of Artifacts, status and finalizers apart. */
const artifactWrites = {
  resourceRules: [
    { apiGroups: ['vibed.dev'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['artifacts'] },
  ],
};

/**
 * In a shared namespace the owner label decides whose an Artifact is. It is meaningless everywhere else, so the rule needs no
 * setting: nobody but the api-server sets, changes or removes it.
 */
export function ownerPolicy(systemNamespace: string): object[] {
  const name = 'vibed-owner-label';
  const valueIn = (object: string) => `${object}.metadata.?labels[?'${labels.owner}'].orValue('')`;
  const before = `(oldObject == null ? '' : ${valueIn('oldObject')})`;
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: artifactWrites,
        matchConditions: [{ name: 'owner-changes', expression: `${valueIn('object')} != ${before}` }],
        validations: [
          {
            expression: `request.userInfo.username == 'system:serviceaccount:${systemNamespace}:vibed-api'`,
            message: `metadata.labels: ${labels.owner} on an Artifact is set by the api-server alone; leave it as it is`,
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

export function admissionPolicy(systemNamespace: string): object[] {
  const scheme = "object.spec.source.git.url.split(':')[0]";
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: artifactWrites,
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
