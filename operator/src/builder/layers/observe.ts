// What an install Job and its pod say, in the words of the Builder port.
import type { Job, Pod } from '../../artifact/world.ts';
import type { BuildReport } from '../../build-pod/job.ts';
import type { BuildState, JobFacts } from '../builder.ts';
import {
  conditionOf,
  newestPod,
  outOfMemory,
  type Problem,
  reportOf,
  stepProblems,
  terminated,
  timedOut,
} from '../observe.ts';
import { factsAnnotation, installExit } from './install.ts';

const containers = ['fetch', 'install', 'build'] as const;

export function observeInstall(
  key: string,
  job: Job,
  pods: readonly Pod[],
  imageFor: (digest: string) => string,
): BuildState {
  const pod = newestPod(job, pods);
  const report = reportOf<BuildReport>(pod, 'build');
  if (report?.ok === true && pod !== undefined) {
    const known = JSON.parse(job.metadata.annotations?.[factsAnnotation] ?? '{}') as JobFacts;
    const facts = { ...known, key, image: imageFor(report.digest), digest: report.digest };
    return { state: 'succeeded', facts, pod, containers };
  }
  const failure = conditionOf(job, 'Failed') ?? conditionOf(job, 'Complete');
  if (failure === undefined) return job.spec?.suspend === true ? { state: 'queued' } : { state: 'running' };
  return { state: 'failed', ...problemOf(pod, failure), containers, ...(pod && { pod }) };
}

export const diskFull: Problem = {
  reason: 'DiskFull',
  message: 'the build wrote more than its limit and was stopped',
  remedy: 'Let the build write less (caches, media), or have builds.ephemeralStorage of vibeD’s settings raised.',
};

function problemOf(
  pod: Pod | undefined,
  { reason = '', message = '' }: { reason?: string; message?: string },
): Problem {
  if (pod?.status?.reason === 'Evicted') return diskFull;
  const install = terminated(pod, 'install');
  const told = reportOf<BuildReport>(pod, 'install') ?? reportOf<BuildReport>(pod, 'build');
  if (reason === 'DeadlineExceeded' || install?.exitCode === installExit.timedOut) return timedOut;
  if (install?.reason === 'OOMKilled' || install?.exitCode === 137) return outOfMemory;
  if (told?.ok === false) return told.code === 137 ? outOfMemory : stepProblems[told.step];
  if ((terminated(pod, 'fetch')?.exitCode ?? 0) !== 0)
    return { ...stepProblems.push, message: 'the registry did not give the source of the build back' };
  return { ...stepProblems.build, message: `the build pod did not run: ${message.slice(0, 300)}` };
}
