// What other programs need to know about the cluster. `main.ts env` prints it; nobody looks anywhere else.

import { INGRESS_CLASS, type Layout, NET, REGISTRY } from './layout.ts';
import type { PackageSources } from './package-sources.ts';
import { PINNED } from './pinned.ts';
import type { Ports } from './ports.ts';
import { registryAuthFile } from './registry-users.ts';

export interface Environment {
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly name: string;
  readonly nodeIP: string;
  readonly nodeName: string;
  /** `host:port` of the registry, for pods and for the node; plain HTTP. */
  readonly registry: string;
  /** URL of the same registry on this machine's loopback. */
  readonly registryURL: string;
  /** A docker config.json on this machine, with a login for both addresses of the registry. */
  readonly registryAuth: string;
  readonly ingress: { readonly class: string; readonly address: string; readonly loopbackPort: number };
  readonly egress: { readonly proxy: string; readonly noProxy: readonly string[]; readonly allowed: readonly string[] };
  /** PEM file on this machine; builds get its contents. */
  readonly caBundle: string;
  readonly packages: PackageSources;
  readonly images: {
    readonly buildah: string;
    readonly operatorBase: string;
    /** Everything the registry starts with, as Dockerfiles name it. */
    readonly base: readonly string[];
  };
  readonly auditLog: string;
}

export interface Facts {
  readonly ports: Ports;
  readonly sources: PackageSources;
  readonly allowed: readonly string[];
  readonly caBundle: string;
  readonly images: readonly string[];
}

export function environmentOf(layout: Layout, { ports, sources, allowed, caBundle, images }: Facts): Environment {
  return {
    kubeconfig: layout.kubeconfig,
    kubectl: `${layout.bin}/kubectl`,
    name: layout.name,
    nodeIP: NET.nodeIP,
    nodeName: layout.name,
    registry: REGISTRY,
    registryURL: `http://127.0.0.1:${ports.registry}`,
    registryAuth: registryAuthFile(layout),
    ingress: { class: INGRESS_CLASS, address: `${NET.nodeIP}:${NET.ingressPort}`, loopbackPort: ports.ingress },
    egress: {
      proxy: `http://${NET.nodeIP}:${NET.egressPort}`,
      noProxy: ['localhost', '127.0.0.1', NET.nodeIP, NET.podCIDR, NET.serviceCIDR, '.svc', '.cluster.local'],
      allowed,
    },
    caBundle,
    packages: sources,
    images: {
      buildah: `docker.io/vibed/buildah:${PINNED.buildah}`,
      operatorBase: 'docker.io/vibed/node-git:24',
      base: images,
    },
    auditLog: `${layout.log}/audit.log`,
  };
}
