// The Builder port: a build key becomes an image digest. The build step (artifact/build.ts) knows builders only through it.
import type { BuildFacts, Reason } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import type { Child } from '../artifact/outcome.ts';
import type { Job, Pod } from '../artifact/world.ts';

export interface BuildInput {
  artifact: CompactArtifact;
  key: string;
}

export type BuildState =
  | { state: 'queued' }
  | { state: 'running' }
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
  /** The Job of this key and what belongs to it; equal input gives equal objects. */
  desired(input: BuildInput): readonly Child[];
  /** What the Job and its pods say. */
  observe(key: string, job: Job, pods: readonly Pod[], artifact: CompactArtifact): BuildState;
}
