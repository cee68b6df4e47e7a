// The pod every target runs: it meets Pod Security *restricted*, gets no credential of the cluster, and says where to listen.
// Everything is set at container level, because Knative drops pod-level security settings.
import type { V1Container, V1EnvVar, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { CompactSpec } from '@vibed/store';
import type { Wire } from '@vibed/store/kube';
import { identityLabels, type Owner, versionLabel } from '../artifact/identity.ts';
import { literally } from '../literal.ts';
import type { Settings } from '../settings.ts';
import { portOf, type Version } from './deployer.ts';

/** Pods of apps run as this account; it has no rights and no token is mounted. The tenant reconcile makes it. */
export const appServiceAccount = 'vibed-app';
export const appContainer = 'app';
export type PodTemplate = Wire<V1PodTemplateSpec> & { spec: PodSpec };
export type PodSpec = NonNullable<Wire<V1PodTemplateSpec>['spec']>;

/** Labels of what runs a version: its workload and its pods. */
export const workloadLabels = (owner: Owner, hash: string): Record<string, string> => ({
  ...identityLabels(owner),
  'app.kubernetes.io/name': owner.name,
  [versionLabel]: hash,
});

export function appPodTemplate(
  version: Omit<Version, 'template'>,
  labels: Record<string, string>,
  settings: Settings,
): PodTemplate {
  const port = portOf(version.spec, version.build);
  const health = version.spec.run?.health?.path;
  return {
    metadata: { labels },
    spec: {
      ...appPod(version),
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          ...appContainerOf(version, settings, [{ name: 'PORT', value: String(port) }]),
          ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
          readinessProbe: {
            ...(health ? { httpGet: { path: health, port: 'http' } } : { tcpSocket: { port: 'http' } }),
            periodSeconds: 2,
            timeoutSeconds: 2,
            failureThreshold: 3,
          },
          // Endpoints and ingresses need a moment to forget a pod; until then it answers on.
          lifecycle: { preStop: { sleep: { seconds: Math.max(1, settings.versions.drainSeconds) } } },
        },
      ],
    },
  };
}

/** The part of the pod that every target has: who it is and what it may write; the containers are the target's. */
export function appPod({ spec }: Pick<Version, 'spec'>) {
  const pullSecret = spec.source.image?.pullSecretRef;
  return {
    serviceAccountName: appServiceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(pullSecret && { imagePullSecrets: [{ name: pullSecret.name }] }),
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }],
  };
}

/** The app's container without what a target says in its own way: ports, probes and how it ends. */
export function appContainerOf(
  { spec, build }: Omit<Version, 'template'>,
  settings: Settings,
  port: Wire<V1EnvVar>[],
): Wire<V1Container> {
  return literally({
    name: appContainer,
    image: build.image ?? '',
    ...(spec.run?.command && { command: spec.run.command }),
    env: [...port, ...environment(spec)],
    resources: resources(spec, settings),
    securityContext: {
      runAsNonRoot: true,
      ...(build.uid !== undefined && { runAsUser: build.uid, runAsGroup: build.uid }),
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
      readOnlyRootFilesystem: build.readOnlyRoot === true,
    },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  });
}

function environment(spec: CompactSpec): Wire<V1EnvVar>[] {
  const own = [
    { name: 'HOST', value: '0.0.0.0' },
    { name: 'HOSTNAME', value: '0.0.0.0' },
    { name: 'HOME', value: '/tmp' },
  ];
  const asked = (spec.run?.env ?? []).map(e =>
    e.secretRef === undefined
      ? { name: e.name, value: e.value ?? '' }
      : { name: e.name, valueFrom: { secretKeyRef: { name: e.secretRef.name, key: e.secretRef.key } } },
  );
  return [...own, ...asked];
}

function resources(spec: CompactSpec, settings: Settings) {
  const { cpu, memory } = spec.run?.resources ?? {};
  const asked = { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  const { requests, limits } = settings.tenants.defaultResources;
  return {
    requests: { ...requests, ...asked },
    limits: { ...limits, ...asked },
  };
}
