// containerd, kubelet and kube-proxy: the one node. Every path and cgroup is the checkout's own.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createCgroups } from './cgroups.ts';
import { kubectl } from './control-plane.ts';
import { type Layout, NET, REGISTRY } from './layout.ts';
import { queuePackets } from './network-policies.ts';
import { type Daemon, start, until } from './processes.ts';
import { registryLogin } from './registry-users.ts';

export const PAUSE_IMAGE = 'docker.io/vibed/pause:1';

function containerdConfig(layout: Layout): string {
  const runc = join(layout.bin, 'runc');
  return `version = 3
root = '${join(layout.state, 'containerd')}'
state = '${join(layout.run, 'containerd')}'

[grpc]
  address = '${layout.containerdSocket}'

# Both would be shared with every other containerd of the machine.
[plugins.'io.containerd.nri.v1.nri']
  disable = true
[plugins.'io.containerd.internal.v1.opt']
  path = '${join(layout.state, 'containerd/opt')}'

[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${PAUSE_IMAGE}'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '${join(layout.config, 'registries')}'

[plugins.'io.containerd.cri.v1.runtime']
  # A root without CAP_SYS_RESOURCE may not lower the score, and no sandbox would start.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${join(layout.bin, 'cni')}']
    conf_dir = '${join(layout.config, 'cni')}'
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = 'runc'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = 'io.containerd.runc.v2'
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        BinaryName = '${runc}'
        SystemdCgroup = false
        Root = '${join(layout.run, 'runc')}'
`;
}

/** Every registry is answered by the local one, which holds the base images under their public names. */
const mirror = (login: string): string => `server = 'http://${REGISTRY}'
[header]
  authorization = 'Basic ${login}'
[host.'http://${REGISTRY}']
  capabilities = ['pull', 'resolve']
[host.'http://${REGISTRY}'.header]
  authorization = 'Basic ${login}'
`;

function cniConfig(layout: Layout): object {
  return {
    cniVersion: '1.0.0',
    name: layout.name,
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        mtu: 65_520, // nothing ever leaves the machine
        ipam: {
          type: 'host-local',
          dataDir: join(layout.state, 'cni'),
          ranges: [[{ subnet: NET.podCIDR }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}

function kubeletConfig(layout: Layout): object {
  const pki = (file: string) => join(layout.pki, file);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: NET.nodeIP,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: pki('kubelet-server.crt'),
    tlsPrivateKeyFile: pki('kubelet-server.key'),
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.name}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [NET.dnsServiceIP],
    clusterDomain: 'cluster.local',
    resolvConf: join(layout.config, 'resolv.conf'),
    podLogsDir: join(layout.log, 'pods'),
    volumePluginDir: join(layout.state, 'kubelet/volume-plugins'),
    staticPodPath: '',
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    maxPods: 250,
    serializeImagePulls: false,
    evictionHard: { 'memory.available': '200Mi', 'nodefs.available': '2Gi', 'imagefs.available': '2Gi' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    shutdownGracePeriod: '0s',
  };
}

function proxyConfig(layout: Layout): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clusterCIDR: NET.podCIDR,
    hostnameOverride: layout.name,
    clientConnection: { kubeconfig: join(layout.config, 'proxy.kubeconfig') },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    nftables: { minSyncPeriod: '100ms' }, // promotion moves a Service: the old endpoint should not linger
    // The global table size belongs to the machine, not to this namespace.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    oomScoreAdj: 0,
  };
}

function daemons(layout: Layout): readonly [Daemon, Daemon, Daemon] {
  const config = (file: string) => join(layout.config, file);
  const path = `${layout.bin}:${process.env.PATH ?? ''}`;
  return [
    {
      name: 'containerd',
      argv: [join(layout.bin, 'containerd'), '--config', config('containerd.toml'), '--log-level', 'warn'],
      env: { PATH: path },
    },
    {
      name: 'kubelet',
      argv: [
        join(layout.bin, 'kubelet'),
        `--config=${config('kubelet.json')}`,
        `--kubeconfig=${config('kubelet.kubeconfig')}`,
        `--root-dir=${join(layout.state, 'kubelet')}`,
        `--hostname-override=${layout.name}`,
        `--node-ip=${NET.nodeIP}`,
        '--v=1',
      ],
    },
    { name: 'kube-proxy', argv: [join(layout.bin, 'kube-proxy'), `--config=${config('proxy.json')}`] },
  ];
}

export async function startNode(layout: Layout, say: (detail: string) => void): Promise<void> {
  await writeConfigs(layout);
  await createCgroups(layout);
  await queuePackets(layout);
  const [containerd, kubelet, proxy] = daemons(layout);
  await start(layout, containerd);
  await until(layout, 'containerd listens', ['containerd'], 60, () => listens(layout.containerdSocket));
  const before = Date.now();
  const after = (await start(layout, kubelet)) ? before : 0;
  await start(layout, proxy);
  say('waiting for the node');
  await until(layout, 'the node is Ready', ['containerd', 'kubelet'], 120, () => isReady(layout, after));
}

/** Whether a process answers at the socket: one that was killed leaves its file behind. */
async function listens(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Ready, and heard of since `after`: the last word of a node that was stopped stays in its status for a while. */
export async function isReady(layout: Layout, after = 0): Promise<boolean> {
  const get = (...args: string[]) => kubectl(layout, ['get', ...args, '--request-timeout=5s']);
  const [ready, heartbeat] = await Promise.all([
    get('node', layout.name, '-o', "jsonpath={.status.conditions[?(@.type=='Ready')].status}"),
    get('lease', layout.name, '-n', 'kube-node-lease', '-o', 'jsonpath={.spec.renewTime}'),
  ]);
  return ready === 'True' && Date.parse(heartbeat ?? '') >= after;
}

async function writeConfigs(layout: Layout): Promise<void> {
  const directories = [
    join(layout.config, 'registries/_default'),
    join(layout.config, 'cni'),
    join(layout.log, 'pods'),
    join(layout.state, 'kubelet'),
    layout.run,
  ];
  for (const directory of directories) await mkdir(directory, { recursive: true });
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  await writeFile(join(layout.config, 'containerd.toml'), containerdConfig(layout));
  const hosts = join(layout.config, 'registries/_default/hosts.toml');
  await writeFile(hosts, mirror(await registryLogin(layout, 'node')), { mode: 0o600 });
  await writeFile(join(layout.config, 'cni/10-pods.conflist'), json(cniConfig(layout)));
  await writeFile(join(layout.config, 'kubelet.json'), json(kubeletConfig(layout)));
  await writeFile(join(layout.config, 'proxy.json'), json(proxyConfig(layout)));
  // Names outside the cluster do not resolve: builds reach packages through the proxy, which resolves them itself.
  await writeFile(join(layout.config, 'resolv.conf'), '');
}
