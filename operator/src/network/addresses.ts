// Which addresses are public. Everything else belongs to a machine, a cluster or a company: apps may not reach it unless the
// settings say so, and a git URL may not name it.
import { BlockList, isIP } from 'node:net';

/** Ranges that are not public, from the special-purpose registries of IANA; also IPv6 ranges that hold an IPv4 address. */
export const notPublic = {
  ipv4: [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  ipv6: [
    '::/96',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
    '5f00::/16',
    'fc00::/7',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ],
} as const;

/** IPv4 in the form of IPv6. No packet has such an address, and a NetworkPolicy takes the range for all of IPv4. */
const mapped = '::ffff:0:0/96';

export const isIpv6Range = (cidr: string): boolean => cidr.includes(':');

/** Judges addresses by ranges. */
export function rangesOf(cidrs: readonly string[]): { has(address: string): boolean } {
  // A list of its own for each family: in one list, an IPv4 address is also looked for in the IPv6 range ::ffff:0:0/96.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of cidrs) {
    const [network = '', prefix = ''] = cidr.split('/');
    const family = isIpv6Range(cidr) ? 'ipv6' : 'ipv4';
    lists[family].addSubnet(network, Number(prefix), family);
  }
  return {
    has: address => {
      const version = isIP(address);
      if (version === 0) throw new Error(`${address} is not an IP address`);
      const family = version === 6 ? 'ipv6' : 'ipv4';
      return lists[family].check(address, family);
    },
  };
}

/** True for an address of the internet. `internal` are the ranges of the cluster and the site besides the private ones. */
export function publicAddresses(internal: readonly string[]): (address: string) => boolean {
  const others = rangesOf([...notPublic.ipv4, ...notPublic.ipv6, mapped, ...internal]);
  return address => !others.has(address);
}
