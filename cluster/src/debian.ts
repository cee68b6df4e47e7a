// Debian packages: the few that must be installed on the machine, and those of which only the files are wanted. The latter
// are unpacked into the cache, because installing them would start a service (docker-registry) or touch the machine for
// nothing.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, keyOf } from './cache.ts';
import { ask, run } from './command.ts';
import type { Layout } from './layout.ts';
import { PINNED } from './pinned.ts';

export const INSTALLED: readonly string[] = [
  'debootstrap',
  'nftables',
  'iptables',
  'libseccomp-dev',
  'pkg-config',
  'gcc',
  'libc6-dev',
  'openssl',
  'iproute2',
  'procps',
  'ca-certificates',
];
const UNPACKED = ['docker-registry', 'containernetworking-plugins', 'catatonit'] as const;

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own notation
const FORMAT = '${db:Status-Status}';

export async function missingPackages(): Promise<readonly string[]> {
  const states = await Promise.all(INSTALLED.map(name => ask(['dpkg-query', '-W', '-f', FORMAT, name])));
  return INSTALLED.filter((_, i) => states[i] !== 'installed');
}

export async function installPackages(layout: Layout, missing: readonly string[]): Promise<void> {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, log: join(layout.log, 'apt.log') };
  await run(['apt-get', 'update'], options);
  await run(['apt-get', 'install', '-y', '--no-install-recommends', ...missing], options);
}

/** A directory that holds the files of the unpacked packages, as if it were the root of a file system. */
export async function unpackedPackages(layout: Layout): Promise<string> {
  return cached(join(layout.cache, 'debian', keyOf(UNPACKED, PINNED.debian)), async directory => {
    const work = join(directory, 'packages');
    await mkdir(work);
    await chmod(directory, 0o755); // apt downloads as a user of its own
    await chmod(work, 0o777);
    const options = { cwd: work, log: join(layout.log, 'apt.log') };
    const download = () => ask(['apt-get', 'download', ...UNPACKED], options);
    if ((await download()) === undefined) {
      await run(['apt-get', 'update'], options);
      await run(['apt-get', 'download', ...UNPACKED], options);
    }
    for (const file of await readdir(work)) await run(['dpkg-deb', '-x', join(work, file), directory]);
    await rm(work, { recursive: true });
  });
}

/** The machine's CA bundle: what its own clients are told to use, else Debian's. */
export function caBundle(): string {
  const { NODE_EXTRA_CA_CERTS: node, SSL_CERT_FILE: openssl } = process.env;
  const candidates = [openssl, node, '/etc/ssl/certs/ca-certificates.crt'];
  const found = candidates.find(file => file && existsSync(file));
  if (!found) throw new Error('no CA bundle: apt-get install ca-certificates');
  return found;
}
