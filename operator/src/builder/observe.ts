// What a build Job and its pods say, in the words of the Builder port.
import type { BuildFacts } from '@vibed/crds';
import type { Job, Pod } from '../artifact/world.ts';
import type { BuildReport, SourceReport } from '../build-pod/job.ts';
import type { BuildState } from './builder.ts';
import { sourceProblem } from './source-problem.ts';

/** On a Buildah Job: why no quicker builder made the image; part of its facts. */
export const builderWhy = 'vibed.dev/builder-why';

const containers = ['source', 'build'] as const;
/** Images without a user of their own run as this one: apps may not be root. */
const fallbackUid = 10001;

export const conditionOf = (job: Job, type: string) =>
  job.status?.conditions?.find(c => c.type === type && c.status === 'True');

export function newestPod(job: Job, pods: readonly Pod[]): Pod | undefined {
  const own = pods.filter(p => p.metadata.ownerReferences?.some(o => o.uid === job.metadata.uid));
  return own.sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1))[0];
}

export function observeBuild(
  key: string,
  job: Job,
  pods: readonly Pod[],
  imageFor: (digest: string) => string,
): BuildState {
  const pod = newestPod(job, pods);
  // The report is enough: the image is in the registry. The Job says Complete only seconds later, after its sidecar has ended.
  const isBuilt = terminated(pod, 'build')?.exitCode === 0;
  if (isBuilt || conditionOf(job, 'Complete')) return succeeded(key, job, pod, imageFor);
  const failure = conditionOf(job, 'Failed');
  if (failure) return failed(pod, failure.reason ?? '', failure.message ?? '');
  return job.spec?.suspend === true ? { state: 'queued' } : { state: 'running' };
}

function succeeded(key: string, job: Job, pod: Pod | undefined, imageFor: (digest: string) => string): BuildState {
  const source = reportOf<SourceReport>(pod, 'source');
  const image = reportOf<BuildReport>(pod, 'build');
  if (pod === undefined || source?.ok !== true || image?.ok !== true)
    return {
      state: 'failed',
      reason: 'BuildFailed',
      message: 'the build ended well but what it reported is gone (its pod was deleted)',
      remedy: 'Set the annotation vibed.dev/retry to a new value to build again.',
      containers,
    };
  const { why = [], ...facts } = factsOf(key, source, image, imageFor);
  const chosen = job.metadata.annotations?.[builderWhy];
  const told = { ...facts, builder: 'buildah' as const, why: [...why, ...(chosen === undefined ? [] : [chosen])] };
  return { state: 'succeeded', facts: told, pod, containers };
}

/** What is kept of a finished build, whoever did it. */
export function factsOf(
  key: string,
  source: SourceReport & { ok: true },
  image: BuildReport & { ok: true },
  imageFor: (digest: string) => string,
): BuildFacts {
  const { digest, commit, recipe, ignored, ignoredSample } = source;
  const uid =
    typeof recipe.user === 'object' ? recipe.user.uid : /^[0-9]+$/.test(image.user) ? Number(image.user) : fallbackUid;
  const exposed = image.exposed.map(e => Number.parseInt(e, 10)).find(Number.isInteger);
  const port = recipe.language === 'dockerfile' ? (exposed ?? recipe.port) : recipe.port;
  const ownUser = recipe.language === 'dockerfile' && !/^[0-9]+$/.test(image.user);
  const warnings = [
    ...recipe.warnings,
    ...(ignored > 0
      ? [`left out of the build: ${ignoredSample.join(', ')}${ignored > ignoredSample.length ? ', …' : ''}`]
      : []),
    ...(ownUser ? [`the image names no numeric user; it runs as ${fallbackUid}`] : []),
  ];
  return {
    key,
    image: imageFor(image.digest),
    digest: image.digest,
    sourceDigest: digest,
    ...(commit !== undefined && { commit }),
    port,
    ...(recipe.language !== 'dockerfile' && !recipe.portFollowsEnv && { fixedPort: recipe.port }),
    uid: uid === 0 ? fallbackUid : uid,
    readOnlyRoot: recipe.readOnlyRoot,
    language: recipe.framework === undefined ? recipe.language : `${recipe.language}/${recipe.framework}`,
    summary: recipe.summary,
    why: [...recipe.why],
    ...(warnings.length > 0 && { warnings }),
  };
}

export type Problem = Pick<Extract<BuildState, { state: 'failed' }>, 'reason' | 'message' | 'remedy'>;

export const timedOut: Problem = {
  reason: 'BuildTimeout',
  message: 'the build ran longer than its limit and was stopped',
  remedy: 'Let the build do less, or give it more time in spec.build.timeout (the operator’s settings cap it).',
};
export const outOfMemory: Problem = {
  reason: 'OutOfMemory',
  message: 'the build used more memory than its limit and was stopped',
  remedy: 'Raise spec.build.resources.memory, or let the build use less (fewer parallel workers).',
};
/**
 * What a kubelet says of a pod over its limit, which its container's exit code does not tell. (It says so of a node without room as
 * well; that is a disruption, after which the Job tries again, so it is not seen on one that failed.)
 */
export const isEvicted = (pod: Pod | undefined): boolean => pod?.status?.reason === 'Evicted';

export const diskFull: Problem = {
  reason: 'DiskFull',
  message: 'the build wrote more than its limit and was stopped',
  remedy: 'Let the build write less (caches, media), or have builds.ephemeralStorage of vibeD’s settings raised.',
};
export const stepProblems: Record<(BuildReport & { ok: false })['step'], Problem> = {
  timeout: timedOut,
  base: {
    reason: 'BaseUnavailable',
    message: 'the base image that FROM names could not be read',
    remedy: 'Check its name and tag; only registries in builds.baseRegistries of vibeD’s settings can be read.',
  },
  build: {
    reason: 'BuildFailed',
    message: 'a step of the build failed',
    remedy: 'The excerpt has the last lines of the build. Mend the cause and deploy again.',
  },
  inspect: {
    reason: 'BuildFailed',
    message: 'the image was built, but could not be read back',
    remedy:
      'Set the annotation vibed.dev/retry to a new value to build again; if it stays so, the Dockerfile makes an unusual image.',
  },
  limit: {
    reason: 'BuildFailed',
    message: 'the build sent more to the registry than builds.pushBytesMax of vibeD’s settings allows',
    remedy: 'Make the image smaller: copy only what the app needs, and start from a smaller base image.',
  },
  push: {
    reason: 'RegistryUnavailable',
    message: 'the image was built, but the registry did not take it',
    remedy: 'A cluster admin checks registry.push and its credential in the settings of vibeD; then retry.',
  },
};

function failed(pod: Pod | undefined, reason: string, message: string): BuildState {
  return { state: 'failed', ...problemOf(pod, reason, message), containers, ...(pod && { pod }) };
}

function problemOf(pod: Pod | undefined, reason: string, message: string): Problem {
  if (isEvicted(pod)) return diskFull;
  const source = reportOf<SourceReport>(pod, 'source');
  if (source?.ok === false) return sourceProblem(source);
  if (reason === 'DeadlineExceeded') return timedOut;
  const built = terminated(pod, 'build');
  const report = reportOf<BuildReport>(pod, 'build');
  const told = report?.ok === false ? report : undefined;
  if (built?.reason === 'OOMKilled' || built?.exitCode === 137 || told?.code === 137) return outOfMemory;
  if (told !== undefined) return stepProblems[told.step];
  return { ...stepProblems.build, message: `the build pod did not run: ${message.slice(0, 300)}` };
}

export function terminated(pod: Pod | undefined, container: string) {
  const all = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
  return all.find(s => s.name === container)?.state?.terminated;
}

/** The container's termination message; undefined when there is none or it is not ours. */
export function reportOf<T>(pod: Pod | undefined, container: string): T | undefined {
  const message = terminated(pod, container)?.message;
  if (message === undefined) return undefined;
  try {
    return JSON.parse(message) as T;
  } catch {
    return undefined; // an image that crashed before our program ran leaves its own words here
  }
}
