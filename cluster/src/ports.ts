// The loopback ports of this checkout: chosen once, remembered, and replaced (and said) when somebody else took one.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Layout } from './layout.ts';

export interface Ports {
  readonly ingress: number;
  readonly apiserver: number;
  readonly registry: number;
}

export const DEFAULT_PORTS: Ports = { ingress: 8080, apiserver: 6443, registry: 5000 };
const NAMES = ['ingress', 'apiserver', 'registry'] as const;

export interface Choice {
  readonly ports: Ports;
  /** One sentence per port that had to be replaced. */
  readonly replaced: readonly string[];
}

/** Keeps every wanted port that is free and takes the next free one for each that is not. */
export async function choosePorts(wanted: Ports, isFree: (port: number) => Promise<boolean>): Promise<Choice> {
  const ports: Record<string, number> = {};
  const replaced: string[] = [];
  for (const name of NAMES) {
    const taken = (port: number) => Object.values(ports).includes(port);
    let port = wanted[name];
    while (taken(port) || !(await isFree(port))) {
      port += 1;
      if (port > 65_535) throw new Error(`no free port above ${wanted[name]} for the ${name}`);
    }
    if (port !== wanted[name])
      replaced.push(`port ${wanted[name]} (${name}) is taken by another program: using ${port}`);
    ports[name] = port;
  }
  return { ports: ports as unknown as Ports, replaced };
}

export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const fileOf = (layout: Layout): string => join(layout.state, 'ports.json');

export async function rememberedPorts(layout: Layout): Promise<Ports | undefined> {
  return existsSync(fileOf(layout)) ? (JSON.parse(await readFile(fileOf(layout), 'utf8')) as Ports) : undefined;
}

export async function rememberPorts(layout: Layout, ports: Ports): Promise<void> {
  await mkdir(dirname(fileOf(layout)), { recursive: true });
  await writeFile(fileOf(layout), `${JSON.stringify(ports)}\n`);
}
