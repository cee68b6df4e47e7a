// The Storage port: where sources live. A tree is kept once per owner under its digest; a name refers to the trees it was
// deployed from, and only through such a reference may a build read one.
import type { Readable } from 'node:stream';
import type { TreeFile } from '@vibed/store/tree-digest';

/** A stored tree. */
export interface SourceRevision {
  /** treeDigest of its files: the id under which it is found. */
  readonly digest: string;
  readonly files: number;
  /** Bytes of the files together. */
  readonly bytes: number;
}

export interface ArtifactName {
  /** The owner (namespaceOf). */
  readonly namespace: string;
  readonly name: string;
}

/** One file of a stored tree. */
export interface StoredFile {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  /** Its bytes, to be read before the next file is; a file whose bytes nobody wants is skipped. */
  bytes(): Promise<Buffer>;
}

/** The tar.gz of a tree, as it is stored; the stream is open and has to be consumed or destroyed. */
export interface StoredArchive {
  readonly bytes: number;
  readonly stream: Readable;
}

/** What one owner may keep. */
export interface SourceQuota {
  /** Of their archives together. */
  readonly bytesPerOwner: number;
  readonly treesPerOwner: number;
  /** Whether an Artifact or one of its versions uses a tree; true while nobody can say. */
  readonly isInUse: (name: ArtifactName, digest: string) => boolean;
}

/** When an unused thing may go. */
export interface Retention {
  /** A tree that no name refers to. */
  readonly unreferencedMs: number;
  /** A reference that no Artifact and no version uses. */
  readonly unusedMs: number;
  readonly isInUse: (name: ArtifactName, digest: string) => boolean;
  readonly now: number;
}

export interface SourceStorage {
  /**
   * Keeps a tree; saving it again only makes it young again. Durable when it resolves. A tree that does not fit into the owner's
   * quota takes the place of older ones that nothing needs, and rejects with the problem QuotaExceeded where there are none.
   */
  save(namespace: string, files: readonly TreeFile[]): Promise<SourceRevision>;
  /** Lets this name use a tree; false when the owner has no such tree. */
  refer(name: ArtifactName, digest: string): Promise<boolean>;
  /** All files of a tree of this owner, in byte order of their paths; undefined when there is none. */
  load(namespace: string, digest: string): Promise<readonly TreeFile[] | undefined>;
  /** The same files one after the other, with no more than one in memory. */
  files(namespace: string, digest: string): Promise<AsyncIterable<StoredFile> | undefined>;
  /** The archive of a tree of this owner. */
  download(namespace: string, digest: string): Promise<StoredArchive | undefined>;
  /** The archive of a tree, if this very name refers to it. */
  archive(name: ArtifactName, digest: string): Promise<StoredArchive | undefined>;
  /** Digests that this name refers to, the latest first. */
  references(name: ArtifactName): Promise<string[]>;
  /** Removes what nobody needs; returns how many trees went. Never one that is referred to. */
  prune(retention: Retention): Promise<number>;
}
