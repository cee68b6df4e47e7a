// The network namespace everything runs in. It has no default route and no link to the machine, so nothing can leak out
// and the machine's own routes and firewall stay as they are. nsenter enters it, not `ip netns exec`, which remounts /sys
// and hides the cgroups.
//
//   machine  127.0.0.1:port ─ unix socket ─ namespace  nodeIP (on a bridge without ports) ─ veth per pod (CNI ptp)
import { existsSync } from 'node:fs';
import { run } from './command.ts';
import { type Layout, NET } from './layout.ts';

export async function createNetwork(layout: Layout): Promise<void> {
  if (!existsSync(layout.netns)) await run(['ip', 'netns', 'add', layout.name]);
  const inside = (...argv: [string, ...string[]]) => run(['nsenter', `--net=${layout.netns}`, '--', ...argv]);
  const links = await inside('ip', '-br', 'link');
  // A bridge, because dummy devices are not in every kernel.
  if (!/^eth0\b/m.test(links)) await inside('ip', 'link', 'add', 'eth0', 'type', 'bridge');
  await inside('ip', 'link', 'set', 'lo', 'up');
  await inside('ip', 'address', 'replace', `${NET.nodeIP}/32`, 'dev', 'eth0');
  await inside('ip', 'link', 'set', 'eth0', 'up');
  // Without a route the node itself could not reach a ClusterIP: the firewall rewrites the address only after routing.
  await inside('ip', 'route', 'replace', NET.serviceCIDR, 'dev', 'eth0', 'src', NET.nodeIP);
  await inside('sysctl', '-qw', 'net.ipv4.ip_forward=1');
}

export async function deleteNetwork(layout: Layout): Promise<void> {
  if (existsSync(layout.netns)) await run(['ip', 'netns', 'delete', layout.name]);
}
