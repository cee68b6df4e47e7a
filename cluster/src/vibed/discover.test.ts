import { expect, it } from 'vitest';
import { chosenClass, controllerAddress, isLoopback, type Service } from './discover.ts';

const ingressClass = (name: string, isDefault?: 'true') => ({
  metadata: {
    name,
    ...(isDefault && { annotations: { 'ingressclass.kubernetes.io/is-default-class': isDefault } }),
  },
});

it.each([
  ['none', [], undefined],
  ['the only one', [ingressClass('nginx')], 'nginx'],
  ['the default', [ingressClass('nginx'), ingressClass('traefik', 'true')], 'traefik'],
  ['neither of two', [ingressClass('nginx'), ingressClass('traefik')], undefined],
])('chooses as ingress class %s', (_, classes, want) => expect(chosenClass(classes)).toBe(want));

const service = (namespace: string, name: string, type: string, ports: readonly number[], app?: string): Service => ({
  metadata: { name, namespace, ...(app && { labels: { 'app.kubernetes.io/name': app } }) },
  spec: { type, ports: ports.map(port => ({ port })) },
});
const api = service('default', 'kubernetes', 'ClusterIP', [443]);

it.each([
  ['k3s', [api, service('kube-system', 'traefik', 'LoadBalancer', [80, 443])], 'traefik.kube-system.svc:80'],
  [
    'ingress-nginx, whose admission Service is another one',
    [
      service('ingress-nginx', 'ingress-nginx-controller-admission', 'ClusterIP', [443], 'ingress-nginx'),
      service('ingress-nginx', 'ingress-nginx-controller', 'NodePort', [80, 443], 'ingress-nginx'),
    ],
    'ingress-nginx-controller.ingress-nginx.svc:80',
  ],
  ['a release of another name', [service('web', 'edge', 'LoadBalancer', [80], 'traefik')], 'edge.web.svc:80'],
  ['a cluster without a known controller', [api], undefined],
])('finds the address of the ingress of %s', (_, services, want) =>
  expect(controllerAddress(services, 'http')).toBe(want),
);

it('prefers the Service that is reached from outside, at the port of the scheme', () => {
  const inside = service('a', 'traefik-internal', 'ClusterIP', [80, 443]);
  const outside = service('b', 'traefik', 'LoadBalancer', [80, 443]);
  expect(controllerAddress([inside, outside], 'https')).toBe('traefik.b.svc:443');
});

it.each([
  ['https://127.0.0.1:6443', true],
  ['https://localhost:6443', true],
  ['https://[::1]:6443', true],
  ['https://k8s.example.com', false],
  ['https://10.0.0.1:6443', false],
])('knows whether %s is this machine', (server, want) => expect(isLoopback(server)).toBe(want));
