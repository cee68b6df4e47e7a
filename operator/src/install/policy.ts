// A ValidatingAdmissionPolicy and the binding that puts it into force.
import { labels } from '@vibed/crds';

export interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  /** Absent: objects of namespaces and of the whole cluster. */
  readonly scope?: 'Namespaced';
}

export interface Validation {
  /** CEL; false refuses the request. */
  readonly expression: string;
  /** What the refused person reads: text, or CEL that gives one. */
  readonly message: { readonly text: string } | { readonly cel: string };
}

export interface PolicyOptions {
  readonly name: string;
  readonly resources: readonly ResourceRule[];
  /** CEL by name: the policy judges a request only when all are true. `namespaceObject` and `variables` are not known here. */
  readonly conditions: Readonly<Record<string, string>>;
  /** CEL by name, for the validations; computed when first used. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly validations: readonly Validation[];
  /** Of the refusal; Invalid when absent, as for a field that breaks a rule of its schema. */
  readonly reason?: 'Forbidden';
  /**
   * The ConfigMap that CEL finds in `params`. While it does not exist, which is before the operator has run for the first time, the
   * policy refuses nothing.
   */
  readonly parameters?: { readonly name: string; readonly namespace: string };
}

const group = 'admissionregistration.k8s.io/v1';

export function policyObjects(options: PolicyOptions): object[] {
  const { name, resources, conditions, variables = {}, validations, reason, parameters } = options;
  const expressions = (named: Readonly<Record<string, string>>) =>
    Object.entries(named).map(([key, expression]) => ({ name: key, expression }));
  const paramRef = { ...parameters, parameterNotFoundAction: 'Allow' };
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        ...(parameters !== undefined && { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }),
        matchConstraints: { resourceRules: resources.map(rule => ({ ...rule, apiVersions: ['*'] })) },
        ...(Object.keys(conditions).length > 0 && { matchConditions: expressions(conditions) }),
        ...(Object.keys(variables).length > 0 && { variables: expressions(variables) }),
        validations: validations.map(({ expression, message }) => ({
          expression,
          ...(reason !== undefined && { reason }),
          ...('text' in message ? { message: message.text } : { messageExpression: message.cel }),
        })),
      },
    },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'], ...(parameters !== undefined && { paramRef }) },
    },
  ];
}

/** The ConfigMap in vibeD's own namespace with what of the policies is a setting; the operator writes it. */
export const parametersName = 'vibed-admission';

/** CEL of the user name of a ServiceAccount. */
export const accountName = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

/** CEL: whoever sends the request is in this group. */
export const isInGroup = (group: string): string =>
  `(has(request.userInfo.groups) && '${group}' in request.userInfo.groups)`;

/** CEL: the value of a label of `object`, '' without it. */
export const labelOf = (object: string, label: string): string => `${object}.metadata.?labels[?'${label}'].orValue('')`;

/** CEL: the object is in a namespace with the owner label. An error where the object is in no namespace. */
export const inWorkspace = `${labelOf('namespaceObject', labels.owner)} != ''`;

/** CEL: a list of values in single quotes. */
export const celList = (values: readonly string[]): string => `[${values.map(value => `'${value}'`).join(', ')}]`;
