// The whole api-server in one process for tests: real HTTP, real storage in a temporary folder, and in place of a cluster a
// store in memory that keeps the port's promises on names, uids and resourceVersions.
import { mkdtempSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact, ArtifactStatus } from '@vibed/crds';
import { Analysis } from '@vibed/operator/analysis';
import { settingsSchema } from '@vibed/operator/settings';
import {
  type ArtifactStore,
  type ArtifactView,
  type CompactArtifact,
  compactArtifact,
  type VersionRecord,
} from '@vibed/store';
import {
  endsOf,
  type KubeClient,
  KubeError,
  type KubeObject,
  type Log,
  type LogEnds,
  type LogKeep,
} from '@vibed/store/kube';
import type { Services } from './actions/action.ts';
import { makeLines } from './actions/lines.ts';
import { type AppOptions, makeApp } from './app.ts';
import type { Caller } from './auth/caller.ts';
import { originRules } from './auth/origin.ts';
import { RateLimiter } from './auth/rate-limit.ts';
import { EnvSecrets } from './env-secrets.ts';
import { Feed } from './feed.ts';
import { makeServer } from './http/server.ts';
import { Metrics } from './metrics.ts';
import { sourceInUse } from './prune.ts';
import { LocalStorage } from './storage/local.ts';
import { Turnstile } from './storage/turnstile.ts';
import { Tenancy } from './tenancy.ts';
import { Uploads } from './uploads.ts';

type Listener = (artifact: CompactArtifact, change: 'set' | 'delete') => void;
const unused = () => {
  throw new Error('the api-server has no business here');
};

/** ArtifactStore in memory; `down` makes everything Unavailable. */
export class MemoryStore implements ArtifactStore {
  readonly objects = new Map<string, Artifact>();
  readonly records = new Map<string, VersionRecord[]>();
  down = false;
  #listeners = new Set<Listener>();
  #revision = 0;

  async get({ namespace, name }: { namespace: string; name: string }): Promise<Artifact> {
    this.#reach();
    const found = this.objects.get(`${namespace}/${name}`);
    if (found === undefined) throw new KubeError('NotFound', `artifacts ${name} not found`);
    return structuredClone(found);
  }
  async create(artifact: Artifact): Promise<Artifact> {
    this.#reach();
    const { namespace = '', name } = artifact.metadata;
    if (this.objects.has(`${namespace}/${name}`)) throw new KubeError('AlreadyExists', `${name} exists`);
    const metadata = {
      ...artifact.metadata,
      uid: `uid-${this.#revision}`,
      generation: 1,
      creationTimestamp: new Date(0).toISOString(),
    };
    return this.#put({ ...artifact, metadata });
  }
  async update(artifact: Artifact): Promise<Artifact> {
    const live = await this.get({ namespace: artifact.metadata.namespace ?? '', name: artifact.metadata.name });
    if (live.metadata.resourceVersion !== artifact.metadata.resourceVersion) throw new KubeError('Conflict', 'changed');
    const isSame = JSON.stringify(live.spec) === JSON.stringify(artifact.spec);
    const generation = (live.metadata.generation ?? 0) + (isSame ? 0 : 1);
    return this.#put({ ...artifact, metadata: { ...artifact.metadata, generation } });
  }
  async delete({ namespace, name }: { namespace: string; name: string }): Promise<void> {
    const found = await this.get({ namespace, name });
    this.objects.delete(`${namespace}/${name}`);
    this.#tell(found, 'delete');
  }
  /** What the operator would report. */
  report(namespace: string, name: string, status: ArtifactStatus): void {
    const found = this.objects.get(`${namespace}/${name}`);
    if (found === undefined) throw new Error(`no ${name}`);
    this.#put({ ...found, status: { observedGeneration: found.metadata.generation, ...status } });
  }
  versions(artifact: CompactArtifact): readonly VersionRecord[] {
    return this.records.get(artifact.metadata.uid ?? '') ?? [];
  }
  async specOf(): Promise<never> {
    return unused();
  }
  async list(): Promise<never> {
    return unused();
  }
  updateStatus = unused;
  holdFinalizer = unused;
  releaseFinalizer = unused;
  recordVersion = unused;
  dropVersion = unused;

  watch(): ArtifactView {
    return {
      get: ({ namespace, name }) =>
        this.all().find(a => a.metadata.namespace === namespace && a.metadata.name === name),
      all: () => this.all(),
      subscribe: listener => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
      whenSynced: async () => undefined,
      synced: true,
      lastEventAgeMs: () => 0,
      stop: async () => undefined,
    };
  }
  all(): CompactArtifact[] {
    return [...this.objects.values()].map(compactArtifact);
  }
  #put(artifact: Artifact): Artifact {
    this.#revision += 1;
    const stored = { ...artifact, metadata: { ...artifact.metadata, resourceVersion: String(this.#revision) } };
    this.objects.set(`${artifact.metadata.namespace}/${artifact.metadata.name}`, stored);
    this.#tell(stored, 'set');
    return structuredClone(stored);
  }
  #tell(artifact: Artifact, change: 'set' | 'delete'): void {
    for (const listener of this.#listeners) listener(compactArtifact(artifact), change);
  }
  #reach(): void {
    if (this.down) throw new KubeError('Unavailable', 'connect ECONNREFUSED');
  }
}

/** Creates what is asked for and keeps it; there is nothing to read at first. */
class MemoryClient {
  readonly created = new Map<string, KubeObject>();
  readonly pods: KubeObject[] = [];
  readonly says = new Map<string, string>();
  async create(kind: { kind: string }, object: KubeObject): Promise<KubeObject> {
    const key = `${kind.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (this.created.has(key)) throw new KubeError('AlreadyExists', key);
    this.created.set(key, object);
    return object;
  }
  async delete(kind: { kind: string }, ref: { namespace?: string; name: string }): Promise<void> {
    if (!this.created.delete(`${kind.kind}/${ref.namespace ?? ''}/${ref.name}`))
      throw new KubeError('NotFound', ref.name);
  }
  async get(kind: { kind: string }, ref: { namespace?: string; name: string }): Promise<KubeObject> {
    const found = this.created.get(`${kind.kind}/${ref.namespace ?? ''}/${ref.name}`);
    if (found === undefined) throw new KubeError('NotFound', ref.name);
    return found;
  }
  async list(_kind: unknown, { namespace }: { namespace: string }): Promise<{ items: KubeObject[] }> {
    return { items: this.pods.filter(({ metadata }) => metadata.namespace === namespace) };
  }
  /** Of the container's whole log, as a cluster would send it. */
  logEnds(ref: { name: string }, options: { container: string }, keep: LogKeep): Promise<LogEnds> {
    return endsOf(this.followLogs(ref, options), keep);
  }
  /** Each run of a container says what `says` has for `<pod>/<container>`, and ends. */
  async *followLogs({ name }: { name: string }, { container }: { container: string }): AsyncGenerator<Uint8Array> {
    yield Buffer.from(this.says.get(`${name}/${container}`) ?? '');
  }
}

export interface TestServer extends AsyncDisposable {
  url: string;
  store: MemoryStore;
  client: MemoryClient;
  services: Services;
  keys: TestKeys;
  /** Everything that was logged, as text. */
  logged: () => string;
  call: (
    user: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>;
}

/** The keys of tests are the users' names, with the scope after a colon; so are their ids. */
class TestKeys {
  readonly revoked = new Set<string>();
  async callerOf(key: string): Promise<Caller | undefined> {
    const [user = '', scope = 'write'] = key.split(':');
    return this.revoked.has(key) ? undefined : { user, scope: scope as Caller['scope'], keyId: key };
  }
  callerById(id: string): Promise<Caller | undefined> {
    return this.callerOf(id);
  }
}

/** One for all servers of a test file: its processes are there already when the next server starts. */
const analysis = new Analysis({ queuedPerOwner: 10 });

async function testServices(
  client: MemoryClient,
  store: MemoryStore,
  log: Log,
  { sharedNamespace, sourceBytesPerOwner = 2 ** 31 }: TestSettings,
): Promise<Services> {
  const folder = mkdtempSync(join(tmpdir(), 'vibed-api-'));
  const settings = settingsSchema.parse({
    apps: { domain: 'example.com', probeVia: '127.0.0.1:9' },
    registry: { push: 'https://registry.example.com', pull: 'registry.example.com' },
    builds: { image: 'vibed/buildah' },
  });
  const view = store.watch();
  const metrics = new Metrics();
  const tenancy = new Tenancy(client as unknown as KubeClient, sharedNamespace);
  const feed = new Feed({ view, tenancy, metrics }, { keepAliveMs: 50, bufferBytes: 64 * 1024, stuckMs: 200 });
  return {
    settings,
    analysis,
    client: client as unknown as KubeClient,
    store,
    view,
    metrics,
    log,
    feed,
    storage: await LocalStorage.open(folder, {
      bytesPerOwner: sourceBytesPerOwner,
      treesPerOwner: 1000,
      isInUse: sourceInUse({ view, feed, tenancy, store }),
    }),
    uploads: await Uploads.open(folder),
    envSecrets: new EnvSecrets(folder),
    reading: new Turnstile('request bodies', 20, 200),
    unpacking: new Turnstile('uploads', 2, 20),
    following: new Turnstile('followed logs', 10, 0),
    lines: makeLines(),
    tenancy,
    limits: {
      read: new RateLimiter({ burst: 10_000, perSecond: 1 }),
      write: new RateLimiter({ burst: 10_000, perSecond: 1 }),
      message: new RateLimiter({ burst: 10_000, perSecond: 1 }),
      stranger: new RateLimiter({ burst: 10_000, perSecond: 1 }),
    },
  };
}

interface TestSettings {
  /** In place of keys that are the users' names. */
  keys?: AppOptions['keys'];
  /** As on loopback without keys, where everybody is `local`. */
  anonymous?: boolean;
  /** One namespace for all owners. */
  sharedNamespace?: string | undefined;
  sourceBytesPerOwner?: number;
}

export async function startTestServer(settings: TestSettings = {}): Promise<TestServer> {
  const { anonymous = false, keys: given } = settings;
  const lines: string[] = [];
  const line = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: line, info: line, warn: line, error: line };
  const store = new MemoryStore();
  const client = new MemoryClient();
  const services = await testServices(client, store, log, settings);
  const keys = new TestKeys();
  const app = makeApp({
    services,
    keys: anonymous ? undefined : (given ?? keys),
    origins: originRules('http://localhost', []),
    isReady: () => true,
  });
  const server: Server = await new Promise(resolve => {
    const listening = makeServer(app).listen(0, '127.0.0.1', () => resolve(listening));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    store,
    client,
    services,
    keys,
    logged: () => lines.join('\n'),
    call: async (user, method, path, body, headers = {}) => {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
      const answer = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${user}`,
          ...(!isRaw && body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: isRaw ? (body as string | FormData) : JSON.stringify(body) }),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text },
      };
    },
    [Symbol.asyncDispose]: async () => {
      services.feed.stop();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
