import { type Kind, type KubeClient, KubeError, type KubeObject, kinds, type WatchEvent } from '@vibed/store/kube';
import { afterEach, expect, it, vi } from 'vitest';
import { Environment } from './environment.ts';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A double of the API server's CRDs and discovery: what is served, and a watch that tells of CRDs. */
class Cluster {
  served = new Set<string>();
  asked = 0;
  down = false;
  #events: ((event: WatchEvent) => void) | undefined;

  client = {
    list: async () => ({ items: [], resourceVersion: '1' }),
    watch: (_kind: Kind, _options: unknown, signal: AbortSignal) => this.#watch(signal),
    raw: async (_method: string, path: string) => {
      this.asked += 1;
      if (this.down) throw new KubeError('Unavailable', 'no answer');
      const resources = [...this.served]
        .filter(s => path === `/apis/${s.split(' ')[0]}`)
        .map(s => ({ name: s.split(' ')[1] }));
      if (resources.length === 0) throw new KubeError('NotFound', path);
      return { resources };
    },
  } as unknown as KubeClient;

  async *#watch(signal: AbortSignal): AsyncIterable<WatchEvent> {
    while (!signal.aborted) {
      const next = Promise.withResolvers<WatchEvent | undefined>();
      this.#events = next.resolve;
      signal.addEventListener('abort', () => next.resolve(undefined), { once: true });
      const event = await next.promise;
      if (event !== undefined) yield event;
    }
  }

  tell(type: 'ADDED' | 'DELETED', name: string): void {
    const object: KubeObject = { metadata: { name, uid: name, resourceVersion: String(Math.random()) } };
    this.#events?.({ type, object } as WatchEvent);
  }
}

const knative = ['serving.knative.dev/v1 services', 'serving.knative.dev/v1 revisions'];
const crds = ['services.serving.knative.dev', 'revisions.serving.knative.dev'];
const watched = [kinds.knativeService, kinds.knativeRevision];
let environment: Environment | undefined;
afterEach(() => environment?.stop());

async function given(cluster: Cluster) {
  const held = new Set<Kind>();
  const changes: string[] = [];
  environment = new Environment({
    client: cluster.client,
    log,
    watched,
    children: {
      follow: async kind => void held.add(kind),
      unfollow: async kind => void held.delete(kind),
      holds: kind => held.has(kind),
    },
    onChange: () => changes.push('changed'),
    clock: { now: () => performance.now(), sleep: async (_ms, signal) => pause(signal) },
  });
  environment.start();
  await vi.waitFor(() => expect(cluster.asked).toBeGreaterThan(0));
  return { environment, held, changes };
}
/** Pauses are over at once when they are woken, and after 5 ms otherwise. */
const pause = (signal: AbortSignal) =>
  new Promise<void>(resolve => {
    const timer = setTimeout(resolve, 5);
    signal.addEventListener('abort', () => [clearTimeout(timer), resolve()], { once: true });
  });

it('takes Kubernetes alone where there is nothing else, and says why', async () => {
  const { environment } = await given(new Cluster());
  await environment.whenSynced();
  expect(environment.targets).toMatchObject({
    knative: { available: false, why: expect.stringContaining('not installed') },
    kubernetes: { available: true },
    wasmcloud: { available: false, why: expect.stringContaining('not installed') },
  });
});

it('finds Knative that is installed later, and loses it with its CRDs', async () => {
  const cluster = new Cluster();
  const { environment, held, changes } = await given(cluster);
  await environment.whenSynced();
  cluster.served = new Set(knative);
  for (const crd of crds) cluster.tell('ADDED', crd);
  await vi.waitFor(() => expect(environment.targets.knative.available).toBe(true));
  expect(held).toEqual(new Set(watched));
  expect(changes.length).toBeGreaterThan(0);
  cluster.served.clear();
  for (const crd of crds) cluster.tell('DELETED', crd);
  await vi.waitFor(() => expect(environment.targets.knative.available).toBe(false));
  expect(held.size).toBe(0);
});

it('asks again while a CRD is there that is not served yet', async () => {
  const cluster = new Cluster();
  const { environment } = await given(cluster);
  await environment.whenSynced();
  for (const crd of crds) cluster.tell('ADDED', crd);
  await vi.waitFor(() => expect(cluster.asked).toBeGreaterThan(20));
  cluster.served = new Set(knative);
  await vi.waitFor(() => expect(environment.targets.knative.available).toBe(true));
});

it('changes nothing because the API server does not answer', async () => {
  const cluster = new Cluster();
  cluster.served = new Set(knative);
  const { environment } = await given(cluster);
  await environment.whenSynced();
  expect(environment.targets.knative.available).toBe(true);
  cluster.down = true;
  cluster.tell('DELETED', crds[0] ?? '');
  const before = cluster.asked;
  await vi.waitFor(() => expect(cluster.asked).toBeGreaterThan(before + 10));
  expect(environment.targets.knative.available).toBe(true);
});

it.each([
  ['core.oam.dev/v1beta1 applications', 'end-of-life'],
  ['runtime.wasmcloud.dev/v1alpha1 workloaddeployments', 'cannot deploy to it yet'],
])('answers for wasmCloud: %s', async (served, why) => {
  const cluster = new Cluster();
  cluster.served.add(served);
  const { environment } = await given(cluster);
  await environment.whenSynced();
  expect(environment.targets.wasmcloud).toEqual({ available: false, why: expect.stringContaining(why) });
});
