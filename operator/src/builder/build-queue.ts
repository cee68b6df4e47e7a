// Starts the builds that admit() chooses, by taking `suspend` off exactly the Jobs seen.
import { labels } from '@vibed/crds';
import { isKubeError, type KubeClient, kinds } from '@vibed/store/kube';
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
}

export async function admitBuilds({ client, children, settings, metrics }: BuildQueueContext): Promise<void> {
  const jobs = children.jobs();
  const open = jobs.filter(job => !isOver(job));
  const queued = open.filter(job => job.spec?.suspend === true).length;
  metrics.builds(queued, open.length - queued);
  for (const job of admit(jobs, settings.builds, tenantOf)) {
    const { uid, name, namespace } = job.metadata;
    try {
      const started = await client.jsonPatch<Job>(kinds.job, { name, namespace }, [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'replace', path: '/spec/suspend', value: false },
      ]);
      children.learn(kinds.job, started);
    } catch (error) {
      if (!isKubeError(error, 'NotFound') && !isKubeError(error, 'Conflict')) throw error; // cancelled meanwhile
    }
  }
}

const tenantOf = (job: Job): string => job.metadata.labels?.[labels.artifactNamespace] ?? '';
