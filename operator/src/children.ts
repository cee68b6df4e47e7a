// The one place that reads and writes children. Reads come from caches; a write happens only when the live object is not as
// desired, and always with a precondition: POST for what is not there, server-side apply and delete pinned to the object seen.
import type { Reason } from '@vibed/crds';
import { labels } from '@vibed/crds';
import { identitySelector } from '@vibed/store';
import {
  exceededQuota,
  isKubeError,
  type Kind,
  KubeCache,
  type KubeClient,
  KubeError,
  type KubeObject,
  kinds,
  type Log,
} from '@vibed/store/kube';
import { identityLabels, isOwned, keyOfChild, type Owner } from './artifact/identity.ts';
import { canonicalJson, shortHash } from './artifact/names.ts';
import type { Child, Stale } from './artifact/outcome.ts';
import type {
  Autoscaler,
  Children,
  ConfigMap,
  Deployment,
  DisruptionBudget,
  Ingress,
  Job,
  Pod,
  Service,
} from './artifact/world.ts';
import { contains } from './contains.ts';
import type { HttpRoute } from './deployer/http-route.ts';
import type { KnativeRevision, KnativeService } from './deployer/knative-objects.ts';
import { leanFor } from './lean.ts';

/** A write that the cluster refuses and will go on refusing until a person changes something. */
export interface ApplyProblem {
  reason: Reason;
  message: string;
  remedy: string;
}

/** Thrown by `complete` when a child cannot be made until a person changes something. */
export class Refused extends Error {
  readonly problem: ApplyProblem;
  constructor(problem: ApplyProblem) {
    super(problem.message);
    this.name = 'Refused';
    this.problem = problem;
  }
}

/** An object that the cluster refused to delete. */
export interface Kept extends Stale {
  why: string;
}

export const desiredHash = 'vibed.dev/desired-hash';
const byArtifact = 'artifact';
/** Identity is namespace and uid: a child that carries the uid of an Artifact of another namespace is not its own. */
const artifactKey = (namespace = '', uid = '') => `${namespace}/${uid}`;

export interface ChildrenOptions {
  client: KubeClient;
  log: Log;
  /** Namespaces of build Jobs, their pods and their inputs; tenants cannot create anything there. */
  buildNamespaces: readonly string[];
  /** Called for each object that carries our labels and is left out: it cannot be read, or is where no child of ours is. */
  onDropped?: (kind: Kind) => void;
  /** Fills in what caches do not hold, just before a child is created. */
  complete: (child: Child) => Promise<KubeObject>;
}

/** Every cluster has these. */
const alwaysWatched: readonly Kind[] = [
  kinds.job,
  kinds.pod,
  kinds.deployment,
  kinds.service,
  kinds.ingress,
  kinds.autoscaler,
  kinds.disruptionBudget,
  kinds.configMap,
];
/** Kinds with a CRD; watched while the cluster serves them. */
export const watchedWhereServed: readonly Kind[] = [kinds.knativeService, kinds.knativeRevision, kinds.httpRoute];

export class ChildStore {
  private readonly caches: Map<Kind, KubeCache<KubeObject>>;
  private readonly options: ChildrenOptions;
  private readonly listeners = new Set<(key: string) => void>();

  constructor(options: ChildrenOptions) {
    this.options = options;
    this.caches = new Map(alwaysWatched.map(kind => [kind, this.newCache(kind)]));
  }

  start(): void {
    for (const cache of this.caches.values()) cache.start();
  }
  async stop(): Promise<void> {
    await Promise.all([...this.caches.values()].map(c => c.stop()));
  }
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.caches.values()].map(c => c.whenSynced(signal)));
  }
  /** Begins to watch a kind that the cluster has come to serve; resolves when all of it is here, rejects when unfollowed before. */
  async follow(kind: Kind): Promise<void> {
    const cache = this.newCache(kind);
    this.caches.set(kind, cache);
    cache.start();
    await cache.whenSynced();
  }
  /** Forgets a kind that the cluster no longer serves: nothing of it is there any more. */
  async unfollow(kind: Kind): Promise<void> {
    const cache = this.caches.get(kind);
    this.caches.delete(kind);
    await cache?.stop();
  }
  /** Everything of this kind is known. */
  holds(kind: Kind): boolean {
    return this.caches.get(kind)?.synced === true;
  }
  /** Kinds that come with a CRD are no condition: they come and go. */
  get synced(): boolean {
    return alwaysWatched.every(kind => this.holds(kind));
  }
  /** Age of the quietest watch, in milliseconds. */
  lastEventAgeMs(): number {
    return Math.max(...[...this.caches.values()].map(c => c.lastEventAgeMs()));
  }
  /** Calls back with `namespace/name` of the Artifact whose child changed. */
  subscribe(listener: (key: string) => void): void {
    this.listeners.add(listener);
  }
  /** Every build Job there is. */
  jobs(): readonly Job[] {
    return this.cache(kinds.job).all() as readonly Job[];
  }
  /** Shows what somebody else of this process wrote to a child. */
  learn(kind: Kind, object: KubeObject): void {
    this.cache(kind).observe(object);
  }
  subscribeJobs(listener: () => void): void {
    this.cache(kinds.job).subscribe(listener);
  }

  observe({ namespace, uid }: Pick<Owner, 'namespace' | 'uid'>): Children {
    const key = artifactKey(namespace, uid);
    const of = <T>(kind: Kind) => (this.caches.get(kind)?.byIndex(byArtifact, key) ?? []) as readonly T[];
    return {
      jobs: of<Job>(kinds.job),
      pods: of<Pod>(kinds.pod),
      deployments: of<Deployment>(kinds.deployment),
      services: of<Service>(kinds.service),
      ingresses: of<Ingress>(kinds.ingress),
      autoscalers: of<Autoscaler>(kinds.autoscaler),
      disruptionBudgets: of<DisruptionBudget>(kinds.disruptionBudget),
      httpRoutes: of<HttpRoute>(kinds.httpRoute),
      knativeServices: of<KnativeService>(kinds.knativeService),
      knativeRevisions: of<KnativeRevision>(kinds.knativeRevision),
      configMaps: of<ConfigMap>(kinds.configMap),
    };
  }

  /** Brings each child to what is desired, in order. Refusals are values; anything unexpected throws. */
  async apply(children: readonly Child[], owner: Owner): Promise<ApplyProblem[]> {
    const problems: ApplyProblem[] = [];
    for (const child of children) {
      const problem = await this.applyOne(child, owner);
      if (problem !== undefined) problems.push(problem);
    }
    return problems;
  }

  /**
   * Deletes exactly the objects seen; gone already is as good. Returns those that the cluster refuses to delete: one of them does not
   * keep the others.
   */
  async remove(stale: readonly Stale[]): Promise<Kept[]> {
    const kept: Kept[] = [];
    for (const { kind, object } of stale) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      const { namespace, name, uid } = object.metadata;
      try {
        await this.options.client.delete(kind, { namespace, name }, { uid, propagation: 'Background' });
      } catch (error) {
        if (isKubeError(error, 'NotFound') || isKubeError(error, 'Conflict')) continue;
        if (!isKubeError(error, 'Forbidden') && !isKubeError(error, 'Invalid')) throw error;
        this.options.log.warn('an object could not be deleted', { kind: kind.kind, namespace, name, error });
        kept.push({ kind, object, why: error.message });
      }
    }
    return kept;
  }

  /**
   * Everything that carries the owner's identity, live (not from caches), of every kind, a build's pods included: they may push as long
   * as they are there. A kind that is gone counts as none.
   */
  async findAll(owner: Owner): Promise<Stale[]> {
    const ours = Object.entries(identityLabels(owner)).map(([k, v]) => `${k}=${v}`);
    const all = [...alwaysWatched, ...watchedWhereServed, kinds.controllerRevision];
    const places = all.flatMap(kind => this.placesOf(kind, owner.namespace).map(namespace => ({ kind, namespace })));
    const found = await Promise.all(
      places.map(async ({ kind, namespace }) => {
        try {
          const page = await this.options.client.list<KubeObject>(kind, {
            namespace,
            labelSelector: [...ours, ...exceptOf(kind)].join(','),
            metadataOnly: true,
          });
          return page.items.map(object => ({ kind, object }));
        } catch (error) {
          if (isKubeError(error, 'NotFound')) return [];
          throw error;
        }
      }),
    );
    return found.flat();
  }

  /** Where the children of an Artifact are: in its own namespace, and what belongs to a build where builds run. */
  private placesOf(kind: Kind, home: string): readonly string[] {
    const { buildNamespaces } = this.options;
    if (kind === kinds.job) return buildNamespaces;
    return kind === kinds.pod || kind === kinds.configMap ? [home, ...buildNamespaces] : [home];
  }

  private newCache(kind: Kind): KubeCache<KubeObject> {
    const { client, log, onDropped } = this.options;
    const lean = leanFor(kind);
    const homeOf = ({ metadata }: KubeObject) => metadata.labels?.[labels.artifactNamespace];
    const cache = new KubeCache<KubeObject>({
      client,
      kind,
      log,
      onDropped,
      labelSelector: [identitySelector, ...exceptOf(kind)].join(','),
      metadataOnly: kind === kinds.configMap,
      strip: object => {
        // Anybody can put our labels on an object of their own namespace.
        if (!this.placesOf(kind, homeOf(object) ?? '').includes(object.metadata.namespace ?? ''))
          throw new Error('it carries the labels of a child of vibeD, but is in a namespace where no such child is');
        return lean(object);
      },
      indexBy: { [byArtifact]: object => artifactKey(homeOf(object), object.metadata.labels?.[labels.artifactUid]) },
    });
    cache.subscribe(object => {
      const key = keyOfChild(object);
      if (key !== undefined) for (const listener of this.listeners) listener(key);
    });
    return cache;
  }

  private cache(kind: Kind): KubeCache<KubeObject> {
    const cache = this.caches.get(kind);
    if (cache === undefined) throw new Error(`${kind.kind} is not watched`);
    return cache;
  }

  private async applyOne(child: Child, owner: Owner): Promise<ApplyProblem | undefined> {
    const { namespace, name } = child.object.metadata;
    const cached = this.caches.get(child.kind)?.get(namespace, name);
    try {
      if (cached === undefined) return await this.create(child, owner);
      return await this.update(child, cached, owner);
    } catch (error) {
      const problem = refusal(error, child);
      if (problem === undefined) throw error;
      return problem;
    }
  }

  private async create(child: Child, owner: Owner): Promise<ApplyProblem | undefined> {
    const object = stamped(await this.options.complete(child));
    try {
      const made = await this.options.client.create(child.kind, object);
      this.caches.get(child.kind)?.observe(made);
      return undefined;
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      // A copied credential: written, never read. Its name carries the build key, and the build namespace is ours alone.
      if (!this.caches.has(child.kind)) return undefined;
      const live = await this.options.client.get<KubeObject>(child.kind, object.metadata);
      return await this.update(child, live, owner);
    }
  }

  /**
   * Server-side apply; where the merge with what others put there is not valid, the whole object is replaced. (Container ports are
   * merged by number: one edited by hand would stay, as a second port of the same name.)
   */
  private async write(kind: Kind, pinned: KubeObject): Promise<KubeObject> {
    try {
      return await this.options.client.apply(kind, pinned);
    } catch (error) {
      if (!isKubeError(error, 'Invalid')) throw error;
      return await this.options.client.replace(kind, pinned);
    }
  }

  private async update(child: Child, live: KubeObject, owner: Owner): Promise<ApplyProblem | undefined> {
    if (!isOwned(live, owner)) return notOwned(child);
    if (child.createOnly || live.metadata.deletionTimestamp !== undefined) return undefined;
    const object = stamped(child.object);
    const asStamped = live.metadata.annotations?.[desiredHash] === object.metadata.annotations?.[desiredHash];
    if (asStamped && contains(live, child.object)) return undefined;
    const { uid, resourceVersion } = live.metadata;
    const sent = child.onto?.(live) ?? child.object;
    const pinned = { ...sent, metadata: { ...object.metadata, uid, resourceVersion } };
    this.cache(child.kind).observe(await this.write(child.kind, pinned));
    return undefined;
  }
}

/** Knative gives our labels to what it makes of our objects; that is not ours to look at. */
const exceptOf = (kind: Kind): string[] =>
  kind === kinds.deployment || kind === kinds.service ? ['!serving.knative.dev/service'] : [];

/** The object with a hash of itself, so that a changed wish is seen without comparing what the cluster has defaulted. */
function stamped(object: KubeObject): KubeObject {
  const hash = shortHash(16, canonicalJson(object));
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [desiredHash]: hash } },
  };
}

/** Knative has a Service of its own. */
export const nameOf = (kind: Kind) => (kind === kinds.knativeService ? 'Knative Service' : kind.kind);

const notOwned = ({ kind, object }: Child): ApplyProblem => ({
  reason: 'NotOwned',
  message: `${nameOf(kind)} ${object.metadata.namespace}/${object.metadata.name} exists and does not belong to this Artifact`,
  remedy: 'vibeD does not touch it. Rename or delete that object, or give the Artifact another name.',
});

/** A write that a ResourceQuota refused, with the quota and what it limits; undefined for any other error. */
export function quotaProblem(error: unknown, what: string): ApplyProblem | undefined {
  const full = exceededQuota(error);
  if (full === undefined) return undefined;
  return {
    reason: 'QuotaExceeded',
    message: `${what}: the quota ${full.quota} of the namespace has no room: ${full.limits}`,
    remedy: 'Delete or suspend artifacts that are not needed, or ask an administrator to raise the quota.',
  };
}

function refusal(error: unknown, { kind, object }: Child): ApplyProblem | undefined {
  if (error instanceof Refused) return error.problem;
  if (!(error instanceof KubeError)) return undefined;
  const what = `${nameOf(kind)} ${object.metadata.name}`;
  const full = quotaProblem(error, what);
  if (full !== undefined) return full;
  if (error.code === 'Forbidden' && /admission|violates|denied the request/i.test(error.message))
    return {
      reason: 'PodRefused',
      message: `${what}: ${error.message.slice(0, 400)}`,
      remedy: 'A policy of this cluster refuses the object; its message says what to change.',
    };
  // An admission webhook of the cluster (Knative's, a policy engine's) says what is wrong with the object.
  if (error.code === 'Invalid' && /denied the request/.test(error.message))
    return {
      reason: 'PodRefused',
      message: `${what}: ${error.message.slice(0, 400)}`,
      remedy: 'The message names the field; change what the spec says about it.',
    };
  return undefined;
}
