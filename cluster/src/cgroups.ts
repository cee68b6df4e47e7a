// One cgroup per checkout in every mounted hierarchy, named like the checkout: pods live below it, and whatever is found
// in it is ours to stop. The mounts themselves are never touched.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { type Identity, identityOf } from './processes.ts';

/** Mount points of the cgroup hierarchies in /proc/mounts, and whether each is version 2. */
export function hierarchies(mounts: string): readonly { path: string; v2: boolean }[] {
  const fields = mounts.split('\n').map(line => line.split(' '));
  return fields.flatMap(([, path, type]) =>
    path && (type === 'cgroup' || type === 'cgroup2') ? [{ path, v2: type === 'cgroup2' }] : [],
  );
}

const mounted = async () => hierarchies(await readFile('/proc/mounts', 'utf8'));

export async function createCgroups(layout: Layout): Promise<void> {
  const all = await mounted();
  const onlyV2 = all.every(hierarchy => hierarchy.v2);
  for (const { path, v2 } of all) {
    if (v2 && !onlyV2) continue; // the hybrid layout's second tree carries no controllers
    if (onlyV2) await delegateControllers(path);
    await mkdir(join(path, layout.name), { recursive: true });
    if (existsSync(join(path, 'cpuset.cpus'))) await inheritCpuset(path, join(path, layout.name));
  }
}

async function delegateControllers(root: string): Promise<void> {
  const controllers = (await readFile(join(root, 'cgroup.controllers'), 'utf8')).trim().split(' ');
  await writeFile(join(root, 'cgroup.subtree_control'), controllers.map(name => `+${name}`).join(' '));
}

/** A new version 1 cpuset is empty, and nothing can run in it. */
async function inheritCpuset(parent: string, child: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(child, file), await readFile(join(parent, file), 'utf8'));
  }
}

/** Deepest first, so that they can be removed in this order. */
async function cgroupsOf(layout: Layout): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) await walk(join(directory, entry.name));
    found.push(directory);
  };
  for (const { path } of await mounted()) {
    if (existsSync(join(path, layout.name))) await walk(join(path, layout.name));
  }
  return found;
}

/** Everything that runs in the checkout's pods. */
export async function podProcesses(layout: Layout): Promise<readonly Identity[]> {
  const pids = new Set<number>();
  for (const cgroup of await cgroupsOf(layout)) {
    const listed = await readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const pid of listed.split('\n').filter(Boolean)) pids.add(Number(pid));
  }
  return [...pids].flatMap(pid => identityOf(pid) ?? []);
}

export async function removeCgroups(layout: Layout): Promise<void> {
  for (const cgroup of await cgroupsOf(layout)) await rmdir(cgroup).catch(() => undefined);
}
