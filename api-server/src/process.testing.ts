// The api-server as it is shipped, a process of its own, for tests that kill it; in place of a cluster a double that lists and
// watches Artifacts over real HTTP. The double judges nothing and keeps no version records.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Artifact, apiVersion } from '@vibed/crds';
import { mintKey, scopeSchema } from './auth/keys.ts';
import { namespaceOf } from './tenancy.ts';

/** Who everybody on loopback is without keys. */
const anybody = 'local';

export class ClusterDouble implements AsyncDisposable {
  readonly artifacts = new Map<string, Artifact>();
  readonly folder = mkdtempSync(join(tmpdir(), 'vibed-process-'));
  readonly #server = createServer((request, response) => this.#handle(request, response));
  readonly #watches = new Set<ServerResponse>();
  #revision = 1;

  static async start(): Promise<ClusterDouble> {
    const double = new ClusterDouble();
    await new Promise<void>(resolve => double.#server.listen(0, '127.0.0.1', resolve));
    const server = `http://127.0.0.1:${(double.#server.address() as AddressInfo).port}`;
    // client-node refuses plain HTTP unless verification is off as well.
    const cluster = { server, 'insecure-skip-tls-verify': true };
    const config = {
      'current-context': 'double',
      clusters: [{ name: 'double', cluster }],
      users: [{ name: 'double', user: {} }],
      contexts: [{ name: 'double', context: { cluster: 'double', user: 'double' } }],
    };
    writeFileSync(join(double.folder, 'kubeconfig'), JSON.stringify(config));
    return double;
  }

  /** Creates or changes an artifact; every open watch hears of it. */
  set(name: string, status: NonNullable<Artifact['status']>, user = anybody): void {
    this.#revision += 1;
    const key = user === anybody ? name : `${user}/${name}`;
    const before = this.artifacts.get(key);
    const metadata = {
      name,
      namespace: namespaceOf(user),
      uid: `uid-${key}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: String(this.#revision),
    };
    const spec: Artifact['spec'] = { source: { image: { ref: `example.com/x@sha256:${'0'.repeat(64)}` } } };
    const artifact: Artifact = { apiVersion, kind: 'Artifact', metadata, spec, status };
    this.artifacts.set(key, artifact);
    const line = `${JSON.stringify({ type: before === undefined ? 'ADDED' : 'MODIFIED', object: artifact })}\n`;
    for (const watch of this.#watches) watch.write(line);
  }

  /** No more connections, and those that there are end: the apiserver is gone. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
    rmSync(this.folder, { recursive: true });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://double');
    const isArtifacts = pathname.endsWith('/artifacts');
    if (!isArtifacts && !pathname.endsWith('/controllerrevisions'))
      response.writeHead(404).end(JSON.stringify({ kind: 'Status', status: 'Failure', code: 404, reason: 'NotFound' }));
    else if (searchParams.has('watch')) {
      response.writeHead(200).flushHeaders();
      if (isArtifacts) this.#watches.add(response);
      response.on('close', () => this.#watches.delete(response));
    } else {
      const items = isArtifacts ? [...this.artifacts.values()] : [];
      response.end(JSON.stringify({ metadata: { resourceVersion: String(this.#revision) }, items }));
    }
  }
}

const settings = `
apps: { domain: example.com, probeVia: "127.0.0.1:9" }
registry: { push: "https://registry.example.com", pull: registry.example.com }
builds: { image: vibed/buildah }
`;

/** Loaded before the process: SIGUSR2 blocks its main loop for `blockedMs`. */
export const blockedMs = 4_000;
export const blocksOnSignal = `data:text/javascript,process.on('SIGUSR2',()=>{const end=Date.now()+${blockedMs};while(Date.now()<end);})`;

export class ApiServerProcess implements AsyncDisposable {
  readonly #folder: string;
  readonly #settings: string;
  #child: ChildProcess | undefined;
  #ports: readonly [number, number, number, number] = [0, 0, 0, 0];
  #output = '';
  readonly keys: readonly string[];

  /**
   * `folder` has the kubeconfig. With `users` everybody needs a key; theirs are in `keys`, with scope write unless a user is
   * spelled `name:scope`. `more` is YAML for the settings.
   */
  constructor({ folder }: { folder: string }, users: readonly string[] = [], more = '') {
    this.#folder = folder;
    this.#settings = settings + more;
    const minted = users.map(user => {
      const [name = '', scope] = user.split(':');
      return mintKey(name, scopeSchema.catch('write').parse(scope));
    });
    this.keys = minted.map(({ key }) => key);
    mkdirSync(join(folder, 'keys'));
    for (const { id, entry } of minted) writeFileSync(join(folder, 'keys', id), JSON.stringify(entry));
  }

  get port(): number {
    return this.#ports[0];
  }

  /** Resolves when it is ready; at the same ports after a kill. */
  async start(): Promise<void> {
    if (this.port === 0) this.#ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    writeFileSync(join(this.#folder, 'settings.yaml'), this.#settings);
    const env = {
      KUBECONFIG: join(this.#folder, 'kubeconfig'),
      VIBED_SETTINGS: join(this.#folder, 'settings.yaml'),
      VIBED_DATA: join(this.#folder, 'data'),
      VIBED_LISTEN: `127.0.0.1:${this.port}`,
      VIBED_SOURCE_LISTEN: `127.0.0.1:${this.#ports[1]}`,
      VIBED_HEALTH_LISTEN: `127.0.0.1:${this.#ports[2]}`,
      VIBED_METRICS_LISTEN: `127.0.0.1:${this.#ports[3]}`,
      ...(this.keys.length > 0 && { VIBED_KEYS: join(this.#folder, 'keys') }),
    };
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    this.#child = spawn(process.execPath, ['--import', blocksOnSignal, main], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    for (let left = 600; left > 0; left -= 1) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await sleep(50);
    }
    throw new Error(`the api-server does not start:\n${this.#output}`);
  }

  get healthPort(): number {
    return this.#ports[2];
  }

  /** Everything it has written. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** False when it has ended by itself. */
  get runs(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Bytes in memory. */
  get residentBytes(): number {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  /** A number of its /metrics; `name` with its labels, as it is written there. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#ports[3]}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find(line => line.startsWith(`${name} `))
        ?.slice(name.length + 1),
    );
  }

  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
