// Whose is what. Each owner has a namespace of their own, or all share one (tenants.sharedNamespace) and a label that only the
// api-server may set says whose an Artifact is. Both are computed from the caller, never taken from a request: another's artifact
// cannot even be named, so a foreign and an absent one get the same answer by construction.
import { createHash } from 'node:crypto';
import { labels, limits } from '@vibed/crds';
import { isKubeError, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { Problem } from './problems.ts';

/** Who the owner is, in their own spelling; a label cannot hold every user name. */
export const ownerAnnotation = 'vibed.dev/owner-name';

/** `<slug>-<8 hex>`: the slug is for people, the hash makes it injective. */
export function ownerLabelOf(user: string): string {
  const slug = user
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 24)
    .replace(/^-+|(?<!-)-+$/g, '');
  return slug === '' ? hashOf(user) : `${slug}-${hashOf(user)}`;
}

const hashOf = (user: string) => createHash('sha256').update(user).digest('hex').slice(0, 8);

/**
 * Stands for an owner wherever something is kept for them: sources, event streams, places in a line. It is also the name of
 * their namespace, where they have one of their own.
 */
export const namespaceOf = (user: string): string => `vibed-${ownerLabelOf(user)}`;

interface Labelled {
  readonly metadata: {
    readonly namespace?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
}

export class Tenancy {
  readonly #client: KubeClient;
  readonly #shared: string | undefined;
  readonly #known = new Set<string>();

  constructor(client: KubeClient, sharedNamespace?: string) {
    this.#client = client;
    this.#shared = sharedNamespace;
  }

  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** Where a user's artifacts are; it may not exist yet. */
  placeOf(user: string): string {
    return this.#shared ?? namespaceOf(user);
  }

  /** Where the artifacts of this owner are (namespaceOf). */
  placeOfOwner(owner: string): string {
    return this.#shared ?? owner;
  }

  /** The owner (as namespaceOf has it) of an artifact; undefined for nobody's. */
  ownerOf({ metadata }: Labelled): string | undefined {
    if (this.#shared === undefined) return metadata.namespace;
    const label = metadata.labels?.[labels.owner];
    return metadata.namespace === this.#shared && label !== undefined ? `vibed-${label}` : undefined;
  }

  /** What a new artifact carries, so that it is known whose it is. */
  labelsFor(user: string): Record<string, string> {
    return this.#shared === undefined ? {} : { [labels.owner]: ownerLabelOf(user) };
  }

  /**
   * The name of a user's artifact in the cluster. Where owners share a namespace it ends with the owner's hash, so that no name
   * is ever taken by another, and nobody learns which names others have.
   */
  nameFor(user: string, name: string): string {
    if (this.#shared === undefined || name.endsWith(`-${hashOf(user)}`)) return name;
    return `${name}-${hashOf(user)}`;
  }

  /** For a name that is to be made; throws InvalidInput when it is too long. */
  newNameFor(user: string, name: string): string {
    const whole = this.nameFor(user, name);
    if (whole.length <= limits.nameLength) return whole;
    const most = limits.nameLength - (whole.length - name.length);
    throw new Problem('InvalidInput', `name: at most ${most} characters here`, {
      field: 'name',
      hint: 'the rest is yours to tell it apart from others’',
    });
  }

  /** The namespace of a user's artifacts, created with its label on the first write; the operator gives it its guard rails. */
  async ensure(user: string): Promise<string> {
    const name = this.placeOf(user);
    if (this.#known.has(name)) return name;
    const label = this.isShared ? 'shared' : ownerLabelOf(user);
    const namespace = (await this.#read(name)) ?? (await this.#create(name, label, user));
    if (namespace.metadata.deletionTimestamp !== undefined)
      throw new Problem('Unavailable', 'your namespace is being deleted', {
        retryAfterSeconds: 10,
        hint: 'repeat the call when it is gone',
      });
    if (namespace.metadata.labels?.[labels.owner] !== label)
      throw new Problem('Refused', `namespace ${name} exists and is not yours`, {
        hint: `a cluster admin gives it the label ${labels.owner}=${label}`,
      });
    this.#known.add(name);
    return name;
  }

  /** To be called when a write met no namespace: it was deleted behind our back. */
  forget(user: string): void {
    this.#known.delete(this.placeOf(user));
  }

  async #read(name: string): Promise<KubeObject | undefined> {
    try {
      return await this.#client.get(kinds.namespace, { name });
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #create(name: string, label: string, user: string): Promise<KubeObject> {
    const annotations = this.isShared ? {} : { [ownerAnnotation]: user };
    try {
      return await this.#client.create(kinds.namespace, {
        metadata: { name, labels: { [labels.owner]: label }, annotations },
      });
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      return await this.#client.get(kinds.namespace, { name });
    }
  }
}
