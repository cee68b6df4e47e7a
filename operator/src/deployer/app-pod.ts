// The pod every target runs: it meets Pod Security *restricted*, gets no credential of the cluster, and says where to listen.
// Everything is set at container level, because Knative drops pod-level security settings.
import type { V1Container, V1EnvVar, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { CompactSpec } from '@vibed/store';
import type { Wire } from '@vibed/store/kube';
import type { Settings } from '../settings.ts';
import { portOf, type Version } from './deployer.ts';

/** Pods of apps run as this account; it has no rights and no token is mounted. The tenant reconcile makes it. */
export const appServiceAccount = 'vibed-app';
export const appContainer = 'app';
export type PodTemplate = Wire<V1PodTemplateSpec>;

export function appPodTemplate(
  version: Omit<Version, 'template'>,
  labels: Record<string, string>,
  settings: Settings,
): PodTemplate {
  const pullSecret = version.spec.source.image?.pullSecretRef;
  return {
    metadata: { labels },
    spec: {
      serviceAccountName: appServiceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      ...(pullSecret && { imagePullSecrets: [{ name: pullSecret.name }] }),
      containers: [container(version, settings)],
      volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }],
    },
  };
}

function container({ spec, build }: Omit<Version, 'template'>, settings: Settings): Wire<V1Container> {
  const port = portOf(spec, build);
  return {
    name: appContainer,
    image: build.image ?? '',
    ...(spec.run?.command && { command: spec.run.command }),
    env: environment(spec, port),
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    resources: resources(spec, settings),
    readinessProbe: {
      ...(spec.run?.health?.path
        ? { httpGet: { path: spec.run.health.path, port: 'http' } }
        : { tcpSocket: { port: 'http' } }),
      periodSeconds: 2,
      timeoutSeconds: 2,
      failureThreshold: 3,
    },
    // Endpoints and ingresses need a moment to forget a pod; until then it answers on.
    lifecycle: { preStop: { sleep: { seconds: Math.max(1, settings.versions.drainSeconds) } } },
    securityContext: {
      runAsNonRoot: true,
      ...(build.uid !== undefined && { runAsUser: build.uid, runAsGroup: build.uid }),
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
      readOnlyRootFilesystem: build.readOnlyRoot === true,
    },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

function environment(spec: CompactSpec, port: number): Wire<V1EnvVar>[] {
  const own = [
    { name: 'PORT', value: String(port) },
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
