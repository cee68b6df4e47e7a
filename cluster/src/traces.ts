// What Kubernetes' parts put at fixed places outside the checkout's own folders. Only what points to this checkout is
// taken away, and a folder only when nobody else's things are in it.
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

const entries = async (folder: string): Promise<readonly string[]> => (existsSync(folder) ? readdir(folder) : []);

/** The shims' sockets lie in one folder for all; each shim's own folder says which is its. A killed shim leaves it. */
export async function removeShimSockets(layout: Layout): Promise<void> {
  const tasks = join(layout.run, 'containerd/io.containerd.runtime.v2.task/k8s.io');
  for (const id of await entries(tasks)) {
    const bootstrap = await readFile(join(tasks, id, 'bootstrap.json'), 'utf8').catch(() => '{}');
    const { address } = JSON.parse(bootstrap || '{}') as { address?: string };
    if (address?.startsWith('unix:///run/containerd/s/')) await rm(address.slice('unix://'.length), { force: true });
  }
}

export async function removeTraces(layout: Layout): Promise<void> {
  await removeCniResults(layout, '/var/lib/cni/results');
  await removeLogLinks(layout, '/var/log/containers');
  if (!(await isAnyKubeletRunning())) await rm('/var/lib/kubelet/device-plugins', { recursive: true, force: true });
  const shared = ['/var/lib/cni/results', '/var/lib/cni', '/var/log/containers', '/var/lib/kubelet'];
  for (const folder of [...shared, '/run/containerd/s', '/run/containerd']) await rmdir(folder).catch(() => undefined);
}

/** Each result names the network namespace of its pod, which lies in the checkout's run folder. */
async function removeCniResults(layout: Layout, folder: string): Promise<void> {
  for (const name of await entries(folder)) {
    const file = join(folder, name);
    const result = await readFile(file, 'utf8').catch(() => '');
    if (result.includes(`"netns":"${layout.run}/`)) await rm(file, { force: true });
  }
}

async function removeLogLinks(layout: Layout, folder: string): Promise<void> {
  for (const name of await entries(folder)) {
    const path = join(folder, name);
    const target = (await lstat(path)).isSymbolicLink() ? await readlink(path) : '';
    if (target.startsWith(`${layout.log}/`)) await rm(path);
  }
}

async function isAnyKubeletRunning(): Promise<boolean> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const names = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return names.includes('kubelet\n');
}
