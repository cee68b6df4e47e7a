// Enforces NetworkPolicies. The CNI plugin enforces none, so the firewall of the namespace queues the first packet of every
// connection of a pod, and a program of ours (../go/policies) accepts or drops it. While that program is away everything new
// is dropped.
//
// What the node's own processes send passes, as in every cluster: the kubelet's probes, the apiserver's proxy, and the ingress
// controller, which is such a process here.
import { join } from 'node:path';
import { run } from './command.ts';
import { type Layout, NET } from './layout.ts';
import { type Daemon, start, until } from './processes.ts';

const QUEUE = 100;
const name = 'network-policies';

// iptables, because not every kernel has nftables' own queue statement. The whole mangle table of the namespace is ours.
// Every process of the node is root's; a pod's packet that is passed on has no owner. INPUT is for connections to the node's
// own addresses: apiserver, kubelet, registry, ingress.
const RULES = `*mangle
-A POSTROUTING -m owner --uid-owner 0 -j RETURN
-A POSTROUTING -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
-A POSTROUTING -d ${NET.podCIDR} -j NFQUEUE --queue-num ${QUEUE}
-A POSTROUTING -s ${NET.podCIDR} -j NFQUEUE --queue-num ${QUEUE}
-A INPUT -s ${NET.podCIDR} -m conntrack --ctstate NEW -j NFQUEUE --queue-num ${QUEUE}
COMMIT
`;

/** Before the first pod: it replaces the rules that are there. */
export async function queuePackets(layout: Layout): Promise<void> {
  await inside(layout, ['iptables-restore'], RULES);
}

export async function startNetworkPolicies(layout: Layout): Promise<void> {
  await start(layout, daemon(layout));
  const queues = () => inside(layout, ['cat', '/proc/net/netfilter/nfnetlink_queue']);
  await until(layout, 'NetworkPolicies are enforced', [name], 60, async () =>
    (await queues()).split('\n').some(line => line.trim().startsWith(`${QUEUE} `)),
  );
}

function daemon(layout: Layout): Daemon {
  const kubeconfig = join(layout.config, `${name}.kubeconfig`);
  const flags = [`--kubeconfig=${kubeconfig}`, `--node=${layout.name}`, `--queue=${QUEUE}`];
  return { name, argv: [join(layout.bin, name), ...flags], restarts: true };
}

const inside = (layout: Layout, argv: readonly string[], input?: string): Promise<string> =>
  run(['nsenter', `--net=${layout.netns}`, '--', ...argv], input === undefined ? {} : { input });
