// What this cluster can run, found by API discovery and kept up to date: a CRD that comes, goes or changes is the sign to ask again.
//
//   watch of CRDs ──one of ours changed──▶ discovery ──kinds served──▶ children watched or forgotten ──▶ all Artifacts are looked at
//                                             ▲  │
//                                             └──┘ while it does not agree with the CRDs, with growing pauses
//
// Only an answer that says so makes a kind absent; an API server that does not answer changes nothing.
import { detectedKinds, type Targets, targetsOf } from '@vibed/store';
import {
  type Clock,
  type Kind,
  KubeCache,
  type KubeClient,
  type KubeObject,
  kinds,
  type Log,
  servedOf,
  systemClock,
} from '@vibed/store/kube';

export interface EnvironmentOptions {
  client: KubeClient;
  log: Log;
  /** Watches kinds while they are served; a kind counts only once everything of it is known. */
  children: { follow(kind: Kind): Promise<void>; unfollow(kind: Kind): Promise<void>; holds(kind: Kind): boolean };
  /** The kinds that children watches. */
  watched: readonly Kind[];
  onChange: () => void;
  clock?: Clock;
}

const firstPauseMs = 500;
const longestPauseMs = 60_000;

export class Environment {
  readonly #options: EnvironmentOptions;
  readonly #crds: KubeCache<KubeObject>;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #known = Promise.withResolvers<void>();
  #served: ReadonlySet<Kind> = new Set();
  #isKnown = false;
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { client, log } = options;
    this.#crds = new KubeCache<KubeObject>({
      client,
      log,
      kind: kinds.crd,
      metadataOnly: true,
      strip: ({ metadata: { name, uid, resourceVersion, deletionTimestamp } }) => ({
        metadata: { name, uid, resourceVersion, deletionTimestamp },
      }),
    });
    this.#crds.subscribe(({ metadata }) => {
      if (detectedKinds.some(kind => crdOf(kind) === metadata.name)) this.#wake.abort();
    });
    this.#known.promise.catch(() => undefined);
  }

  start(): void {
    this.#crds.start();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    this.#known.reject(new Error('the environment is no longer watched'));
    await Promise.all([this.#crds.stop(), this.#running]);
  }

  get synced(): boolean {
    return this.#isKnown;
  }

  /** Resolves once discovery has answered and what it found is watched. */
  whenSynced(): Promise<void> {
    return this.#known.promise;
  }

  /** Served, and everything of it known where it is watched. */
  get served(): ReadonlySet<Kind> {
    const { children, watched } = this.#options;
    return new Set([...this.#served].filter(kind => !watched.includes(kind) || children.holds(kind)));
  }

  get targets(): Targets {
    return targetsOf(this.served);
  }

  async #run(): Promise<void> {
    let failures = 0;
    await this.#crds.whenSynced(this.#stopped.signal).catch(() => undefined);
    while (!this.#stopped.signal.aborted) {
      this.#wake = new AbortController();
      const isSettled = await this.#look();
      failures = isSettled ? 0 : failures + 1;
      const pause = isSettled ? 24 * 3_600_000 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
      if (!this.#stopped.signal.aborted) await this.#clock.sleep(pause, this.#wake.signal);
    }
  }

  /** True when discovery answered and agrees with the CRDs that the watch shows. */
  async #look(): Promise<boolean> {
    try {
      await this.#take(await servedOf(this.#options.client, detectedKinds));
      return detectedKinds.every(kind => this.#served.has(kind) === (isBuiltIn(kind) || this.#hasCrd(kind)));
    } catch (error) {
      this.#options.log.warn('the API could not be discovered; what was known stays', { error });
      return false;
    }
  }

  #hasCrd(kind: Kind): boolean {
    const crd = this.#crds.get(undefined, crdOf(kind));
    return crd !== undefined && crd.metadata.deletionTimestamp === undefined;
  }

  async #take(now: ReadonlySet<Kind>): Promise<void> {
    const { children, watched, log, onChange } = this.#options;
    const before = this.#served;
    const came = [...now].filter(kind => !before.has(kind));
    const went = [...before].filter(kind => !now.has(kind));
    this.#served = now;
    for (const kind of went.filter(k => watched.includes(k))) await children.unfollow(kind);
    const following = came.filter(k => watched.includes(k)).map(kind => this.#follow(kind));
    // At the start all of it is awaited; later a kind that never syncs must not hold up the others.
    if (!this.#isKnown) await Promise.all(following);
    this.#isKnown = true;
    this.#known.resolve();
    if (came.length + went.length === 0) return;
    log.info('the cluster serves other kinds than before', { came: came.map(crdOf), went: went.map(crdOf) });
    onChange();
  }

  async #follow(kind: Kind): Promise<void> {
    try {
      await this.#options.children.follow(kind);
      this.#options.onChange();
    } catch (error) {
      this.#options.log.info('a kind went away before it was known', { kind: crdOf(kind), error });
    }
  }
}

const crdOf = (kind: Kind): string => `${kind.plural}.${kind.group}`;
const isBuiltIn = (kind: Kind): boolean => kind === kinds.deployment || kind === kinds.ingress;
