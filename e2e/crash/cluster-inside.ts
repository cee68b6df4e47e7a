// The cluster of this checkout from the inside: its network namespace, its apiserver, and the operator's own credential.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { V1Deployment } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '../lib/cluster.ts';
import { askRegistry } from '../lib/registry.ts';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** How to reach an apiserver. */
export interface Upstream {
  server: URL;
  /** PEM. */
  ca: string;
}

const factsSchema = z.object({
  name: z.string(),
  kubeconfig: z.string(),
  nodeName: z.string(),
  registry: z.string(),
  registryURL: z.string(),
  registryAuth: z.string(),
});
export type Facts = z.infer<typeof factsSchema>;

const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.base64() }) })]),
});

export function readFacts(): Facts {
  const json = execFileSync(process.execPath, ['cluster/src/main.ts', 'env'], { cwd: checkout, encoding: 'utf8' });
  return factsSchema.parse(JSON.parse(json));
}

export function upstreamOf(facts: Facts): Upstream {
  const [{ cluster }] = kubeconfigSchema.parse(parse(readFileSync(facts.kubeconfig, 'utf8'))).clusters;
  return {
    server: new URL(cluster.server),
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
  };
}

/** The command line that runs `command` where pods can be reached. */
export const inside = (facts: Facts, ...command: string[]): [string, string[]] => [
  'nsenter',
  [`--net=/run/netns/${facts.name}`, ...command],
];

/** A token of the operator's own ServiceAccount, for an hour: its rights are the operator's and nothing more. */
export async function operatorToken({ client, systemNamespace }: Cluster): Promise<string> {
  const path = `/api/v1/namespaces/${systemNamespace}/serviceaccounts/vibed-operator/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const answer = (await client.raw('POST', path, body)) as { status: { token: string } };
  return answer.status.token;
}

/** The image that the installed operator runs from. */
export async function operatorImage({ client, systemNamespace, operatorDeployment }: Cluster): Promise<string> {
  const ref = { namespace: systemNamespace, name: operatorDeployment };
  const { spec } = await client.get<Typed<V1Deployment>>(kinds.deployment, ref);
  return spec?.template.spec?.containers[0]?.image ?? '';
}

/** An image of this cluster's registry by digest, as the node pulls it. */
export async function imageByDigest(facts: Facts, repository: string, tag: string): Promise<string> {
  const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
  const answer = await askRegistry(facts, `/v2/${repository}/manifests/${tag}`, { headers: { accept } });
  const digest = answer.headers.get('docker-content-digest');
  if (digest === null) throw new Error(`${repository}:${tag} is not in the registry: ${answer.status}`);
  return `${facts.registry}/${repository}@${digest}`;
}
