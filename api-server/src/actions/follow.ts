// A log as it comes: the build while there is one, then the app, across its restarts and versions, until it is stopped or the
// reader goes. What is read next is looked up anew each time one run of a container has ended.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompactArtifact } from '@vibed/store';
import { phaseOf } from '../current.ts';
import { Problem } from '../problems.ts';
import type { Context } from './action.ts';
import { findArtifact } from './find.ts';
import { appPod, buildContainers, buildPod, explaining, type LogKind, type Pod } from './logs.ts';

/** One run of a container. */
interface Run {
  readonly pod: Pod;
  readonly container: string;
  /** Differs between two runs in one pod. */
  readonly id: string;
}

const lookEveryMs = 1_000;
/** Of what a run said before it is followed. */
const tailLines = 500;

/** Rejects with NotFound when nothing runs and nothing will; `kind` undefined: the build while it explains the state, then the app. */
export async function followLog(
  name: string,
  kind: LogKind | undefined,
  context: Context,
): Promise<AsyncGenerator<Uint8Array>> {
  const artifact = findArtifact(name, context);
  const following = new Following(artifact, kind, context);
  const first = await following.next();
  if (first === undefined)
    throw new Problem('NotFound', 'nothing of it runs', { hint: 'get_artifact_logs has what was kept' });
  return following.read(first);
}

class Following {
  readonly #asked: CompactArtifact;
  readonly #kinds: readonly LogKind[];
  readonly #context: Context;
  readonly #read = new Set<string>();

  constructor(asked: CompactArtifact, kind: LogKind | undefined, context: Context) {
    this.#asked = asked;
    this.#kinds = kind !== undefined ? [kind] : explaining(asked) === 'build' ? ['build', 'app'] : ['app'];
    this.#context = context;
  }

  async *read(first: Run | 'later'): AsyncGenerator<Uint8Array> {
    const { services, signal } = this.#context;
    for (let next: Run | 'later' | undefined = first; next !== undefined; next = await this.next()) {
      if (next === 'later') {
        await sleep(lookEveryMs, undefined, { signal });
        continue;
      }
      this.#read.add(next.id);
      yield* services.client.followLogs(next.pod.metadata, { container: next.container, tailLines }, signal);
    }
  }

  /** What to read now; `later` while something may still come. */
  async next(): Promise<Run | 'later' | undefined> {
    const { namespace, services } = this.#context;
    const now = services.view.get({ namespace, name: this.#asked.metadata.name });
    if (now === undefined || now.metadata.uid !== this.#asked.metadata.uid) return undefined;
    for (const kind of this.#kinds) {
      const runs = kind === 'build' ? await this.#buildRuns(now) : await this.#appRuns(now);
      const unread = runs.find(({ id }) => !this.#read.has(id));
      if (unread !== undefined) return unread;
    }
    return mayStart(now, this.#kinds) ? 'later' : undefined;
  }

  async #buildRuns(artifact: CompactArtifact): Promise<Run[]> {
    const pod = await buildPod(artifact, this.#context);
    return pod === undefined ? [] : buildContainers(pod).flatMap(container => runOf(pod, container));
  }

  async #appRuns(artifact: CompactArtifact): Promise<Run[]> {
    const pod = await appPod(artifact, this.#context);
    return pod === undefined ? [] : runOf(pod, 'app');
  }
}

/** None for a container that waits to start. */
function runOf(pod: Pod, container: string): Run[] {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const status = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container);
  if (status === undefined || !hasStarted(status)) return [];
  return [{ pod, container, id: `${pod.metadata.uid}/${container}/${status.restartCount}` }];
}

const hasStarted = ({ state }: { state?: { running?: unknown; terminated?: unknown } }) =>
  (state?.running ?? state?.terminated) !== undefined;

function mayStart(artifact: CompactArtifact, kinds: readonly LogKind[]): boolean {
  const phase = phaseOf(artifact);
  switch (phase) {
    case 'pending':
    case 'building':
      return true;
    case 'deploying':
    case 'running':
      return kinds.includes('app');
    case 'failed':
      return kinds.includes('app') && artifact.status?.serving !== undefined;
    case 'suspended':
    case 'deleting':
      return false;
    default:
      return phase satisfies never;
  }
}
