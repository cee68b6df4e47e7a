// The Builder port: a build key becomes an image digest. The build step (artifact/build.ts) knows builders only through it.
import type { BuildFacts, Reason } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import type { Child } from '../artifact/outcome.ts';
import type { Job, Pod } from '../artifact/world.ts';
import type { InstallPlan } from './layers/install.ts';

export interface BuildInput {
  artifact: CompactArtifact;
  key: string;
  /** What was found out about the source; absent where the Job itself finds out. */
  plan?: JobPlan | undefined;
}

/** Which Job makes the image, once the source has been looked at. */
export type JobPlan =
  | { builder: 'buildah'; why: string }
  | { builder: 'layers'; why: string; install: InstallPlan; facts: JobFacts };
/** What is known of an image before it is there. */
export type JobFacts = Omit<BuildFacts, 'key' | 'image' | 'digest'>;

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
  /** Whether the source can be looked at, and perhaps the image made, without a Job. */
  asks(artifact: CompactArtifact): boolean;
  /** The Job of this key and what belongs to it; equal input gives equal objects. */
  desired(input: BuildInput): readonly Child[];
  /** What the Job goes on needing once it is there. */
  inputs(input: BuildInput, job: Job): readonly Child[];
  /** What the Job and its pods say. */
  observe(key: string, job: Job, pods: readonly Pod[], artifact: CompactArtifact): BuildState;
}
