// Where everything of one checkout is and what it is called. Names come from a hash of the checkout's path, so two
// checkouts on one machine share nothing but the per-user cache of binaries and images.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const CHECKOUT = resolve(import.meta.dirname, '../..');

/** Addresses inside the network namespace: every checkout has its own, so they can be constants. */
export const NET = {
  nodeIP: '10.123.0.1',
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/16',
  apiServiceIP: '10.96.0.1',
  dnsServiceIP: '10.96.0.10',
  apiserverPort: 6443,
  ingressPort: 80,
  /** For requests from pods to `<service>.<namespace>.svc` of Knative. */
  internalPort: 8081,
  registryPort: 5000,
  egressPort: 3128,
} as const;

export const REGISTRY = `${NET.nodeIP}:${NET.registryPort}`;
export const INGRESS_CLASS = 'traefik';
export const APPS_DOMAIN = 'localhost';
export const KNATIVE_NAMESPACE = 'knative-serving';

export interface Layout {
  readonly checkout: string;
  /** `vibed-<8 hex>`: the node, the network namespace, the cgroup and the CNI network all carry it. */
  readonly name: string;
  /** State that outlives a stop: etcd, images, logs, keys. */
  readonly state: string;
  /** Sockets and mounts; short, because a unix socket path holds at most 107 bytes. */
  readonly run: string;
  /** Binaries and images, shared by all checkouts of this user. */
  readonly cache: string;
  readonly log: string;
  readonly pids: string;
  readonly pki: string;
  readonly config: string;
  readonly bin: string;
  readonly kubeconfig: string;
  readonly netns: string;
  readonly containerdSocket: string;
}

export function layoutOf(checkout: string = CHECKOUT): Layout {
  const name = `vibed-${createHash('sha256').update(checkout).digest('hex').slice(0, 8)}`;
  const state = join(checkout, '.vibed');
  const run = join('/run', name);
  return {
    checkout,
    name,
    state,
    run,
    cache: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vibed'),
    log: join(state, 'log'),
    pids: join(state, 'pids'),
    pki: join(state, 'pki'),
    config: join(state, 'config'),
    bin: join(state, 'bin'),
    kubeconfig: join(state, 'kubeconfig'),
    netns: join('/run/netns', name),
    containerdSocket: join(run, 'containerd.sock'),
  };
}

export const knativeFile = (layout: Layout): string => join(layout.state, 'knative');

/** Was it asked for? */
export const hasKnative = (layout: Layout): boolean => existsSync(knativeFile(layout));
