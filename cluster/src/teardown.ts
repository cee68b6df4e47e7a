// Stops what runs, and takes away what is left, also after everything was killed half-way: besides the recorded processes,
// whatever is in the checkout's cgroup or network namespace and every shim that answers to its containerd is ours.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { podProcesses, removeCgroups } from './cgroups.ts';
import { ask } from './command.ts';
import type { Layout } from './layout.ts';
import { deleteNetwork } from './network.ts';
import { end, type Identity, identityOf, recordedNames, stop } from './processes.ts';
import { removeShimSockets, removeTraces } from './traces.ts';

/** First the one that would start things again, then what it started, then the rest against the order of their start. */
const BEFORE_PODS = ['kubelet', 'kube-proxy', 'traefik', 'coredns', 'kube-scheduler', 'kube-controller-manager'];
const AFTER_PODS = [
  'containerd',
  'kube-apiserver',
  'etcd',
  'forward-outside',
  'forward-inside',
  'registry',
  'egress-proxy',
  'network-policies',
];

export async function stopAll(layout: Layout): Promise<number> {
  const recorded = await recordedNames(layout);
  for (const name of BEFORE_PODS) await stop(layout, name);
  const pods = await podProcesses(layout);
  await end(pods, 10);
  await end(await shims(layout), 5);
  await removeShimSockets(layout);
  for (const name of AFTER_PODS) await stop(layout, name);
  for (const name of await recordedNames(layout)) await stop(layout, name);
  await end([...(await podProcesses(layout)), ...(await shims(layout)), ...(await strays(layout))], 2);
  return recorded.length + pods.length;
}

/** containerd's shims outlive it on purpose; each names the containerd it belongs to. */
async function shims(layout: Layout): Promise<readonly Identity[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async pid => {
      const identity = identityOf(Number(pid));
      const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const [program = '', ...args] = argv.split('\0');
      const isOurs = program.endsWith('containerd-shim-runc-v2') && args.includes(layout.containerdSocket);
      return isOurs && identity ? [identity] : [];
    }),
  );
  return found.flat();
}

/** Ours by where they are, not by record: a checkout that was deleted while it ran took its records with it. */
async function strays(layout: Layout): Promise<readonly Identity[]> {
  const namespace = await inode(layout.netns);
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async pid => {
      const inside = namespace !== undefined && (await inode(`/proc/${pid}/ns/net`)) === namespace;
      const argv = inside ? '' : await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const identity = inside || isOurProgram(argv, layout.run) ? identityOf(Number(pid)) : undefined;
      return identity ?? [];
    }),
  );
  return found.flat();
}

const inode = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ ino }) => ino,
    () => undefined,
  );

/** One of the two programs outside the namespace, with a socket in this checkout's folder. */
export function isOurProgram(argv: string, run: string): boolean {
  const [, program = '', ...args] = argv.split('\0');
  return (
    /\/(forward|egress-proxy)\.ts$/.test(program) && args.some(arg => arg.replace('unix:', '').startsWith(`${run}/`))
  );
}

/** Takes away what a checkout that was at this path before left running; true when there was something. */
export async function removeLeftOver(layout: Layout): Promise<boolean> {
  const isOfThisOne = existsSync(join(layout.state, 'etcd')) || (await recordedNames(layout)).length > 0;
  if (isOfThisOne || (await strays(layout)).length === 0) return false;
  await removeAll(layout);
  return true;
}

/** What `down` deletes, for the person who is asked to agree. */
export function deletes(layout: Layout): readonly string[] {
  return [
    `${layout.state}: the cluster's data with every artifact and image in it, keys, logs`,
    `${layout.run}: sockets and container mounts`,
    `the network namespace ${layout.name} and the cgroup /${layout.name}`,
    `kept: ${layout.cache}, the compiled programs and images of all checkouts (rm -r it to start from nothing)`,
  ];
}

export async function removeAll(layout: Layout): Promise<void> {
  await stopAll(layout);
  await unmountBelow([layout.run, layout.state]);
  await deleteNetwork(layout);
  await removeCgroups(layout);
  await rm(layout.run, { recursive: true, force: true });
  await removeTraces(layout);
  await rm(layout.state, { recursive: true, force: true });
}

/** Mount points below any of the folders, the deepest first; spaces and the like are octal in mountinfo. */
export function mountsBelow(mountinfo: string, folders: readonly string[]): readonly string[] {
  const plain = (path: string) =>
    path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  const paths = mountinfo
    .split('\n')
    .flatMap(line => line.split(' ')[4] ?? [])
    .map(plain);
  const below = paths.filter(path => folders.some(folder => path === folder || path.startsWith(`${folder}/`)));
  return below.sort((a, b) => b.length - a.length);
}

async function unmountBelow(folders: readonly string[]): Promise<void> {
  const mounts = mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), folders);
  for (const path of mounts) {
    if ((await ask(['umount', path])) === undefined) await ask(['umount', '--lazy', path]);
  }
}
