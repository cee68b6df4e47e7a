// Why pods do not become ready, read from their statuses, in the words of crds/conditions. Only what will not heal by
// waiting a few seconds is a problem; the rest is progress.
import type { Reason } from '@vibed/crds';
import { causeOf, commonRules, explained } from '../analysis/causes.ts';
import type { Pod } from '../artifact/world.ts';
import { appContainer } from './app-pod.ts';

export interface PodProblem {
  reason: Reason;
  message: string;
  remedy: string;
  /** Whose log tells more. */
  log?: { pod: Pod; container: string; previous: boolean };
}
type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some(c => c.type === 'Ready' && c.status === 'True');

/** How often the app may exit at start before that is called a crash loop: a database that comes up later is forgiven once. */
const forgivenRestarts = 1;

export function problemOf(pods: readonly Pod[]): PodProblem | undefined {
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    const status = pod.status?.containerStatuses?.find(s => s.name === appContainer);
    const problem = status && (waitingProblem(status) ?? exitProblem(pod, status));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function waitingProblem(status: ContainerStatus): PodProblem | undefined {
  const { reason = '', message: whole = '' } = status.state?.waiting ?? {};
  const message = whole.slice(0, messageLimit);
  if (reason === 'InvalidImageName' || (reason === 'ImagePullBackOff' && isFinal.test(message)))
    return imagePullFailed(status);
  if (!unstarted.has(reason) || isPassing.test(message)) return undefined;
  if (/runAsNonRoot|non-root|run as root/i.test(message)) return needsRoot(message);
  if (/secret "[^"]*" not found|couldn't find key|secret not found/i.test(message))
    return {
      reason: 'SecretMissing',
      message: firstSentence(message),
      remedy:
        'Create the Secret with this key in the Artifact’s own namespace, or correct spec.run.env; the app then starts with a retry.',
    };
  return {
    reason: 'CrashLoop',
    message: `the container could not be started: ${firstSentence(message)}`,
    remedy: 'Check spec.run.command, or CMD and ENTRYPOINT of the image.',
  };
}

/** Characters of a message that are read: a kubelet quotes what a tenant wrote. */
export const messageLimit = 4_096;

const unstarted = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);
/** What the kubelet tries again: it has not read a Secret yet, or its runtime is slow (a name is reserved while it still creates). */
const isPassing = /failed to sync|timed out|deadline exceeded|is reserved for|connection refused|unavailable/i;

/** What no second try of the kubelet will change; a registry that is away for a moment is not among it. */
const isFinal =
  /not found|manifest unknown|unauthorized|authentication required|denied|forbidden|no such host|invalid reference/i;

function imagePullFailed(status: ContainerStatus): PodProblem {
  const message = status.state?.waiting?.message ?? '';
  return {
    reason: 'ImagePullFailed',
    message: `the image could not be pulled: ${status.image}${message === '' ? '' : ` (${firstSentence(message)})`}`,
    remedy:
      'Check that the image exists at this digest and that the node may pull it (spec.source.image.pullSecretRef for a private one).',
  };
}

/** For a version whose start-up time is over: its image still being pulled again and again. */
export function pullProblemOf(pods: readonly Pod[]): PodProblem | undefined {
  const stuck = waitingOf(pods, reason => /^(ErrImagePull|ImagePullBackOff)$/.test(reason));
  return stuck && imagePullFailed(stuck);
}

function waitingOf(pods: readonly Pod[], isMeant: (reason: string) => boolean): ContainerStatus | undefined {
  const statuses = pods.flatMap(p => p.status?.containerStatuses ?? []);
  return statuses.find(s => isMeant(s.state?.waiting?.reason ?? ''));
}

export function needsRoot(detail: string): PodProblem {
  return {
    reason: 'NeedsRoot',
    message: `the image needs to run as root: ${firstSentence(detail)}`,
    remedy:
      'Let the image run as a numeric user (USER 10001 in the Dockerfile, own its folders with COPY --chown=10001), and listen on a port above 1023.',
  };
}

function exitProblem(pod: Pod, status: ContainerStatus): PodProblem | undefined {
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  if (ended === undefined || status.ready) return undefined;
  const running = status.state?.running !== undefined;
  const log = { pod, container: appContainer, previous: status.state?.terminated === undefined };
  if (ended.reason === 'OOMKilled' && status.restartCount >= 1)
    return {
      reason: 'OutOfMemory',
      message: 'the app used more memory than its limit and was stopped',
      remedy: 'Raise spec.run.resources.memory, or let the app use less.',
      log,
    };
  if (status.restartCount <= forgivenRestarts || running) return undefined;
  if (ended.reason === 'StartError' || ended.reason === 'ContainerCannotRun') return unstartable(ended.message ?? '');
  return {
    reason: 'CrashLoop',
    message:
      ended.exitCode === 0
        ? 'the app ends by itself (exit code 0); a server must keep running'
        : `the app exits with code ${ended.exitCode}`,
    remedy:
      'The excerpt has its last lines. Mend the cause and deploy again; settings the app needs belong into spec.run.env.',
    log,
  };
}

/** The runtime could not run the command, so there is no log; its message says why. */
function unstartable(said: string): PodProblem {
  const message = firstSentence(said);
  const known = {
    reason: 'CrashLoop' as const,
    message: `the container could not be started: ${message}`,
    remedy: 'Check spec.run.command, or CMD and ENTRYPOINT of the image.',
  };
  return explained(known, causeOf(message, commonRules));
}

/** A pod whose app runs and does not take requests yet. */
export interface StartingPod {
  pod: Pod;
  since: Date;
  restartCount: number;
}

export function startingPod(pods: readonly Pod[]): StartingPod | undefined {
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined || isReady(pod)) continue;
    const status = pod.status?.containerStatuses?.find(s => s.name === appContainer);
    const startedAt = status?.state?.running?.startedAt;
    if (status === undefined || startedAt === undefined) continue;
    return { pod, since: new Date(startedAt), restartCount: status.restartCount };
  }
  return undefined;
}

/** Kubelet messages carry ids and back-off times; the first sentence is the stable part. */
export function firstSentence(message: string): string {
  const [line = ''] = message.slice(0, messageLimit).split('\n');
  return line
    .replace(/\bpod "?[-a-z0-9.]+_[-a-z0-9.]+\([-a-f0-9]+\)"?/g, 'the pod')
    .replace(/, container: .*/s, '')
    .slice(0, 400);
}

/** The cluster takes no pod of this workload, in the words of who refused it. */
export function refusedPodProblem(said: string): PodProblem {
  const message = said.slice(0, 400);
  if (/exceeded quota/.test(message))
    return {
      reason: 'QuotaExceeded',
      message: `the namespace has no room for the app: ${message.replace(/^.*?pods "[^"]*" is forbidden: /, '')}`,
      remedy: 'Ask for less in spec.run.resources, delete or suspend other artifacts, or have the quota raised.',
    };
  return {
    reason: 'PodRefused',
    message,
    remedy: 'A policy of this cluster refuses the pod; its message says what to change.',
  };
}

/** The start-up time is over and no pod became ready. */
export function overdueProblem(pods: readonly Pod[], port: number): PodProblem {
  const unpulled = pullProblemOf(pods);
  if (unpulled !== undefined) return unpulled;
  const unmade = waitingOf(pods, reason => unstarted.has(reason));
  if (unmade !== undefined)
    return {
      reason: 'StartTimeout',
      message: `the container could not be started: ${firstSentence(unmade.state?.waiting?.message ?? '')}`,
      remedy: 'A cluster admin looks at the node, which tried again and again; then retry.',
    };
  const pod = pods.find(p => p.metadata.deletionTimestamp === undefined);
  const running = pod?.status?.containerStatuses?.some(s => s.name === appContainer && s.state?.running !== undefined);
  const unschedulable = pod?.status?.conditions?.find(c => c.type === 'PodScheduled' && c.status === 'False');
  return {
    reason: 'StartTimeout',
    message: unschedulable
      ? `no node has room for the app: ${unschedulable.message ?? ''}`.slice(0, 400)
      : `the app did not take connections on port ${port} within its start-up time`,
    remedy: unschedulable
      ? 'Ask for less in spec.run.resources, or add capacity to the cluster.'
      : 'Let it listen on the port in $PORT at 0.0.0.0, or set spec.run.port; a slow start needs a longer spec.run.health.startupTimeout.',
    ...(pod && running && { log: { pod, container: appContainer, previous: false } }),
  };
}
