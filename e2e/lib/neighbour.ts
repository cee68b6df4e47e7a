// A person who uses vibeD beside an attacker: an app deployed through the api-server, requested all the time, updated during the
// attack, and an event stream that must not end.
import { randomBytes } from 'node:crypto';
import type { V1Pod } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import { baseUrl, fetchHere, keyOf, rest } from '../../api-server/e2e/lib/door.ts';
import { namespaceOf } from '../../api-server/src/tenancy.ts';
import { App } from './app.ts';
import type { Cluster } from './cluster.ts';

/** The user whose workspace the neighbour is; one for all suites, since a new key takes seconds to reach the server. */
const user = 'e2e-neighbour';

export class Neighbour implements AsyncDisposable {
  readonly app: App;
  readonly key: string;

  constructor(app: App, key: string) {
    this.app = app;
    this.key = key;
  }

  /** Deploys the app and waits until it runs. */
  static async moveIn(cluster: Cluster): Promise<Neighbour> {
    const key = await keyOf(user);
    const name = `shop-${randomBytes(3).toString('hex')}`;
    const answer = await rest(key, 'POST', '/api/artifacts', { name, files: filesSaying('open') });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    const app = new App(cluster, namespaceOf(user), name);
    await app.runs();
    return new Neighbour(app, key);
  }

  /** Runs `attack` and fails when the neighbour noticed it: a failed request, a stalled update, a broken stream, a restart of vibeD. */
  async undisturbedBy(attack: () => Promise<void>): Promise<void> {
    const { app } = this;
    const before = await vibedContainers(app.cluster);
    const word = `update-${randomBytes(3).toString('hex')}`;
    const stream = await this.#openStream();
    const visits = await app.steadyProbe();
    try {
      await Promise.all([attack(), this.#update(word)]);
    } finally {
      await visits.stop();
      await stream.close();
    }
    expect(visits.report.failures, 'requests to the neighbour that failed').toEqual([]);
    expect(visits.report.bodies.at(-1)).toContain(word);
    expect(stream.broken, 'the event stream of the neighbour ended').toBe(false);
    expect(await vibedContainers(app.cluster), 'containers of vibeD and their restarts').toEqual(before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rest(this.key, 'DELETE', `/api/artifacts/${this.app.name}`, { confirm: this.app.name });
  }

  async #update(word: string): Promise<void> {
    const base_version = (await this.app.state()).desired?.version;
    const files = filesSaying(word);
    const answer = await rest(this.key, 'PATCH', `/api/artifacts/${this.app.name}`, { base_version, files });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    await this.app.runs({ within: 120 });
  }

  async #openStream(): Promise<EventStream> {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${this.key}` };
    const answer = await fetchHere(`${baseUrl}/api/events`, { headers, signal: stop.signal });
    expect(answer.status).toBe(200);
    return new EventStream(answer.body ?? new ReadableStream(), stop);
  }
}

/** An open event stream; `broken` is true once it ended without us. */
class EventStream {
  broken = false;
  readonly #stop: AbortController;
  readonly #reading: Promise<void>;

  constructor(body: ReadableStream<Uint8Array>, stop: AbortController) {
    this.#stop = stop;
    this.#reading = this.#read(body).catch(() => {
      this.broken = !stop.signal.aborted;
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    for await (const _ of body) if (this.#stop.signal.aborted) return;
    this.broken = !this.#stop.signal.aborted;
  }
}

const filesSaying = (word: string) => [{ path: 'index.html', content: `<h1>${word}</h1>` }];

/** `pod container id restarts` of every container of vibeD's own. */
async function vibedContainers({ client, systemNamespace: namespace }: Cluster): Promise<string[]> {
  const labelSelector = 'app.kubernetes.io/name=vibed';
  const { items } = await client.list<Typed<V1Pod>>(kinds.pod, { namespace, labelSelector });
  return items
    .flatMap(({ metadata, status }) =>
      (status?.containerStatuses ?? []).map(c => `${metadata.name} ${c.name} ${c.containerID} ${c.restartCount}`),
    )
    .sort();
}
