// What admission must refuse. The policies are part of install.yaml; what of them is a setting, the operator writes where they find it.
import { labels } from '@vibed/crds';
import type { KubeObject } from '@vibed/store/kube';
import type { Settings } from '../settings.ts';
import { accountLimits, type OwnNamespaces } from './account-limits.ts';
import { hostParameters, hostPolicies } from './hosts.ts';
import { accountName, labelOf, parametersName, policyObjects } from './policy.ts';
import { workspaceObjects } from './workspace-objects.ts';

export function admissionParameters(settings: Settings): KubeObject & { data: Record<string, string> } {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: parametersName, namespace: settings.systemNamespace },
    data: { gitSchemes: settings.sources.gitSchemes.join(','), ...hostParameters(settings) },
  };
}

/** Writes of Artifacts, status and finalizers apart. */
const artifactWrites = [
  { apiGroups: ['vibed.dev'], operations: ['CREATE', 'UPDATE'], resources: ['artifacts'] },
] as const;

export const admissionPolicies = (own: OwnNamespaces): object[] => [
  ...gitSchemes(own.systemNamespace),
  ...ownerLabel(own.systemNamespace),
  ...hostPolicies(own.systemNamespace, { name: parametersName, namespace: own.systemNamespace }),
  ...workspaceObjects(own.systemNamespace, { name: parametersName, namespace: own.systemNamespace }),
  ...accountLimits(own),
];

/**
 * In a shared namespace the owner label decides whose an Artifact is. It is meaningless everywhere else, so the rule needs no
 * setting: nobody but the api-server sets, changes or removes it.
 */
function ownerLabel(systemNamespace: string): object[] {
  const valueIn = (object: string) => labelOf(object, labels.owner);
  const before = `(oldObject == null ? '' : ${valueIn('oldObject')})`;
  return policyObjects({
    name: 'vibed-owner-label',
    resources: artifactWrites,
    conditions: { 'owner-changes': `${valueIn('object')} != ${before}` },
    validations: [
      {
        expression: `request.userInfo.username == '${accountName(systemNamespace, 'vibed-api')}'`,
        message: {
          text: `metadata.labels: ${labels.owner} on an Artifact is set by the api-server alone; leave it as it is`,
        },
      },
    ],
  });
}

/** Before the operator has run for the first time there is no setting; it refuses such a source itself then. */
function gitSchemes(systemNamespace: string): object[] {
  const scheme = "object.spec.source.git.url.split(':')[0]";
  return policyObjects({
    name: 'vibed-git-schemes',
    resources: artifactWrites,
    // Finalizers and labels of an object that is there already are not its source.
    conditions: {
      'new-git-source': 'has(object.spec.source.git) && (oldObject == null || object.spec != oldObject.spec)',
    },
    validations: [
      {
        expression: `${scheme} in params.data.gitSchemes.split(',')`,
        message: {
          cel: `"spec.source.git.url: " + ${scheme} + " is not allowed here; use " + params.data.gitSchemes.split(',').join(' or ')`,
        },
      },
    ],
    parameters: { name: parametersName, namespace: systemNamespace },
  });
}
