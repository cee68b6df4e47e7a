// (w) How much later than kubectl a browser knows: one write of a status, and both are told. The artifact is suspended, and what is
// written is a fact that the operator keeps, so nobody else writes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { kinds } from '@vibed/store/kube';
import { baseUrl, fetchHere, keyOf, rest } from '../../api-server/e2e/lib/door.ts';
import { namespaceOf } from '../../api-server/src/tenancy.ts';
import { checkout } from '../crash/cluster-inside.ts';
import { eventually } from '../lib/eventually.ts';
import { type Figure, median } from './figures.ts';
import type { BenchStage } from './stage.ts';

const singles = 9;
const user = 'bench-doors';
const name = 'bench-watched';
const quietMs = 250;

/** Something that hears of every change; `next` is when it heard of the one after now. */
interface Ear extends AsyncDisposable {
  next: () => Promise<number>;
}

export async function statusToEvent({ cluster, facts }: BenchStage, pairs: number): Promise<Figure> {
  const { client } = cluster;
  const key = await keyOf(user);
  const ref = { namespace: namespaceOf(user), name };
  const files = [{ path: 'index.html', content: 'hi' }];
  await rest(key, 'POST', '/api/artifacts', { name, files });
  await rest(key, 'POST', `/api/artifacts/${name}/control`, { action: 'suspend' });
  await eventually(async () => String((await rest(key, 'GET', `/api/artifacts/${name}`)).body.phase), 'suspended');
  await pause(3_000);
  await using kubectl = await byKubectl(facts.kubeconfig, ref);
  await using stream = await byStream(key);
  const told = { event: [] as number[], kubectl: [] as number[], difference: [] as number[] };
  const write = async (at: string) => {
    await pause(quietMs);
    const heard = [stream.next(), kubectl.next()] as const;
    const started = performance.now();
    const desired = { probe: { status: 200, at } };
    await client.mergePatch(kinds.artifact, ref, { status: { desired } }, { subresource: 'status' });
    const [event, line] = await Promise.all(heard);
    return { event: event - started, kubectl: line - started };
  };
  await write('first');
  for (let pair = 0; pair < pairs; pair += 1) {
    const taken = [];
    for (let i = 0; i < singles; i += 1) taken.push(await write(`${pair}-${i}`));
    told.event.push(median(taken.map(one => one.event)));
    told.kubectl.push(median(taken.map(one => one.kubectl)));
    told.difference.push(median(taken.map(one => one.event - one.kubectl)));
    console.log(`round ${pair + 1} of ${pairs}: ${JSON.stringify([told.event.at(-1), told.kubectl.at(-1)])}`);
  }
  await rest(key, 'DELETE', `/api/artifacts/${name}`, { confirm: name });
  return {
    title: 'Status written → event at the client, beside kubectl get -w',
    rows: [
      { what: 'event − kubectl, of the same write', unit: 'ms', values: told.difference, wanted: '≤ 20' },
      { what: 'write sent → event at the client, through the ingress', unit: 'ms', values: told.event },
      { what: 'write sent → line of kubectl get -w', unit: 'ms', values: told.kubectl },
    ],
    notes: [`Each value the median of ${singles} writes; both listen to the same write.`],
  };
}

/** Calls back with the time of the first thing heard after it was asked. */
function ears(): { heard: () => void; next: () => Promise<number> } {
  let waiting: ((at: number) => void) | undefined;
  return {
    heard: () => {
      waiting?.(performance.now());
      waiting = undefined;
    },
    next: () =>
      new Promise(resolve => {
        waiting = resolve;
      }),
  };
}

async function byKubectl(
  kubeconfig: string,
  { namespace, name: app }: { namespace: string; name: string },
): Promise<Ear> {
  const { heard, next } = ears();
  const args = [`--kubeconfig=${kubeconfig}`, 'get', 'vart', app, '-n', namespace, '-w', '--no-headers'];
  const child = spawn(`${checkout}.vibed/bin/kubectl`, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', heard);
  await once(child.stdout, 'data');
  const end = async () => {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
  return { next, [Symbol.asyncDispose]: end };
}

async function byStream(key: string): Promise<Ear> {
  const { heard, next } = ears();
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetchHere(`${baseUrl}/api/events`, { headers, signal: stop.signal });
  const reader = answer.body?.getReader();
  await reader?.read(); // the snapshot
  const listening = (async () => {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return;
      if (Buffer.from(value ?? []).includes('event: change')) heard();
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const end = async () => {
    stop.abort();
    await listening;
  };
  return { next, [Symbol.asyncDispose]: end };
}
