// Where the cluster under test is. Everything that depends on how it was brought up is in this file.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect, type KubeClient } from '@vibed/store/kube';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));

const factsSchema = z.object({
  kubeconfig: z.string(),
  ingress: z.object({ loopbackPort: z.int() }),
  images: z.object({ operatorBase: z.string() }),
  registryURL: z.url(),
  registryAuth: z.string(),
  registry: z.string(),
  nodeIP: z.string(),
  auditLog: z.string(),
});

export interface Cluster {
  client: KubeClient;
  /** The administrator’s. */
  kubeconfig: string;
  /** The ingress, on this machine's loopback. */
  ingressPort: number;
  /** An image with node and git that the node can pull. */
  nodeGitImage: string;
  /** Of the registry that images are pushed to, on this machine's loopback. */
  registryURL: string;
  /** A docker config.json with a login for it. */
  registryAuth: string;
  /** `host:port` of the same registry, as pods reach it. */
  registryInside: string;
  /** Address of the node, on which apiserver, kubelet, registry and ingress listen. */
  nodeIP: string;
  /** File of the apiserver's audit log, one JSON object per line. */
  auditLog: string;
  /** Where vibeD itself runs, where Buildah builds, and where install Jobs run. */
  systemNamespace: string;
  buildNamespace: string;
  installNamespace: string;
  operatorDeployment: string;
}

let connected: Cluster | undefined;

/** The cluster of this checkout; asked for on first use, so that tests without a cluster can load every scenario. */
export function theCluster(): Cluster {
  connected ??= connectToCluster();
  return connected;
}

function connectToCluster(): Cluster {
  const facts = readFacts();
  return {
    kubeconfig: facts.kubeconfig,
    client: connect({ kubeconfig: facts.kubeconfig, fieldManager: 'vibed-e2e', userAgent: 'vibed-e2e' }),
    ingressPort: facts.ingress.loopbackPort,
    nodeGitImage: facts.images.operatorBase,
    registryURL: facts.registryURL,
    registryAuth: facts.registryAuth,
    registryInside: facts.registry,
    nodeIP: facts.nodeIP,
    auditLog: facts.auditLog,
    systemNamespace: 'vibed-system',
    buildNamespace: 'vibed-builds',
    installNamespace: 'vibed-installs',
    operatorDeployment: 'vibed-operator',
  };
}

function readFacts() {
  try {
    const json = execFileSync(process.execPath, ['cluster/src/main.ts', 'env'], { cwd: root, encoding: 'utf8' });
    return factsSchema.parse(JSON.parse(json));
  } catch (error) {
    throw new Error('there is no cluster to test on: run `make up` first', { cause: error });
  }
}
