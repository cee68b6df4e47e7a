// etcd, kube-apiserver, kube-controller-manager and kube-scheduler, all from the one binary.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeKubeconfig } from './certificates.ts';
import { ask } from './command.ts';
import { type Layout, NET } from './layout.ts';
import { type Daemon, start, until } from './processes.ts';

export const SERVER = `https://${NET.nodeIP}:${NET.apiserverPort}`;
const ETCD = 'http://127.0.0.1:2379';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([flag, value]) => `--${flag}=${value}`);

function etcd(layout: Layout): Daemon {
  // Plain HTTP on the namespace's own loopback: pods have another one, and nothing else is in there.
  const values = {
    name: layout.name,
    'data-dir': join(layout.state, 'etcd'),
    'listen-client-urls': ETCD,
    'advertise-client-urls': ETCD,
    'listen-peer-urls': 'http://127.0.0.1:2380',
    'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
    'initial-cluster': `${layout.name}=http://127.0.0.1:2380`,
    'auto-compaction-retention': '1h',
    'log-level': 'warn',
  };
  return { name: 'etcd', argv: [join(layout.bin, 'etcd'), ...flags(values)] };
}

function apiserver(layout: Layout): Daemon {
  const pki = (file: string) => join(layout.pki, file);
  const values = {
    'advertise-address': NET.nodeIP,
    'bind-address': NET.nodeIP,
    'secure-port': String(NET.apiserverPort),
    'etcd-servers': ETCD,
    'service-cluster-ip-range': NET.serviceCIDR,
    'allow-privileged': 'true',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'client-ca-file': pki('ca.crt'),
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'kubelet-certificate-authority': pki('ca.crt'),
    'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
    'kubelet-client-key': pki('apiserver-kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP',
    'service-account-issuer': ISSUER,
    'service-account-key-file': pki('service-account.pub'),
    'service-account-signing-key-file': pki('service-account.key'),
    'audit-policy-file': join(layout.config, 'audit-policy.json'),
    'audit-log-path': join(layout.log, 'audit.log'),
    'audit-log-maxsize': '100',
    'audit-log-maxbackup': '3',
    'shutdown-delay-duration': '0s',
  };
  return { name: 'kube-apiserver', argv: [join(layout.bin, 'kube-apiserver'), ...flags(values)] };
}

function controllerManager(layout: Layout): Daemon {
  const kubeconfig = join(layout.config, 'controller-manager.kubeconfig');
  const pki = (file: string) => join(layout.pki, file);
  const values = {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
    'use-service-account-credentials': 'true',
    'service-account-private-key-file': pki('service-account.key'),
    'root-ca-file': pki('ca.crt'),
    'flex-volume-plugin-dir': join(layout.state, 'volume-plugins'), // else a folder in /usr/libexec
    'cluster-signing-cert-file': pki('ca.crt'),
    'cluster-signing-key-file': pki('ca.key'),
  };
  return { name: 'kube-controller-manager', argv: [join(layout.bin, 'kube-controller-manager'), ...flags(values)] };
}

function scheduler(layout: Layout): Daemon {
  const kubeconfig = join(layout.config, 'scheduler.kubeconfig');
  const values = {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
  };
  return { name: 'kube-scheduler', argv: [join(layout.bin, 'kube-scheduler'), ...flags(values)] };
}

/** Metadata of every write, from which the benches count what an operator writes; reads would drown them. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'None',
      resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }],
      userGroups: ['system:nodes'],
    },
    { level: 'None', verbs: ['get', 'list', 'watch'], users: ['system:apiserver'] },
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/openapi*'] },
    { level: 'Metadata' },
  ],
};

export async function startControlPlane(layout: Layout, say: (detail: string) => void): Promise<void> {
  await mkdir(layout.config, { recursive: true });
  await mkdir(layout.log, { recursive: true });
  await mkdir(join(layout.state, 'etcd'), { recursive: true, mode: 0o700 });
  await writeFile(join(layout.config, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
  for (const user of [
    'controller-manager',
    'scheduler',
    'proxy',
    'kubelet',
    'coredns',
    'traefik',
    'network-policies',
  ]) {
    await writeKubeconfig(layout, user, SERVER, join(layout.config, `${user}.kubeconfig`));
  }
  await writeKubeconfig(layout, 'admin', SERVER, join(layout.config, 'admin.kubeconfig'));
  await start(layout, etcd(layout));
  await start(layout, apiserver(layout));
  say('waiting for the apiserver');
  const ready = async () => (await kubectl(layout, ['get', '--raw', '/readyz'])) === 'ok';
  await until(layout, 'the apiserver is ready', ['etcd', 'kube-apiserver'], 120, ready);
  await start(layout, controllerManager(layout));
  await start(layout, scheduler(layout));
}

/** kubectl from inside the namespace, so that it works before the loopback ports are forwarded. */
export function kubectl(layout: Layout, args: readonly string[], input?: string): Promise<string | undefined> {
  const program = join(layout.bin, 'kubectl');
  const admin = join(layout.config, 'admin.kubeconfig');
  const options = input === undefined ? {} : { input };
  return ask(['nsenter', `--net=${layout.netns}`, '--', program, `--kubeconfig=${admin}`, ...args], options);
}
