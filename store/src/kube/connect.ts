import type { KubeClient } from './client.ts';

export interface ConnectOptions {
  /** Path of a kubeconfig; absent: the pod's own ServiceAccount. */
  readonly kubeconfig?: string | undefined;
  /** Context of that kubeconfig; absent: its current one. */
  readonly context?: string | undefined;
  /** Owner of the fields that apply() writes. */
  readonly fieldManager: string;
  readonly userAgent: string;
  /** For a whole request, watches and followed logs excepted; default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** A client for one cluster; throws a KubeError when the configuration can't be read. */
export function connect(_options: ConnectOptions): KubeClient {
  throw new Error('not yet');
}
