// The Registry port: images and blobs of an OCI registry, by digest. Repositories are named without the registry's host.
import type { Readable } from 'node:stream';

/** What OCI calls a descriptor: `digest` is `sha256:` and 64 hex digits, `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Bytes to upload; `open` may be called again when an upload is repeated. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
  open(): Readable;
}

/** A manifest as the registry has it; its digest is that of exactly these bytes. */
export interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface Registry {
  /** The manifest of a tag or digest; undefined when there is none. */
  resolve(repository: string, reference: string): Promise<Manifest | undefined>;
  /** Whether the repository itself has this blob. */
  exists(repository: string, digest: string): Promise<boolean>;
  /** The bytes of a blob. The stream fails with DigestMismatch at its end when they are not those of the digest. */
  read(repository: string, digest: string): Promise<Readable>;
  /** Uploads, unless the blob is there already. */
  push(repository: string, blob: Blob): Promise<void>;
  /** Lets the repository share a blob of another one; false where the registry does not. */
  mount(repository: string, digest: string, from: string): Promise<boolean>;
  /** Puts a manifest under a tag or its digest. NotFound when a blob that it names is not there (any more). */
  put(repository: string, reference: string, manifest: Manifest): Promise<void>;
  /** Every tag; none where there is no such repository. */
  tags(repository: string): Promise<readonly string[]>;
  /** Deletes a manifest and with it its tags; gone already is as good. Unsupported where the registry does not allow it. */
  delete(repository: string, digest: string): Promise<void>;
}

/**
 * - Unavailable:    no answer, or one that another try may change (5xx, 429); several were made
 * - Denied:         the credential is missing or not good for this repository
 * - NotFound:       what was named is not there
 * - DigestMismatch: what came or was stored is not what its digest says
 * - Unsupported:    this registry does not do that
 * - Refused:        any other answer
 */
export type RegistryFault = 'Unavailable' | 'Denied' | 'NotFound' | 'DigestMismatch' | 'Unsupported' | 'Refused';

/** An answer of a registry that is not the wanted one; the message never holds a credential or a signed URL. */
export class RegistryError extends Error {
  readonly fault: RegistryFault;
  constructor(fault: RegistryFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RegistryError';
    this.fault = fault;
  }
}

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;
