// Follows one Artifact from before it exists, so that no phase can be missed between two looks.
import type { Artifact, Phase } from '@vibed/crds';
import { type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';

export class PhaseRecord implements AsyncDisposable {
  /** Every phase that differed from the one before. */
  readonly phases: Phase[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #failure: unknown;

  private constructor(client: KubeClient, namespace: string, name: string, resourceVersion: string) {
    this.#done = this.#follow(client, namespace, name, resourceVersion).catch(error => {
      if (!this.#stop.signal.aborted) this.#failure = error;
    });
  }

  /** Begins with what happens after this call. */
  static async of(client: KubeClient, namespace: string, name: string): Promise<PhaseRecord> {
    const { resourceVersion } = await client.list(kinds.artifact, { namespace });
    return new PhaseRecord(client, namespace, name, resourceVersion);
  }

  /** What was seen; throws when the watch broke off on its own. */
  async end(): Promise<readonly Phase[]> {
    this.#stop.abort();
    await this.#done;
    if (this.#failure !== undefined) throw this.#failure;
    return this.phases;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(client: KubeClient, namespace: string, name: string, resourceVersion: string): Promise<void> {
    const options = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion, timeoutSeconds: 1800 };
    for await (const event of client.watch<KubeObject>(kinds.artifact, options, this.#stop.signal)) {
      if (event.type === 'ERROR') throw event.error;
      if (event.type === 'BOOKMARK') continue;
      const phase = (event.object as Artifact).status?.phase;
      if (phase !== undefined && phase !== this.phases.at(-1)) this.phases.push(phase);
    }
  }
}
