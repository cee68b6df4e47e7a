// What a clone Job and its pod say, in the words of the Builder port.
import type { Job, Pod } from '../../artifact/world.ts';
import type { BuildReport, SourceReport } from '../../build-pod/job.ts';
import type { BuildState } from '../builder.ts';
import {
  conditionOf,
  diskFull,
  isEvicted,
  newestPod,
  type Problem,
  reportOf,
  stepProblems,
  terminated,
} from '../observe.ts';
import { sourceProblem } from '../source-problem.ts';

const containers = ['source', 'keep'] as const;

export function observeClone(job: Job, pods: readonly Pod[]): BuildState {
  const pod = newestPod(job, pods);
  const source = reportOf<SourceReport>(pod, 'source');
  const kept = reportOf<BuildReport>(pod, 'keep');
  if (source?.ok === true && kept?.ok === true) {
    const { digest, commit, ignored, ignoredSample } = source;
    const found = { digest, ...(commit !== undefined && { commit }), ignored, ignoredSample };
    return { state: 'fetched', tree: { blob: kept.digest, found } };
  }
  const failure = conditionOf(job, 'Failed');
  if (failure) return { state: 'failed', ...problemOf(pod, failure), containers, ...(pod && { pod }) };
  // The watches are not in step: a Job may be seen to be complete before the end of its pod is.
  if (conditionOf(job, 'Complete') && (pod === undefined || terminated(pod, 'keep') !== undefined))
    return { state: 'failed', ...lost, containers, ...(pod && { pod }) };
  return job.spec?.suspend === true ? { state: 'queued' } : { state: 'running' };
}

const lost: Problem = {
  reason: 'BuildFailed',
  message: 'the repository was cloned but what that reported is gone (its pod was deleted)',
  remedy: 'Set the annotation vibed.dev/retry to a new value to build again.',
};

const overdue: Problem = {
  reason: 'BuildTimeout',
  message: 'the pod that clones could not start, or did not end, within 15 minutes',
  remedy: 'A cluster admin looks at the pods of builds.installNamespace (room on the nodes, quota, image); then retry.',
};

const tooLarge: Problem = {
  reason: 'OutOfMemory',
  message: 'cloning the repository used more memory than its limit and was stopped',
  remedy: 'Deploy from a smaller repository: one with the app alone, and without its large files.',
};

const notKept: Problem = {
  ...stepProblems.push,
  message: 'the repository was cloned, but the registry did not take its files',
};

function problemOf(
  pod: Pod | undefined,
  { reason = '', message = '' }: { reason?: string; message?: string },
): Problem {
  const source = reportOf<SourceReport>(pod, 'source');
  const kept = reportOf<BuildReport>(pod, 'keep');
  if (source?.ok === false) return sourceProblem(source);
  if (isEvicted(pod)) return diskFull;
  if (reason === 'DeadlineExceeded') return overdue;
  const cloned = terminated(pod, 'source');
  if (cloned?.reason === 'OOMKilled' || cloned?.exitCode === 137) return tooLarge;
  if (kept?.ok === false) return kept.step === 'push' ? notKept : stepProblems[kept.step];
  return { ...stepProblems.build, message: `the pod that clones did not run: ${message.slice(0, 300)}` };
}
