// The operator as a process of this machine, from its sources, with the installed one's settings and rights, behind a
// counting proxy. It can be killed at any moment, and started again in two seconds.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { isKubeError, kinds, type Typed } from '@vibed/store/kube';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../lib/cluster.ts';
import { eventually } from '../lib/eventually.ts';
import { checkout, type Facts, inside, operatorImage, operatorToken, readFacts, upstreamOf } from './cluster-inside.ts';
import { CountingProxy, type Trap } from './counting-proxy.ts';

/** Inside the cluster's network, where nothing else of the checkout listens. */
const ports = { apiserver: 16443, metrics: 18081, health: 18082 } as const;

export class LocalOperator implements AsyncDisposable {
  readonly proxy: CountingProxy;
  readonly #cluster: Cluster;
  readonly #facts: Facts;
  readonly #folder: string;
  readonly #image: string;
  readonly #forwarder: ChildProcess;
  #process: ChildProcess | undefined;

  private constructor(cluster: Cluster, facts: Facts, proxy: CountingProxy, folder: string, image: string) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.proxy = proxy;
    this.#folder = folder;
    this.#image = image;
    const [program, args] = inside(
      facts,
      process.execPath,
      join(checkout, 'cluster/src/forward.ts'),
      `tcp:127.0.0.1:${ports.apiserver}`,
      `unix:${proxy.socket}`,
    );
    this.#forwarder = spawn(program, args, { stdio: 'ignore' });
  }

  /** Ready to be started; the installed operator must be away. `concerns`: texts of which a write that counts has one. */
  static async prepare(cluster: Cluster, concerns: readonly string[]): Promise<LocalOperator> {
    const facts = readFacts();
    const folder = mkdtempSync(join(tmpdir(), 'vibed-operator-'));
    await writeSettings(cluster, folder);
    writeFileSync(join(folder, 'kubeconfig'), stringify(kubeconfigWith(await operatorToken(cluster))), { mode: 0o600 });
    const proxy = await CountingProxy.start(upstreamOf(facts), concerns);
    return new LocalOperator(cluster, facts, proxy, folder, await operatorImage(cluster));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.#forwarder.kill('SIGKILL');
    await this.proxy[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** It is killed at the write that the trap chooses; `proxy.sprung` tells. */
  arm(trap: Omit<Trap, 'spring'>): void {
    this.proxy.arm({ ...trap, spring: () => this.#process?.kill('SIGKILL') });
  }

  /** Starts it, without a trap, and waits until it leads. */
  async start(): Promise<void> {
    await this.#freeLease();
    this.proxy.open();
    const [program, args] = inside(this.#facts, process.execPath, join(checkout, 'operator/src/main.ts'));
    const log = createWriteStream(join(checkout, '.vibed/log/local-operator.log'), { flags: 'a' });
    this.#process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: this.#environment() });
    this.#process.stdout?.pipe(log);
    this.#process.stderr?.pipe(log);
    const leads = async () => this.proxy.leaseWrites > 0 || this.#hasEnded();
    await eventually(leads, true as boolean, { within: 60, everyMs: 50 });
    if (this.#hasEnded()) throw new Error('the operator ended before it led: .vibed/log/local-operator.log says why');
  }

  /** −9, and returns when it is gone. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    running.kill('SIGKILL');
    await this.ended();
  }

  /** Resolves when the process is gone. */
  async ended(): Promise<void> {
    const running = this.#process;
    if (running !== undefined && !this.#hasEnded()) await new Promise(resolve => running.once('exit', resolve));
    this.#process = undefined;
  }

  #hasEnded(): boolean {
    return this.#process?.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What a killed leader leaves behind holds the next one up for 15 s; elections are proven elsewhere. */
  async #freeLease(): Promise<void> {
    try {
      const { systemNamespace: namespace, operatorDeployment: name } = this.#cluster;
      await this.#cluster.client.delete(kinds.lease, { namespace, name });
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      KUBECONFIG: join(this.#folder, 'kubeconfig'),
      VIBED_SETTINGS: join(this.#folder, 'settings.yaml'),
      VIBED_CA_BUNDLE: join(this.#folder, 'ca.crt'),
      VIBED_STEPS_IMAGE: this.#image,
      VIBED_REGISTRY_CREDENTIAL: this.#facts.registryAuth,
      VIBED_POD: 'local',
      VIBED_PORT: String(ports.metrics),
      VIBED_HEALTH_PORT: String(ports.health),
    };
  }
}

/** The installed settings, but versions retire without a pause. */
async function writeSettings({ client, systemNamespace }: Cluster, folder: string): Promise<void> {
  const ref = { namespace: systemNamespace, name: 'vibed-settings' };
  const { data = {} } = await client.get<Typed<V1ConfigMap>>(kinds.configMap, ref);
  const settings = { ...(parse(data['settings.yaml'] ?? '') as object), versions: { drainSeconds: 0 } };
  writeFileSync(join(folder, 'settings.yaml'), stringify(settings));
  if (data['ca.crt'] !== undefined) writeFileSync(join(folder, 'ca.crt'), data['ca.crt']);
}

const kubeconfigWith = (token: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    { name: 'proxy', cluster: { server: `http://127.0.0.1:${ports.apiserver}`, 'insecure-skip-tls-verify': true } },
  ],
  users: [{ name: 'operator', user: { token } }],
  contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
  'current-context': 'proxy',
});
