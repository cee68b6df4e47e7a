// The Builder port: a build key becomes an image digest. The build step (artifact/build.ts) knows builders only through it.
import type { BuildFacts, Reason } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import type { Child } from '../artifact/outcome.ts';
import type { Job, Pod } from '../artifact/world.ts';
import type { SourceReport } from '../build-pod/job.ts';
import type { InstallPlan } from './layers/install.ts';

export interface BuildInput {
  artifact: CompactArtifact;
  key: string;
  /** What was found out about the source; absent where the Job itself finds out. */
  plan?: JobPlan | undefined;
}

/** Which Job makes the image, once the source has been looked at. */
export type JobPlan =
  | {
      builder: 'buildah';
      why: string;
      /** Of a git source: the one that was looked at. */
      commit?: string;
    }
  | { builder: 'layers'; why: string; install: InstallPlan; facts: JobFacts };
/** What is known of an image before it is there. */
export type JobFacts = Omit<BuildFacts, 'key' | 'image' | 'digest'>;

/** A source that a Job has brought, and checked, for the operator to look at. */
export interface FetchedTree {
  /** Digest of its blob (a tar.gz) in the artifact's cache repository. */
  blob: string;
  found: Pick<SourceReport & { ok: true }, 'digest' | 'commit' | 'ignored' | 'ignoredSample'>;
}

export type BuildState =
  | { state: 'queued' }
  | { state: 'running' }
  /** The first of two Jobs has done its part; the operator goes on with the tree as with one that it reads itself. */
  | { state: 'fetched'; tree: FetchedTree }
  | { state: 'succeeded'; facts: BuildFacts; pod: Pod; containers: readonly string[] }
  | {
      state: 'failed';
      reason: Reason;
      message: string;
      remedy: string;
      /** Where the log is; absent when no container ran. */
      pod?: Pod;
      containers: readonly string[];
    };

export interface Builder {
  /** Whether the source can be looked at, and perhaps the image made, without a Job. */
  asks(artifact: CompactArtifact): boolean;
  /** The next Job of this key and what belongs to it; equal input gives equal objects. */
  desired(input: BuildInput): readonly Child[];
  /** What the Job goes on needing until it is over. */
  inputs(input: BuildInput, job: Job): readonly Child[];
  /** What the Job and its pods say. */
  observe(key: string, job: Job, pods: readonly Pod[], artifact: CompactArtifact): BuildState;
}
