// Says in seconds what is missing and how to get it, before anything is changed.
import { existsSync } from 'node:fs';
import { readdir, readFile, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { ask } from './command.ts';
import { missingPackages } from './debian.ts';
import type { Layout } from './layout.ts';

export interface Preflight {
  /** What must be done first, each with the line that does it. */
  readonly problems: readonly string[];
  /** Debian packages that `up` installs. */
  readonly toInstall: readonly string[];
}

const GIB = 2 ** 30;

export async function preflight(layout: Layout): Promise<Preflight> {
  const toInstall = existsSync('/usr/bin/apt-get') ? await missingPackages() : [];
  const found = await Promise.all([machine(), go(), space(layout), programs(toInstall), sockets(layout)]);
  return { problems: found.flat(), toInstall };
}

function machine(): readonly string[] {
  const problems: string[] = [];
  if (process.platform !== 'linux' || process.arch !== 'x64') problems.push('Linux on x86_64 is needed');
  if (process.getuid?.() !== 0) problems.push('root is needed (namespaces, mounts): sudo make up');
  if (!existsSync('/usr/bin/apt-get')) problems.push('Debian 12 (or a relative with apt-get) is needed');
  if (totalmem() < 3.5 * GIB) problems.push('4 GiB of memory are needed (8 to compile in comfort)');
  return problems;
}

/** Is version `a` (1.26.8) at least `b`? */
export function atLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map(version => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function go(): Promise<readonly string[]> {
  const modules = join(import.meta.dirname, '../go');
  const files = (await readdir(modules)).map(name => join(modules, name, 'go.mod')).filter(existsSync);
  const wanted = await Promise.all(
    files.map(async file => /^go (\S+)/m.exec(await readFile(file, 'utf8'))?.[1] ?? '0'),
  );
  const newest = wanted.reduce((a, b) => (atLeast(a, b) ? a : b));
  const [version, toolchain] = ((await ask(['go', 'env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: '/' })) ?? '').split('\n');
  const install = `https://go.dev/dl/go${newest}.linux-amd64.tar.gz unpacked in /usr/local, and PATH=/usr/local/go/bin:$PATH`;
  if (!version) return [`Go ${newest} is needed: ${install}`];
  if (atLeast(version.slice(2), newest)) return [];
  if (toolchain !== 'local' && atLeast(version.slice(2), '1.21')) return []; // it fetches the newer one by itself
  return [`Go ${newest} is needed and this is ${version}: ${install}, or GOTOOLCHAIN=auto`];
}

async function space(layout: Layout): Promise<readonly string[]> {
  const free = async (path: string): Promise<number> => {
    let existing = path;
    while (!existsSync(existing)) existing = dirname(existing);
    const { bavail, bsize } = await statfs(existing);
    return bavail * bsize;
  };
  const wanted = [
    [layout.cache, existsSync(join(layout.cache, 'images')) ? 1 : 12],
    [layout.checkout, 6],
  ] as const;
  const problems: string[] = [];
  for (const [path, gib] of wanted) {
    if ((await free(path)) < gib * GIB) problems.push(`${gib} GiB free are needed where ${path} is`);
  }
  return problems;
}

async function programs(toInstall: readonly string[]): Promise<readonly string[]> {
  const from: Readonly<Record<string, string>> = {
    ip: 'iproute2',
    sysctl: 'procps',
    openssl: 'openssl',
    gcc: 'gcc',
    nsenter: 'util-linux',
    tar: 'tar',
    npm: 'npm',
  };
  const missing = Object.entries(from).filter(([program]) => {
    const folders = (process.env.PATH ?? '').split(':');
    return !folders.some(folder => existsSync(join(folder, program)));
  });
  return missing
    .filter(([, name]) => !toInstall.includes(name))
    .map(([program, name]) => `${program} is needed: apt-get install ${name}`);
}

async function sockets(layout: Layout): Promise<readonly string[]> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  const problems: string[] = [];
  if (!/ cgroup2? /.test(mounts)) problems.push('no cgroup hierarchy is mounted: mount -t cgroup2 none /sys/fs/cgroup');
  if (layout.containerdSocket.length > 100) problems.push(`${layout.containerdSocket} is too long for a socket`);
  return problems;
}
