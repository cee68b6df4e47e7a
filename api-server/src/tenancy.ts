// One namespace per owner. Its name is computed from the caller, never taken from a request: another's artifact cannot even be
// named, so a foreign and an absent one get the same answer by construction.
import { createHash } from 'node:crypto';
import { labels } from '@vibed/crds';
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
    .replace(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(user).digest('hex').slice(0, 8);
  return slug === '' ? hash : `${slug}-${hash}`;
}

export const namespaceOf = (user: string): string => `vibed-${ownerLabelOf(user)}`;

export class Tenancy {
  readonly #client: KubeClient;
  readonly #known = new Set<string>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** The owner's namespace, created with its label on their first write; the operator gives it its guard rails. */
  async ensure(user: string): Promise<string> {
    const name = namespaceOf(user);
    if (this.#known.has(name)) return name;
    const namespace = (await this.#read(name)) ?? (await this.#create(name, user));
    if (namespace.metadata.deletionTimestamp !== undefined)
      throw new Problem('Unavailable', 'your namespace is being deleted', {
        retryAfterSeconds: 10,
        hint: 'repeat the call when it is gone',
      });
    if (namespace.metadata.labels?.[labels.owner] !== ownerLabelOf(user))
      throw new Problem('Refused', `namespace ${name} exists and is not yours`, {
        hint: `a cluster admin gives it the label ${labels.owner}=${ownerLabelOf(user)}`,
      });
    this.#known.add(name);
    return name;
  }

  /** To be called when a write met no namespace: it was deleted behind our back. */
  forget(user: string): void {
    this.#known.delete(namespaceOf(user));
  }

  async #read(name: string): Promise<KubeObject | undefined> {
    try {
      return await this.#client.get(kinds.namespace, { name });
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #create(name: string, user: string): Promise<KubeObject> {
    const metadata = { name, labels: { [labels.owner]: ownerLabelOf(user) }, annotations: { [ownerAnnotation]: user } };
    try {
      return await this.#client.create(kinds.namespace, { metadata });
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      return await this.#client.get(kinds.namespace, { name });
    }
  }
}
