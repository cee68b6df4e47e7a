// Starts the builds that admit() chooses, by taking `suspend` off exactly the Jobs seen.
import { labels } from '@vibed/crds';
import { isKubeError, type KubeClient, kinds, type Log } from '@vibed/store/kube';
import type { Job } from '../artifact/world.ts';
import type { ChildStore } from '../children.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../settings.ts';
import { admit, isOver } from './admit.ts';

export interface BuildQueueContext {
  client: KubeClient;
  children: ChildStore;
  settings: Settings;
  metrics: Metrics;
  log: Log;
}

/** When a Job that could not be started is tried again. */
const retryAfterMs = 10_000;

/**
 * One round: starts builds until every place is taken or nothing waits. A Job that cannot be started is left out of this round, so that
 * the next in line gets its place.
 */
export async function admitBuilds(context: BuildQueueContext): Promise<{ recheckAfterMs?: number }> {
  const { children, settings, metrics } = context;
  let jobs = children.jobs();
  let failures = 0;
  const open = jobs.filter(job => !isOver(job));
  const queued = open.filter(job => job.spec?.suspend === true).length;
  metrics.builds(queued, open.length - queued);
  const next = () => admit(jobs, settings.builds, tenantOf)[0];
  for (let job = next(); job !== undefined; job = next()) {
    const result = await start(job, context);
    if (result === 'failed') failures += 1;
    const running = { ...job, spec: { ...job.spec, suspend: false } } as Job;
    jobs = jobs.flatMap(other => (other !== job ? [other] : result === 'started' ? [running] : []));
  }
  return failures > 0 ? { recheckAfterMs: retryAfterMs } : {};
}

async function start(
  job: Job,
  { client, children, metrics, log }: BuildQueueContext,
): Promise<'started' | 'gone' | 'failed'> {
  const { uid, name, namespace } = job.metadata;
  try {
    const started = await client.jsonPatch<Job>(kinds.job, { name, namespace }, [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'replace', path: '/spec/suspend', value: false },
    ]);
    children.learn(kinds.job, started);
    return 'started';
  } catch (error) {
    if (isKubeError(error, 'NotFound') || isKubeError(error, 'Conflict')) return 'gone'; // cancelled meanwhile
    metrics.buildNotStarted();
    log.error('a build could not be started and will be tried again', { namespace, job: name, error });
    return 'failed';
  }
}

const tenantOf = (job: Job): string => job.metadata.labels?.[labels.artifactNamespace] ?? '';
