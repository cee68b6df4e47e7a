import type { KubeError } from './errors.ts';
import type { Kind, KubeObject, ObjectRef } from './kinds.ts';
import type { LogEnds, LogKeep } from './log-ends.ts';

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per page; absent: everything at once. */
  readonly limit?: number | undefined;
  /** The token of the page before. */
  readonly continue?: string | undefined;
  /** Only apiVersion, kind and metadata of each object travel. */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Page<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  /** Present when there is a next page. */
  readonly continue?: string;
  /** How many objects come after this page, where the server says so. */
  readonly remaining?: number;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  /** JSON Pointer. */
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export type Subresource = 'status' | 'scale' | 'token' | 'finalize';

export interface SubresourceOptions {
  readonly subresource?: Subresource | undefined;
}

export interface ApplyOptions extends SubresourceOptions {
  /** Take fields over from other managers; default true. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions {
  /** Precondition: delete only this incarnation, else Conflict. */
  readonly uid?: string | undefined;
  /** Precondition: delete only this state, else Conflict. */
  readonly resourceVersion?: string | undefined;
  /** Default: Background. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

export interface LogOptions {
  readonly container: string;
  /** The terminated instance before the running one. */
  readonly previous?: boolean | undefined;
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly sinceSeconds?: number | undefined;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  readonly timestamps?: boolean | undefined;
}

export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  readonly metadataOnly?: boolean | undefined;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly error: KubeError };

/**
 * The Kubernetes API. Every method rejects with a KubeError and nothing else; nothing is retried here.
 * Objects are plain JSON: times are strings. Objects of a list carry apiVersion and kind as a single one does.
 */
export interface KubeClient {
  /** NotFound when there is none. */
  get<T extends KubeObject>(kind: Kind, ref: ObjectRef): Promise<T>;
  /** One page, from the server's present state. */
  list<T extends KubeObject>(kind: Kind, options?: ListOptions): Promise<Page<T>>;
  /** POST; AlreadyExists when the name is taken. */
  create<T extends KubeObject>(kind: Kind, object: T): Promise<T>;
  /**
   * Server-side apply under the client's field manager; a metadata.uid or resourceVersion in the object is a precondition (Conflict).
   * A field that the last apply, or the create, had and this one has not is removed; the first apply after a create takes three writes.
   */
  apply<T extends KubeObject>(kind: Kind, object: T, options?: ApplyOptions): Promise<T>;
  /** JSON Patch; a `test` operation that fails is a Conflict. */
  jsonPatch<T extends KubeObject>(
    kind: Kind,
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    options?: SubresourceOptions,
  ): Promise<T>;
  /** JSON Merge Patch: null removes a field, an array is replaced as a whole. */
  mergePatch<T extends KubeObject>(kind: Kind, ref: ObjectRef, patch: object, options?: SubresourceOptions): Promise<T>;
  /** PUT; with metadata.resourceVersion set, a Conflict when the object has changed since. */
  replace<T extends KubeObject>(kind: Kind, object: T, options?: SubresourceOptions): Promise<T>;
  /** Resolves when the server accepted the deletion; finalizers may keep the object for longer. NotFound when there is none. */
  delete(kind: Kind, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** The log of one container of a pod so far. */
  logs(ref: ObjectRef, options: LogOptions): Promise<string>;
  /** The beginning and the end of it, whatever its length. */
  logEnds(ref: ObjectRef, options: LogOptions, keep: LogKeep): Promise<LogEnds>;
  /** The log of one container as it grows; ends with the container or the signal, rejects when the connection breaks. */
  followLogs(ref: ObjectRef, options: LogOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * One HTTP watch, bookmarks included. Ends when the server ends it or the signal aborts; rejects when it can't be opened,
   * breaks off, or carries a line that is not an event (`reason` is then `MalformedEvent`). Most callers want ListWatch.
   */
  watch<T extends KubeObject>(kind: Kind, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
  /** Any other request, JSON both ways: API discovery, /readyz. `path` starts with a slash and may hold a query. */
  raw(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}
