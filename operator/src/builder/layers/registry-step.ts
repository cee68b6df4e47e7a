// A container of our own that holds the registry's credential and runs nothing of the tenant's: /app/layers.mjs. No other container
// runs beside it.
import type { V1Container, V1Volume } from '@kubernetes/client-node';
import type { Wire } from '@vibed/store/kube';
import type { RegistryEndpoint } from '../../build-pod/registry-config.ts';
import { literally } from '../../literal.ts';
import type { Settings } from '../../settings.ts';
import type { StepOptions } from '../build-environment.ts';
import { buildEnvironmentDir } from '../build-files.ts';
import type { KeepJob, LayersJob } from './job.ts';

export type Mounts = NonNullable<Wire<V1Container>['volumeMounts']>;
export const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
export const credentialDir = '/credential';

export interface RegistryStep {
  readonly name: string;
  readonly does: 'fetch' | 'push' | 'keep';
  readonly job: LayersJob | KeepJob;
  /** Beside `environment` and the credential, which its pod has as volumes. */
  readonly mounts: Mounts;
}

export function registryStep({ name, does, job, mounts }: RegistryStep, options: StepOptions): Wire<V1Container> {
  const { settings, stepsImage, caBundle } = options;
  return literally({
    name,
    image: stepsImage,
    command: ['node', '/app/layers.mjs', does],
    env: [
      { name: 'VIBED_LAYERS', value: JSON.stringify(job) },
      ...(caBundle === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${buildEnvironmentDir}/ca.pem` }]),
    ],
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '512Mi', 'ephemeral-storage': '64Mi' } },
    securityContext: { ...security, readOnlyRootFilesystem: true },
    volumeMounts: [
      { name: 'environment', mountPath: buildEnvironmentDir, readOnly: true },
      ...(settings.registry.pushSecret === undefined
        ? []
        : [{ name: 'credential', mountPath: credentialDir, readOnly: true }]),
      ...mounts,
    ],
  });
}

export const credentialVolumes = ({ registry: { pushSecret } }: Settings): Wire<V1Volume>[] =>
  pushSecret === undefined ? [] : [{ name: 'credential', secret: { secretName: pushSecret } }];

/** The registry as such a step reaches it. */
export function registryOfStep({ registry: { push, pushSecret } }: Settings): RegistryEndpoint {
  return { url: push, ...(pushSecret !== undefined && { dockerConfigFile: `${credentialDir}/.dockerconfigjson` }) };
}
