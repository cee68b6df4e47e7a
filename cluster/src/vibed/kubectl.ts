// kubectl against one cluster, with arguments as an array.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPONENTS, cachedBinary } from '../binaries.ts';
import { run } from '../command.ts';
import type { Layout } from '../layout.ts';

export interface Kubectl {
  readonly program: string;
  readonly kubeconfig: string;
  readonly run: (...args: readonly string[]) => Promise<string>;
  /** Server-side apply; this field manager owns what it says. */
  readonly apply: (object: object | string, ...options: readonly string[]) => Promise<void>;
  readonly get: <T>(kind: string, name: string, namespace: string) => Promise<T>;
  /** In all namespaces. */
  readonly list: <T>(kind: string) => Promise<readonly T[]>;
  /** A namespace that enforces this level of Pod Security and is gone afterwards. */
  readonly inScratch: <T>(level: 'restricted' | 'baseline', work: (namespace: string) => Promise<T>) => Promise<T>;
}

export function kubectlFor(program: string, kubeconfig: string): Kubectl {
  const call = (args: readonly string[], input?: string) =>
    run([program, ...args], { env: { KUBECONFIG: kubeconfig }, ...(input !== undefined && { input }) });
  const apply: Kubectl['apply'] = async (object, ...options) => {
    const text = typeof object === 'string' ? object : JSON.stringify(object);
    await call(['apply', '--server-side', '--force-conflicts', ...options, '-f', '-'], text);
  };
  return {
    program,
    kubeconfig,
    run: (...args) => call(args),
    apply,
    get: async (kind, name, namespace) => JSON.parse(await call(['-n', namespace, 'get', kind, name, '-o', 'json'])),
    list: async kind => JSON.parse(await call(['get', kind, '-A', '-o', 'json'])).items,
    inScratch: async (level, work) => {
      const name = `vibed-check-${randomBytes(4).toString('hex')}`;
      const labels = { 'pod-security.kubernetes.io/enforce': level };
      await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
      try {
        return await work(name);
      } finally {
        await call(['delete', 'namespace', name, '--wait=false']);
      }
    },
  };
}

/** The machine's kubectl, or the one in the cache of clusters brought up before; undefined when there is neither. */
export async function findKubectl(layout: Layout): Promise<string | undefined> {
  const folders = (process.env.PATH ?? '').split(':').filter(Boolean);
  const found = [...folders, layout.bin].map(folder => join(folder, 'kubectl')).find(path => existsSync(path));
  if (found !== undefined) return found;
  const directory = await cachedBinary(layout, COMPONENTS.kubernetes);
  if (directory === undefined) return undefined;
  const link = join(layout.bin, 'kubectl');
  await mkdir(layout.bin, { recursive: true });
  await rm(link, { force: true });
  await symlink(join(directory, 'node'), link);
  return link;
}
