import { expect, it } from 'vitest';
import { layoutOf, NET } from '../layout.ts';
import { type Manifest, manifestsIn } from './manifests.ts';

const RELEASED = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: webhook
  namespace: knative-serving
  labels:
    app.kubernetes.io/version: devel
spec:
  template:
    spec:
      containers:
      - name: webhook
        image: ko://knative.dev/serving/cmd/webhook
        resources: { requests: { cpu: 100m, memory: 100Mi }, limits: { cpu: 500m, memory: 500Mi } }
---
# only a comment
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: config-deployment
  namespace: knative-serving
  annotations: { knative.dev/example-checksum: abc }
data:
  queue-sidecar-image: ko://knative.dev/serving/cmd/queue
  _example: much text
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: webhook, namespace: knative-serving }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: images.caching.internal.knative.dev }
---
apiVersion: v1
kind: Namespace
metadata: { name: knative-serving, labels: { app.kubernetes.io/name: knative-serving } }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: images.caching.internal.knative.dev }
`;

const objects = manifestsIn(RELEASED, layoutOf('/a/checkout'));
const named = (kind: string, name: string): Manifest | undefined =>
  objects.find(object => object.kind === kind && object.metadata.name === name);

it('puts what others need first, and nothing in twice', () => {
  expect(objects.map(({ kind }) => kind)).toEqual([
    'CustomResourceDefinition',
    'Namespace',
    'Deployment',
    'ConfigMap',
    'Service',
    'EndpointSlice',
    'Service',
    'EndpointSlice',
  ]);
});

it('runs one small replica of an image in the registry, in a user namespace', () => {
  expect(named('Deployment', 'webhook')).toMatchObject({
    metadata: { labels: { 'app.kubernetes.io/version': '0.42.2' } },
    spec: {
      replicas: 1,
      template: {
        spec: {
          hostUsers: false,
          containers: [
            {
              image: 'docker.io/vibed/knative-webhook:0.42.2',
              resources: { requests: { cpu: '10m', memory: '40Mi' }, limits: { cpu: '500m', memory: '500Mi' } },
            },
          ],
        },
      },
    },
  });
});

it('keeps the settings that are released, without the example, and lays its own over them', () => {
  const settings = named('ConfigMap', 'config-deployment');
  expect(settings?.metadata.annotations).toBeUndefined();
  expect(settings?.data).toEqual({
    'queue-sidecar-image': 'docker.io/vibed/knative-queue:0.42.2',
    'registries-skipping-tag-resolving': '10.123.0.1:5000,docker.io,index.docker.io',
  });
});

it('enforces Pod Security where it runs', () => {
  expect(named('Namespace', 'knative-serving')?.metadata.labels).toEqual({
    'app.kubernetes.io/name': 'knative-serving',
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
});

it('leads the cluster to the ingress that runs on the node', () => {
  expect(named('EndpointSlice', 'traefik-internal')).toMatchObject({
    metadata: { labels: { 'kubernetes.io/service-name': 'traefik-internal' } },
    endpoints: [{ addresses: [NET.nodeIP] }],
    ports: [{ port: NET.internalPort }],
  });
});
