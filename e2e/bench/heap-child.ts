// node --expose-gc heap-child.ts <plural> <count> < object.json: how many bytes of heap the operator's own caches take for so
// many copies of a recorded object. The copies come as a list does, as fresh text; only the client is a double.
import { text } from 'node:stream/consumers';
import { CrdArtifactStore } from '@vibed/store';
import type { Kind, KubeClient, KubeObject } from '@vibed/store/kube';
import { ChildStore } from '../../operator/src/children.ts';

const [, , plural = '', countText = ''] = process.argv;
const count = Number(countText);
const recorded = await text(process.stdin);
const { metadata } = JSON.parse(recorded) as KubeObject;
const pageSize = 100;

/** Copies with names, uids, hashes, digests, times and versions of their own, wherever those occur: what differs between apps. */
function copy(i: number, metadataOnly: boolean): KubeObject {
  const id = String(i).padStart(6, '0');
  const object = JSON.parse(
    recorded
      .replaceAll(metadata.name, `${metadata.name}-${id}`)
      .replaceAll(/\b[0-9a-f]{8,64}\b/g, hex => `${hex.slice(0, -6)}${id}`)
      .replaceAll(/T\d\d:\d\d:/g, `T${id.slice(1, 3)}:${id.slice(3, 5)}:`)
      .replaceAll(`"${metadata.resourceVersion}"`, `"9${id}"`),
  ) as KubeObject;
  return metadataOnly ? { metadata: object.metadata } : object;
}

const client = {
  list: async (kind: Kind, options: { continue?: string; metadataOnly?: boolean }) => {
    if (kind.plural !== plural) return { items: [], resourceVersion: '1' };
    const from = Number(options.continue ?? 0);
    const size = Math.min(pageSize, count - from);
    const items = Array.from({ length: size }, (_, i) => copy(from + i, options.metadataOnly === true));
    const next = from + size;
    return { items, resourceVersion: '1', ...(next < count && { continue: String(next) }) };
  },
  watch: async function* (_kind: Kind, _options: unknown, signal: AbortSignal) {
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    yield* [];
  },
} as unknown as KubeClient;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function settledHeap(): Promise<number> {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc?.();
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}

const store = new CrdArtifactStore({ client, log: silent });
const buildNamespaces = ['vibed-builds', 'vibed-installs'];
const children = new ChildStore({ client, log: silent, buildNamespaces, complete: async child => child.object });
copy(0, false);
const before = await settledHeap();
const view = store.watch({});
children.start();
await Promise.all([view.whenSynced(), children.whenSynced()]);
const after = await settledHeap();
console.log(JSON.stringify({ bytes: after - before }));
process.exit(0);
