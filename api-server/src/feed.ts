// The one watch of the process, fanned out. A reader gets a snapshot first, then changes of its owner's artifacts only; what is
// sent is made once per change, whoever reads it. A reader that does not keep up is cut off: it comes back to a new snapshot.
import type { ServerResponse } from 'node:http';
import type { ArtifactView, CompactArtifact } from '@vibed/store';
import type { Metrics } from './metrics.ts';
import { Problem } from './problems.ts';
import { type ArtifactSummary, summaryOf } from './summary.ts';
import type { Tenancy } from './tenancy.ts';

export interface FeedTiming {
  readonly keepAliveMs: number;
  /** Bytes that may wait for one reader. */
  readonly bufferBytes: number;
  readonly readersPerOwner: number;
  /** How long a reader may leave its buffer full. */
  readonly stuckMs: number;
  /** From this age of the last word of the cluster on, answers say that they may be old. */
  readonly staleMs: number;
}

const defaultTiming: FeedTiming = {
  // A reader is looked at with every keep-alive, so one that is stuck goes after at most both times together: 30 s.
  keepAliveMs: 15_000,
  bufferBytes: 256 * 1024,
  readersPerOwner: 250,
  stuckMs: 15_000,
  staleMs: 90_000,
};

interface Reader {
  readonly response: ServerResponse;
  /** When its buffer began to be full; undefined while it keeps up. */
  fullSince: number | undefined;
}

export type FeedEvent =
  | { readonly type: 'snapshot'; readonly artifacts: readonly ArtifactSummary[]; readonly staleSince?: string }
  | { readonly type: 'set'; readonly artifact: ArtifactSummary }
  | { readonly type: 'delete'; readonly name: string; readonly uid: string };

interface Told {
  readonly view: ArtifactView;
  readonly tenancy: Tenancy;
  readonly metrics: Metrics;
}

export class Feed {
  readonly #view: ArtifactView;
  readonly #tenancy: Tenancy;
  readonly #metrics: Metrics;
  readonly #timing: FeedTiming;
  readonly #readers = new Map<string, Set<Reader>>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor({ view, tenancy, metrics }: Told, timing: Partial<FeedTiming> = {}) {
    this.#view = view;
    this.#tenancy = tenancy;
    this.#metrics = metrics;
    this.#timing = { ...defaultTiming, ...timing };
    this.#unsubscribe = view.subscribe((artifact, change) => this.#tell(artifact, change));
    this.#timer = setInterval(() => this.#tick(), this.#timing.keepAliveMs);
    this.#timer.unref();
  }

  /** RFC 3339 time since which the cluster was silent for longer than it should be; undefined while all is well. */
  staleSince(): string | undefined {
    const age = this.#view.lastEventAgeMs();
    return age > this.#timing.staleMs && Number.isFinite(age) ? new Date(Date.now() - age).toISOString() : undefined;
  }

  /** Serves one reader until it goes, is cut off, or `signal` aborts. Throws RateLimited for an owner who has too many. */
  serve(owner: string, response: ServerResponse, signal: AbortSignal): void {
    if (signal.aborted) return void response.end();
    if ((this.#readers.get(owner)?.size ?? 0) >= this.#timing.readersPerOwner)
      throw new Problem('RateLimited', 'too many event streams are open', {
        retryAfterSeconds: 15,
        hint: 'close one; a browser needs one per tab',
      });
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const artifacts = this.#view
      .all()
      .filter(artifact => this.#tenancy.ownerOf(artifact) === owner)
      .map(summaryOf);
    const staleSince = this.staleSince();
    const reader: Reader = { response, fullSince: undefined };
    const readers = this.#readers.get(owner) ?? new Set<Reader>();
    this.#readers.set(owner, readers.add(reader));
    const end = () => void response.end();
    signal.addEventListener('abort', end, { once: true });
    response.once('close', () => {
      signal.removeEventListener('abort', end);
      this.#forget(owner, reader);
    });
    this.#count();
    this.#send(reader, frameOf({ type: 'snapshot', artifacts, ...(staleSince !== undefined && { staleSince }) }));
    this.#send(reader, retryAfter(reconnectMs));
  }

  /** Calls back for every change of an owner's artifacts; returns how to end it. */
  onChange(owner: string, listener: (artifact: CompactArtifact) => void): () => void {
    return this.#view.subscribe(artifact => {
      if (this.#tenancy.ownerOf(artifact) === owner) listener(artifact);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    for (const readers of this.#readers.values())
      for (const { response } of readers) if (!response.writableEnded) response.end(retryAfter(restartMs));
  }

  #tell(artifact: CompactArtifact, change: 'set' | 'delete'): void {
    const readers = this.#readers.get(this.#tenancy.ownerOf(artifact) ?? '');
    if (readers === undefined) return;
    const { name, uid = '' } = artifact.metadata;
    const frame = frameOf(
      change === 'delete' ? { type: 'delete', name, uid } : { type: 'set', artifact: summaryOf(artifact) },
    );
    for (const reader of [...readers]) this.#send(reader, frame);
  }

  #tick(): void {
    const comment = Buffer.from(': alive\n\n');
    for (const readers of this.#readers.values()) for (const reader of [...readers]) this.#send(reader, comment);
  }

  #send(reader: Reader, frame: Buffer): void {
    const { response } = reader;
    if (response.destroyed) return;
    // It was ended, and its reader does not read the end.
    if (response.writableEnded) return void response.destroy();
    const keepsUp = response.write(frame);
    const now = performance.now();
    reader.fullSince = keepsUp ? undefined : (reader.fullSince ?? now);
    const isStuck = reader.fullSince !== undefined && now - reader.fullSince > this.#timing.stuckMs;
    if (response.writableLength <= this.#timing.bufferBytes && !isStuck) return;
    this.#metrics.cutOff();
    response.destroy();
  }

  #forget(owner: string, reader: Reader): void {
    const readers = this.#readers.get(owner);
    readers?.delete(reader);
    if (readers?.size === 0) this.#readers.delete(owner);
    this.#count();
  }

  #count(): void {
    this.#metrics.readers([...this.#readers.values()].reduce((sum, readers) => sum + readers.size, 0));
  }
}

const reconnectMs = 2_000;
/** A successor needs about this long until it serves. An EventSource gives up at the first answer that is not 200. */
const restartMs = 10_000;

/** How long a reader waits before it reconnects: not the same for all, so that they do not come back together. */
const retryAfter = (milliseconds: number): Buffer =>
  Buffer.from(`retry: ${Math.round(milliseconds * (1 + Math.random()))}\n\n`);

function frameOf(event: FeedEvent): Buffer {
  const name = event.type === 'snapshot' ? 'snapshot' : 'change';
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(event)}\n\n`);
}
