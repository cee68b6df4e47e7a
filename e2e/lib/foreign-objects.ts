// Objects that the owner of a workspace may create, and that carry labels of vibeD without being its own.
import { labels } from '@vibed/crds';
import { isKubeError, type Kind, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import type { App } from './app.ts';
import { eventually } from './eventually.ts';

export type Labels = Readonly<Record<string, string>>;
type Anything = KubeObject & Record<string, unknown>;

export const statefulSet: Kind = {
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  namespaced: true,
};

/** The labels that make an object look like a child of this app. */
export async function identityOf(app: App): Promise<Labels> {
  return {
    [labels.managedBy]: 'vibed',
    [labels.instance]: app.name,
    [labels.artifactNamespace]: app.namespace,
    [labels.artifactUid]: await app.uid(),
  };
}

/** Runs where Pod Security restricted and a quota are enforced, and does nothing. */
const idle = {
  automountServiceAccountToken: false,
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 0,
  containers: [
    {
      name: 'idle',
      image: 'registry.invalid/idle:1',
      resources: { requests: { cpu: '1m', memory: '8Mi' }, limits: { memory: '8Mi' } },
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  ],
};

/** Its image is nowhere, so that it stays as it is: created, and never ready. */
export const barePod = (namespace: string, name: string, labels: Labels, finalizers: string[] = []): Anything => ({
  metadata: { name, namespace, labels, finalizers },
  spec: idle,
});

export const foreignJob = (namespace: string, name: string, labels: Labels, suspend: boolean): Anything => ({
  metadata: { name, namespace, labels },
  spec: { suspend, backoffLimit: 0, template: { metadata: { labels }, spec: idle } },
});

/** A StatefulSet without instances; its controller makes a ControllerRevision with the labels of the template. */
export const emptySet = (namespace: string, name: string, labels: Labels): Anything => ({
  metadata: { name, namespace },
  spec: {
    replicas: 0,
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name, ...labels } }, spec: { ...idle, restartPolicy: 'Always' } },
  },
});

export const revision = (namespace: string, name: string, labels: Labels, data: unknown): Anything => ({
  metadata: { name, namespace, labels },
  revision: 1,
  data,
});

/** Creates it, and waits for the revision that its controller makes. */
export async function createSet(client: KubeClient, namespace: string, name: string, labels: Labels): Promise<void> {
  await client.create(statefulSet, emptySet(namespace, name, labels));
  const made = async () =>
    (await client.list(kinds.controllerRevision, { namespace, labelSelector: `app=${name}` })).items.length;
  await eventually(made, 1 as number, { within: 60 });
}

export async function exists(client: KubeClient, kind: Kind, ref: KubeObject['metadata']): Promise<boolean> {
  try {
    await client.get(kind, ref);
    return true;
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return false;
    throw error;
  }
}
