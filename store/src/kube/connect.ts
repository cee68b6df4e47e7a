import type {
  ApplyOptions,
  DeleteOptions,
  JsonPatchOperation,
  KubeClient,
  ListOptions,
  LogOptions,
  Page,
  SubresourceOptions,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import { isKubeError, KubeError } from './errors.ts';
import { apiVersionOf, type Kind, type KubeObject, kinds, type ObjectRef } from './kinds.ts';
import { endsOf, type LogEnds, type LogKeep } from './log-ends.ts';
import { creatorOf, takeOverPatch } from './ownership.ts';
import { httpTransport, type Method, type Transport, type TransportRequest } from './transport.ts';
import { readWatchEvents } from './watch-lines.ts';

export interface ConnectOptions {
  /** Path of a kubeconfig; absent: the pod's own ServiceAccount. */
  readonly kubeconfig?: string | undefined;
  /** Context of that kubeconfig; absent: its current one. */
  readonly context?: string | undefined;
  /** Owner of the fields that this client writes. */
  readonly fieldManager: string;
  readonly userAgent: string;
  /** For a whole request, watches and followed logs excepted; default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** A client for one cluster; throws a KubeError when the configuration can't be read. */
export function connect(options: ConnectOptions): KubeClient {
  const requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
  const transport = httpTransport({ ...options, requestTimeoutMs });
  return new HttpKubeClient(transport, options.fieldManager, requestTimeoutMs);
}

type Query = Record<string, string | number | boolean | undefined>;

const patchTypes = {
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
} as const;

class HttpKubeClient implements KubeClient {
  readonly #transport: Transport;
  readonly #fieldManager: string;
  readonly #headersMs: number;

  constructor(transport: Transport, fieldManager: string, headersMs: number) {
    this.#transport = transport;
    this.#fieldManager = fieldManager;
    this.#headersMs = headersMs;
  }

  async get<T extends KubeObject>(kind: Kind, ref: ObjectRef): Promise<T> {
    return this.#object<T>({ what: describe('get', kind, ref), method: 'GET', path: objectPath(kind, ref) });
  }

  async list<T extends KubeObject>(kind: Kind, options: ListOptions = {}): Promise<Page<T>> {
    const { namespace, labelSelector, fieldSelector, limit, metadataOnly, signal } = options;
    const what = describe('list', kind, { namespace, name: '' });
    const query = { labelSelector, fieldSelector, limit, continue: options.continue };
    const path = collectionPath(kind, namespace) + queryString(query);
    const accept = metadataOnly ? metadataAs('PartialObjectMetadataList') : undefined;
    const list = parse<ListBody<T>>(what, await this.#transport.send({ what, method: 'GET', path, accept, signal }));
    const { resourceVersion = '', continue: next, remainingItemCount: remaining } = list.metadata ?? {};
    return {
      // A list names the kind of its items only once, for all of them.
      items: (list.items ?? []).map(item => named(kind, item)),
      resourceVersion,
      ...(next ? { continue: next } : {}),
      ...(remaining === undefined ? {} : { remaining }),
    };
  }

  async create<T extends KubeObject>(kind: Kind, object: T): Promise<T> {
    const query = queryString({ fieldManager: creatorOf(this.#fieldManager) });
    const path = collectionPath(kind, namespaceFor(kind, object.metadata)) + query;
    const body = named(kind, object);
    return this.#object<T>({ what: describe('create', kind, object.metadata), method: 'POST', path, body });
  }

  async apply<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions = {}): Promise<T> {
    const applied = await this.#applyOnce(kind, object, options);
    if (options.subresource !== undefined || takeOverPatch(applied, this.#fieldManager) === undefined) return applied;
    await this.#takeOver(kind, applied);
    // The precondition has been met by the first one.
    return this.#applyOnce(kind, { ...object, metadata: { ...object.metadata, resourceVersion: undefined } }, options);
  }

  async jsonPatch<T extends KubeObject>(
    kind: Kind,
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    options: SubresourceOptions = {},
  ): Promise<T> {
    const path = objectPath(kind, ref, options.subresource) + this.#managed();
    const what = describe('patch', kind, ref);
    try {
      return await this.#patch<T>(what, path, patchTypes.json, operations);
    } catch (error) {
      throw asFailedTest(error, what, operations);
    }
  }

  async mergePatch<T extends KubeObject>(
    kind: Kind,
    ref: ObjectRef,
    patch: object,
    options: SubresourceOptions = {},
  ): Promise<T> {
    const path = objectPath(kind, ref, options.subresource) + this.#managed();
    return this.#patch<T>(describe('patch', kind, ref), path, patchTypes.merge, patch);
  }

  async replace<T extends KubeObject>(kind: Kind, object: T, options: SubresourceOptions = {}): Promise<T> {
    const path = objectPath(kind, object.metadata, options.subresource) + this.#managed();
    const body = named(kind, object);
    return this.#object<T>({ what: describe('replace', kind, object.metadata), method: 'PUT', path, body });
  }

  async delete(kind: Kind, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagation = 'Background', gracePeriodSeconds } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: propagation,
      gracePeriodSeconds,
      preconditions,
    };
    const path = objectPath(kind, ref);
    await this.#transport.send({ what: describe('delete', kind, ref), method: 'DELETE', path, body });
  }

  async logs(ref: ObjectRef, options: LogOptions): Promise<string> {
    const path = `${objectPath(kinds.pod, ref)}/log${queryString({ ...options })}`;
    return this.#transport.send({ what: describe('read log of', kinds.pod, ref), method: 'GET', path, accept: '*/*' });
  }

  async logEnds(ref: ObjectRef, options: LogOptions, keep: LogKeep): Promise<LogEnds> {
    const path = `${objectPath(kinds.pod, ref)}/log${queryString({ ...options })}`;
    const what = describe('read log of', kinds.pod, ref);
    const signal = AbortSignal.timeout(this.#headersMs);
    const ends = await endsOf(
      this.#transport.stream({ what, method: 'GET', path, accept: '*/*', signal }, this.#headersMs),
      keep,
    );
    if (signal.aborted) throw new KubeError('Unavailable', `${what}: it has no end within ${this.#headersMs} ms`);
    return ends;
  }

  async *followLogs(ref: ObjectRef, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const path = `${objectPath(kinds.pod, ref)}/log${queryString({ ...options, follow: true })}`;
    const what = describe('follow log of', kinds.pod, ref);
    // The kubelet sends its headers with the first line, and a quiet app may never write one.
    yield* this.#transport.stream({ what, method: 'GET', path, accept: '*/*', signal }, 0);
  }

  async *watch<T extends KubeObject>(
    kind: Kind,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const { namespace, metadataOnly, labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = options;
    const selected = { labelSelector, fieldSelector, resourceVersion, timeoutSeconds };
    const path = collectionPath(kind, namespace) + queryString({ ...selected, watch: true, allowWatchBookmarks: true });
    const what = describe('watch', kind, { namespace, name: '' });
    const accept = metadataOnly ? metadataAs('PartialObjectMetadata') : undefined;
    const chunks = this.#transport.stream({ what, method: 'GET', path, accept, signal }, this.#headersMs);
    for await (const event of readWatchEvents<T>(what, chunks)) {
      if (signal.aborted) return;
      yield 'object' in event ? { type: event.type, object: named(kind, event.object) } : event;
    }
  }

  async raw(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const what = `${method} ${path.split('?')[0]}`;
    const text = await this.#transport.send({ what, method, path, body });
    try {
      return JSON.parse(text);
    } catch {
      // /readyz and its like answer in plain words.
      return text;
    }
  }

  async #applyOnce<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions): Promise<T> {
    const query = this.#managed({ force: options.force ?? true });
    const path = objectPath(kind, object.metadata, options.subresource) + query;
    const body = withoutManagedFields(named(kind, object));
    const what = describe('apply', kind, object.metadata);
    try {
      return await this.#patch<T>(what, path, patchTypes.apply, body);
    } catch (error) {
      throw asOtherIncarnation(error, what);
    }
  }

  async #takeOver<T extends KubeObject>(kind: Kind, applied: T): Promise<void> {
    let current = applied;
    for (let attempt = 1; ; attempt += 1) {
      const patch = takeOverPatch(current, this.#fieldManager);
      if (patch === undefined) return;
      try {
        await this.jsonPatch(kind, current.metadata, patch);
        return;
      } catch (error) {
        if (!isKubeError(error, 'Conflict') || attempt === 3) throw error;
        current = await this.get<T>(kind, current.metadata);
      }
    }
  }

  #managed(query: Query = {}): string {
    return queryString({ fieldManager: this.#fieldManager, ...query });
  }

  #patch<T>(what: string, path: string, contentType: string, body: unknown): Promise<T> {
    return this.#object<T>({ what, method: 'PATCH' satisfies Method, path, contentType, body });
  }

  async #object<T>(request: TransportRequest): Promise<T> {
    return parse<T>(request.what, await this.#transport.send(request));
  }
}

interface ListBody<T> {
  readonly items?: T[] | null;
  readonly metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
}

function parse<T>(what: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new KubeError('Unavailable', `${what}: the answer is not JSON`);
  }
}

function metadataAs(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

function named<T extends KubeObject>(kind: Kind, object: T): T {
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

/** Server-side apply refuses an object that carries managedFields, as one that was read does. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, managedFields: undefined } };
}

/** The API server answers a failed `test` with a bare 422; a patch that is wrong in itself comes with causes or a message of its own. */
function asFailedTest(error: unknown, what: string, operations: readonly JsonPatchOperation[]): unknown {
  const bare = isKubeError(error, 'Invalid') && error.status === 422 && error.message.includes('rejected our request');
  if (!bare || !operations.some(operation => operation.op === 'test')) return error;
  return new KubeError('Conflict', `${what}: the object is not as the patch expects it`, {
    status: 422,
    reason: error.reason,
    cause: error,
  });
}

/** An apply with the uid of an earlier incarnation is refused as a change of an immutable field. */
function asOtherIncarnation(error: unknown, what: string): unknown {
  if (!isKubeError(error, 'Invalid') || !/metadata\.uid: Invalid value: [^\n]{0,200}immutable/.test(error.message))
    return error;
  return new KubeError('Conflict', `${what}: the object was deleted and created again`, {
    status: error.status,
    reason: error.reason,
    cause: error,
  });
}

function collectionPath(kind: Kind, namespace: string | undefined): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}

function objectPath(kind: Kind, ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(kind, namespaceFor(kind, ref))}/${segment(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

function namespaceFor(kind: Kind, ref: { readonly namespace?: string | undefined }): string | undefined {
  if (kind.namespaced && ref.namespace === undefined)
    throw new KubeError('Invalid', `a ${kind.kind} needs a namespace`);
  return ref.namespace;
}

/** An empty or dotted segment would turn the request on one object into one on the whole collection. */
function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') throw new KubeError('Invalid', `"${value}" is not a name`);
  return encodeURIComponent(value);
}

function queryString(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

function describe(verb: string, kind: Kind, ref: ObjectRef): string {
  const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
  const name = [ref.namespace, ref.name].filter(Boolean).join('/');
  return [verb, resource, name].filter(Boolean).join(' ');
}
