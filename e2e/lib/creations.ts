// Which objects of a kind come into being while a scenario goes on: the proof that something was not done.
import { labels } from '@vibed/crds';
import { type Kind, kinds } from '@vibed/store/kube';
import type { Cluster } from './cluster.ts';

export class Creations implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #names: string[] = [];
  readonly #done: Promise<void>;
  #failure: unknown;

  private constructor(cluster: Cluster, kind: Kind, uid: string, resourceVersion: string) {
    this.#done = this.#follow(cluster, kind, uid, resourceVersion).catch(error => {
      if (!this.#stop.signal.aborted) this.#failure = error;
    });
  }

  /** Build Jobs of one artifact created from now on. */
  static async ofJobs(cluster: Cluster, uid: string): Promise<Creations> {
    const { resourceVersion } = await cluster.client.list(kinds.job, {});
    return new Creations(cluster, kinds.job, uid, resourceVersion);
  }

  async end(): Promise<readonly string[]> {
    this.#stop.abort();
    await this.#done;
    if (this.#failure !== undefined) throw this.#failure;
    return this.#names;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(cluster: Cluster, kind: Kind, uid: string, resourceVersion: string): Promise<void> {
    const labelSelector = `${labels.artifactUid}=${uid}`;
    const options = { labelSelector, resourceVersion, timeoutSeconds: 1800 };
    for await (const event of cluster.client.watch(kind, options, this.#stop.signal)) {
      if (event.type === 'ERROR') throw event.error;
      if (event.type === 'ADDED') this.#names.push(event.object.metadata.name);
    }
  }
}
